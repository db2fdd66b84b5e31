"""What a project's objects take in storage, and what of it could be deleted now.

The sizes come from the rows: what runs keep in scratch folders and the database itself are not counted.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, literal, select, union_all
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


def of_project(session: Session, project_id: str, limit: int) -> Usage:
    """Every kind, and the `limit` largest objects."""
    everything = union_all(*_sizes(project_id)).subquery()
    kinds = select(everything.c.object, func.count(), func.sum(everything.c.bytes)).group_by(everything.c.object)
    told = {object: (count, int(bytes)) for object, count, bytes in session.execute(kinds)}
    largest = select(everything).order_by(everything.c.bytes.desc(), everything.c.id.desc()).limit(limit)
    rows = session.execute(largest).all()
    reasons = _reasons(session, project_id, {kind: [row.id for row in rows if row.object == kind] for kind in KINDS})
    items = []
    for row in rows:
        fields = {**row._mapping, "bytes": int(row.bytes)}
        items.append(Item(**fields, reason=_unfinished(row.object, row.status) or reasons.get(row.id)))
    return Usage([Kind(name, *told.get(object, (0, 0))) for object, name in KINDS.items()], items)


def _sizes(project_id: str) -> Sequence[Select[Any]]:
    """(object, id, name, bytes, created_at, status) of each noun."""

    def sizes(
        object: str, noun: type[Job | Dataset | Teacher | Upload], name: ColumnElement[str], bytes: ColumnElement[int]
    ) -> Select[Any]:
        return select(
            literal(object).label("object"),
            noun.id.label("id"),
            name.label("name"),
            func.coalesce(bytes, 0).label("bytes"),
            noun.created_at.label("created_at"),
            noun.status.label("status"),
        ).where(noun.project_id == project_id)

    kept = (
        select(Checkpoint.job_id, func.sum(Checkpoint.bytes).label("bytes"))
        .join(Job, Job.id == Checkpoint.job_id)
        .where(Job.project_id == project_id)
        .group_by(Checkpoint.job_id)
        .subquery()
    )
    files = (
        select(Student.job_id, func.sum(File.bytes).label("bytes"))
        .join(File, File.student_id == Student.id)
        .where(Student.project_id == project_id)
        .group_by(Student.job_id)
        .subquery()
    )
    arrived = (
        select(UploadPart.upload_id, func.sum(UploadPart.bytes).label("bytes"))
        .join(Upload, Upload.id == UploadPart.upload_id)
        .where(Upload.project_id == project_id, Upload.status == "open")
        .group_by(UploadPart.upload_id)
        .subquery()
    )
    of_job = func.coalesce(kept.c.bytes, 0) + func.coalesce(files.c.bytes, 0)
    of_upload = case((Upload.status == "complete", Upload.bytes), else_=arrived.c.bytes)
    return (
        sizes("job", Job, Job.name.expression, of_job)
        .outerjoin(kept, kept.c.job_id == Job.id)
        .outerjoin(files, files.c.job_id == Job.id),
        sizes("dataset", Dataset, Dataset.name.expression, Dataset.bytes.expression),
        sizes("teacher", Teacher, Teacher.name.expression, Teacher.bytes.expression),
        sizes("upload", Upload, Upload.filename.expression, of_upload).outerjoin(
            arrived, arrived.c.upload_id == Upload.id
        ),
    )


# --- what holds an object -----------------------------------------------------------------------------------------


def _unfinished(object: str, status: str) -> str | None:
    """A job that is not over."""
    if object != "job" or JobStatus(status) in TERMINAL:
        return None
    waits = {JobStatus.QUEUED: "still waiting in the queue", JobStatus.PAUSED: "paused: it can still go on"}
    return waits.get(JobStatus(status), "still running")


def _reasons(session: Session, project_id: str, ids: dict[str, list[str]]) -> dict[str, str]:
    """By id, the reason why a DELETE would be refused: the rules are those of each noun's `remove`."""
    jobs_of_data = _count(session, Job.dataset_id.expression, ids["dataset"])
    teachers_of_data = _count(session, Teacher.dataset_id.expression, ids["dataset"])
    jobs_of_teacher = _count(session, Job.teacher_id.expression, ids["teacher"])
    students = select(Student.id, Student.job_id).where(Student.job_id.in_(ids["job"]))
    job_of: dict[str, str] = dict(session.execute(students).tuples().all())
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


def _count(session: Session, column: ColumnElement[Any], ids: Sequence[str]) -> Counter[str]:
    found = select(column, func.count()).where(column.in_(ids)).group_by(column)
    return Counter(dict(session.execute(found).tuples().all()))


def _many(count: int, noun: str) -> str:
    return "" if count == 0 else f"{count} {noun}" + ("s" if count > 1 else "")
