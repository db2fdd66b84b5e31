"""How jobs have gone so far: at which attempt they are, and what all of them have cost."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.models import Attempt, Run, now


@dataclass
class Spent:
    attempts: int = 0
    slot_seconds: float = 0.0  # for which a slot was held; an attempt that goes on counts up to now
    gpu_seconds: float = 0.0  # the same times the GPUs used; 0 on the processor
    teacher_forwards: int = 0  # images shown to the teacher while training


@dataclass
class Course:
    attempt: int = 0  # of the newest run; 0 before the first
    waits_for: str | None = None  # the part that must be read before it can go on
    spent: Spent = field(default_factory=Spent)


def of_jobs(session: Session, job_ids: Sequence[str]) -> dict[str, Course]:
    """By job; every one that was asked for."""
    courses = {id: Course() for id in job_ids}
    query = (
        select(
            Run.subject,
            Run.attempt,
            Run.waits_for,
            Attempt.started_at,
            Attempt.ended_at,
            Attempt.gpus,
            Attempt.teacher_forwards,
        )
        .outerjoin(Attempt, Attempt.run_id == Run.id)
        .where(Run.subject.in_(job_ids))
        .order_by(Run.id)
    )
    at = now()
    for job, attempt, waits_for, started_at, ended_at, gpus, forwards in session.execute(query):
        course = courses[job]
        course.attempt, course.waits_for = attempt, waits_for
        if started_at is None:  # a run that nobody has tried yet
            continue
        seconds = max(0.0, ((ended_at or at) - started_at).total_seconds())
        course.spent.attempts += 1
        course.spent.slot_seconds += seconds
        course.spent.gpu_seconds += seconds * gpus
        course.spent.teacher_forwards += forwards or 0
    return courses
