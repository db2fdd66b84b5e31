"""What must be true afterwards, checked on every row and file of every job."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.db.models import Attempt, Event, File, Job, Metric, Point, Run, Student
from core.lifecycle import MOVES, JobStatus
from tests.chaos.killer import Hit
from tests.chaos.stack import Stack
from tests.chaos.work import Work
from tests.fixtures.clock import by_the_clock, untimed

Curves = dict[tuple[str, str], list[tuple[int, float]]]
ENDED_BY_FORCE = {"crashed", "lost", "yielded"}


@dataclass
class Findings:
    """Every list must be empty; what is measured is beside them."""

    lost: list[str] = field(default_factory=list)  # jobs that did not succeed, or are not there
    doubled: list[str] = field(default_factory=list)  # ended twice, or there twice
    curves: list[str] = field(default_factory=list)  # gaps, doubles, other values
    weights: list[str] = field(default_factory=list)  # other bytes than the undisturbed run's
    history: list[str] = field(default_factory=list)  # attempts or events in an impossible order
    outcomes: Counter[str] = field(default_factory=Counter)
    recovery: list[float] = field(default_factory=list)  # seconds from a strike until a worker may take the run
    waited: list[float] = field(default_factory=list)  # and until one did: the queue of those before it counts too
    redone: list[float] = field(default_factory=list)  # seconds of work since the last checkpoint, per strike
    hits: int = 0

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.curves or self.weights or self.history)

    def problems(self) -> dict[str, list[str]]:
        names = ("lost", "doubled", "curves", "weights", "history")
        return {name: getattr(self, name) for name in names}


def audit(stack: Stack, work: Work, hits: list[Hit]) -> Findings:
    found = Findings()
    with stack.database.read() as session:
        references = [Course(session, stack, id) for id in work.references]
        _counts(session, work, found)
        for id in work.submitted:
            job = session.get(Job, id)
            if job is None or job.status != JobStatus.SUCCEEDED:
                found.lost.append(f"{id}: {job.status if job else 'gone'} {job.error if job else ''}")
                continue
            compare(Course(session, stack, id), references[work.variant_of[id]], found)
        _times(session, hits, found)
    return found


class Course:
    """One job with all that hangs on it."""

    def __init__(self, session: Session, stack: Stack, id: str) -> None:
        job = session.get_one(Job, id)
        self.job, self.stack = job, stack
        self.students = list(session.scalars(select(Student).where(Student.job_id == job.id)))
        ids = [student.id for student in self.students]
        self.files = list(session.scalars(select(File).where(File.student_id.in_(ids))))
        self.events = list(session.scalars(select(Event).where(Event.job_id == job.id).order_by(Event.seq)))
        self.runs = list(session.scalars(select(Run).where(Run.subject == job.id)))
        self.attempts = list(
            session.scalars(select(Attempt).where(Attempt.run_id == self.runs[0].id).order_by(Attempt.n))
        )
        self.curves = self._curves(session)

    def _curves(self, session: Session) -> Curves:
        labels = {student.id: student.label for student in self.students}
        curves: Curves = {}
        all_points = select(Metric, Point).join(Point).where(Metric.job_id == self.job.id).order_by(Point.step)
        for metric, point in session.execute(all_points):
            if not by_the_clock(metric.name):
                curves.setdefault((labels.get(metric.student_id, ""), metric.name), []).append(
                    (point.step, point.value)
                )
        return curves

    def tensors(self) -> dict[str, str | None]:
        return {student.label: student.tensors_sha256 for student in self.students}

    def files_are_what_rows_say(self) -> bool:
        def is_whole(file: File) -> bool:
            content = self.stack.storage.fetch(file.key).read_bytes()
            return hashlib.sha256(content).hexdigest() == file.sha256

        return all(is_whole(file) for file in self.files)

    def statuses(self) -> list[str]:
        return [e.data["status"] for e in self.events if e.type == "status" and "status" in e.data]


def _counts(session: Session, work: Work, found: Findings) -> None:
    """As many jobs as were asked for: a repeated request made no second one."""
    there = session.scalar(select(func.count()).select_from(Job).where(Job.name.startswith("chaos "))) or 0
    if there > len(work.submitted):
        found.doubled.append(f"{there} jobs for {len(work.submitted)} requests")


def compare(course: Course, undisturbed: Course, found: Findings, *, forced: bool = True) -> None:
    """`forced`: nothing but force has ended an attempt; else a user may have paused it."""
    id = course.job.id
    if course.tensors() != undisturbed.tensors() or not course.files_are_what_rows_say():
        found.weights.append(f"{id}: {course.tensors()}, not {undisturbed.tensors()}")
    if course.curves != undisturbed.curves:
        differing = [key for key in undisturbed.curves if course.curves.get(key) != undisturbed.curves[key]]
        found.curves.append(f"{id}: {differing[:3]}")
    if untimed(course.job.result) != untimed(undisturbed.job.result):
        found.weights.append(f"{id}: another result")
    _once(course, found, forced)
    _in_order(course, found)


def _once(course: Course, found: Findings, forced: bool) -> None:
    id = course.job.id
    labels = Counter(student.label for student in course.students)
    if len(course.runs) != 1 or any(n > 1 for n in labels.values()):
        found.doubled.append(f"{id}: {len(course.runs)} runs, students {labels}")
    if sum(event.type == "done" and event.data["status"] == "succeeded" for event in course.events) != 1:
        found.doubled.append(f"{id}: not one end")
    outcomes = [attempt.outcome for attempt in course.attempts]
    found.outcomes.update(str(outcome) for outcome in outcomes)
    if outcomes[-1] != "succeeded" or not set(outcomes[:-1]) <= ENDED_BY_FORCE | (
        set() if forced else {"paused", "cancelled"}
    ):
        found.doubled.append(f"{id}: attempts ended {outcomes}")


def _in_order(course: Course, found: Findings) -> None:
    """Events without a gap, attempts one after the other, only legal moves."""
    id = course.job.id
    if [event.seq for event in course.events] != list(range(1, course.job.last_seq + 1)):
        found.history.append(f"{id}: the events have a gap or a double")
    told = [event.attempt for event in course.events]
    if told != sorted(told):
        found.history.append(f"{id}: an older attempt spoke after a newer one")
    if [attempt.n for attempt in course.attempts] != list(range(1, course.runs[0].attempt + 1)):
        found.history.append(f"{id}: attempts are missing")
    for before, after in pairwise(course.attempts):
        if before.ended_at is None or before.ended_at > after.started_at:
            found.history.append(f"{id}: attempt {after.n} began before {before.n} had ended")
    statuses = course.statuses()
    for left, came_to in pairwise(statuses):
        if came_to != left and JobStatus(came_to) not in MOVES[JobStatus(left)]:  # a phase tells the status again
            found.history.append(f"{id}: from {left} to {came_to}")


def _times(session: Session, hits: list[Hit], found: Findings) -> None:
    """Of those strikes that ended an attempt: how long until the run was free, until the next attempt began, and how
    much was to be done again."""
    seen: set[tuple[str, int]] = set()
    for hit in hits:
        if (hit.run, hit.attempt) in seen:
            continue
        seen.add((hit.run, hit.attempt))
        struck = session.get(Attempt, (hit.run, hit.attempt))
        after = session.get(Attempt, (hit.run, hit.attempt + 1))
        if struck is None or struck.outcome not in ("crashed", "lost") or struck.ended_at is None or after is None:
            continue
        found.hits += 1
        found.recovery.append(struck.ended_at.timestamp() - hit.at)
        found.waited.append(after.started_at.timestamp() - hit.at)
        found.redone.append(hit.at - _safe_at(session, hit))


def _safe_at(session: Session, hit: Hit) -> float:
    """When the work was last safe before the strike: the attempt's begin, or a checkpoint of it."""
    run = session.get_one(Run, hit.run)
    attempt = session.get_one(Attempt, (hit.run, hit.attempt))
    mine = select(Event).where(Event.job_id == run.subject, Event.type == "checkpoint", Event.attempt == hit.attempt)
    saved = [event.created_at.timestamp() for event in session.scalars(mine)]
    before: list[Any] = [at for at in saved if at <= hit.at]
    return float(max([attempt.started_at.timestamp(), *before]))
