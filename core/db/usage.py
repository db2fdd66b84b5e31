"""What a project's objects take in storage, and what of it could be deleted now.

The sizes come from the rows: what runs keep in scratch folders and the database itself are not counted.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import nlargest
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from core.db.models import Checkpoint, Dataset, File, Job, Run, Student, Teacher, Upload, UploadPart
from core.lifecycle import ACTIVE, HELD, TERMINAL, JobStatus


@dataclass(frozen=True)
class Kind:
    """All objects of one kind together."""

    kind: str
    count: int
    bytes: int


@dataclass(frozen=True)
class Item:
    """One object. `reason` says in words why it cannot be deleted now; None where it can."""

    object: str
    id: str
    name: str
    bytes: int
    created_at: datetime
    status: str
    reason: str | None

    @property
    def deletable(self) -> bool:
        return self.reason is None


@dataclass(frozen=True)
class Usage:
    kinds: list[Kind]
    items: list[Item]  # largest first


KINDS = {"job": "jobs", "dataset": "datasets", "teacher": "teachers", "upload": "uploads"}
_NOUNS: dict[str, type[Job | Dataset | Teacher | Upload]] = {
    "job": Job,
    "dataset": Dataset,
    "teacher": Teacher,
    "upload": Upload,
}


def of_project(session: Session, project_id: str, limit: int) -> Usage:
    """Every kind, and the `limit` largest objects."""
    sizes = {object: _sizes(session, object, project_id) for object in KINDS}
    kinds = [Kind(name, len(sizes[object]), sum(sizes[object].values())) for object, name in KINDS.items()]
    everything = ((bytes, id, object) for object, of_kind in sizes.items() for id, bytes in of_kind.items())
    largest = nlargest(limit, everything)
    listed = {object: [id for _, id, of in largest if of == object] for object in KINDS}
    rows = {row.id: row for object, ids in listed.items() for row in session.execute(_shown(object, ids))}
    held = _held(session, project_id, listed)
    items = []
    for bytes, id, object in largest:
        row = rows[id]
        reason = _unfinished(row.status) if object == "job" else None
        items.append(Item(object, id, row.name, bytes, row.created_at, row.status, reason or held.get(id)))
    return Usage(kinds, items)


def total(session: Session, project_id: str) -> int:
    """Bytes of everything that the project keeps, and of what its open uploads have reserved."""
    of_jobs = (
        select(func.sum(Checkpoint.bytes)).join(Job, Job.id == Checkpoint.job_id).where(Job.project_id == project_id),
        select(func.sum(File.bytes))
        .join(Student, Student.id == File.student_id)
        .where(Student.project_id == project_id),
    )
    others = (select(func.sum(noun.bytes)).where(noun.project_id == project_id) for noun in (Dataset, Teacher, Upload))
    return sum(int(session.scalar(query) or 0) for query in (*of_jobs, *others))


def _sizes(session: Session, object: str, project_id: str) -> dict[str, int]:
    """Bytes by id, for every object of the kind."""
    if object == "job":
        sizes = _sums(session, select(Job.id, func.sum(Checkpoint.bytes)).outerjoin(Checkpoint), Job, project_id)
        files = select(Student.job_id, func.sum(File.bytes)).join(File, File.student_id == Student.id)
        of_project = files.where(Student.project_id == project_id).group_by(Student.job_id)
        for job, bytes in session.execute(of_project):
            sizes[job] += int(bytes)
        return sizes
    if object == "upload":
        bytes_ = case((Upload.status == "complete", func.max(Upload.bytes)), else_=func.sum(UploadPart.bytes))
        return _sums(session, select(Upload.id, bytes_).outerjoin(UploadPart), Upload, project_id)
    noun = Dataset if object == "dataset" else Teacher
    return _sums(session, select(noun.id, func.max(noun.bytes)), noun, project_id)


def _sums(session: Session, query: Select[*tuple[Any, ...]], noun: Any, project_id: str) -> dict[str, int]:
    rows = session.execute(query.where(noun.project_id == project_id).group_by(noun.id))
    return {id: int(bytes or 0) for id, bytes in rows}


def _shown(object: str, ids: Sequence[str]) -> Select[*tuple[Any, ...]]:
    noun = _NOUNS[object]
    name = Upload.filename if noun is Upload else noun.name  # type: ignore[union-attr]
    shown: Select[*tuple[Any, ...]] = select(noun.id, name.label("name"), noun.created_at, noun.status).where(
        noun.id.in_(ids)
    )
    return shown


# --- what holds an object -----------------------------------------------------------------------------------------


def _unfinished(status: str) -> str | None:
    """Of a job that is not over."""
    if status in TERMINAL:
        return None
    waits = {JobStatus.QUEUED: "still waiting in the queue", JobStatus.PAUSED: "paused: it can still go on"}
    return waits.get(JobStatus(status), "still running")


def _held(session: Session, project_id: str, ids: dict[str, list[str]]) -> dict[str, str]:
    """By id, the reason why a DELETE would be refused: the rules are those of each noun's `remove`."""
    jobs_of_data = _count(session, Job.dataset_id, ids["dataset"])
    teachers_of_data = _count(session, Teacher.dataset_id, ids["dataset"])
    jobs_of_teacher = _count(session, Job.teacher_id, ids["teacher"])
    students = select(Student.id, Student.job_id).where(Student.job_id.in_(ids["job"]))
    job_of: dict[str, str] = dict(session.execute(students).all())
    reasons: dict[str, str] = {}
    reading: set[str] = set()  # uploads, students and teachers of which something is still to be made
    for noun in (Dataset, Teacher):
        validating = select(noun.source).where(noun.project_id == project_id, noun.status == "validating")
        for source in session.scalars(validating):
            made_of = (source.get("upload"), source.get("student"), *(m["teacher"] for m in source.get("members", [])))
            reading |= {id for id in made_of if id}
    reasons |= {job: "a teacher is being made of one of its students" for id, job in job_of.items() if id in reading}
    reasons |= {id: "still being read" for id in ids["upload"] if id in reading}
    reasons |= {id: "a mean is being made of it" for id in ids["teacher"] if id in reading}
    asked = [*ids["dataset"], *ids["teacher"], *ids["job"]]
    busy = select(Run.subject, Run.kind).where(
        Run.subject.in_(asked), Run.status.in_(HELD) | ((Run.kind == "train") & Run.status.in_(ACTIVE))
    )
    for subject, kind in session.execute(busy):
        reasons[subject] = "still running" if kind == "train" else "being read right now"
    for id in (*ids["dataset"], *ids["teacher"]):
        users = [
            _many(jobs_of_data[id] + jobs_of_teacher[id], "job"),
            _many(teachers_of_data[id], "teacher"),
        ]
        if told := " and ".join(user for user in users if user):
            reasons[id] = f"used by {told}"
    return reasons


def _count(session: Session, column: Any, ids: Sequence[str]) -> Counter[str]:
    found = select(column, func.count()).where(column.in_(ids)).group_by(column)
    return Counter(dict(session.execute(found).all()))


def _many(count: int, noun: str) -> str:
    return "" if count == 0 else f"{count} {noun}" + ("s" if count > 1 else "")
