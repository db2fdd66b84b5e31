"""Teachers: registered at once, read by a run, then immutable."""

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.db import runs
from core.db.datasets import remove_runs, with_hash
from core.db.models import Job, Teacher
from core.db.paging import Page, Window, page
from core.errors import Conflict, NotFound


def create(
    work: Session,
    project_id: str,
    *,
    name: str,
    source: dict[str, Any],
    architecture: str | None,
    normalization: dict[str, Any] | None,
    dataset_id: str | None,
    image_size: int | None = None,
    waits_for: str | None = None,
) -> Teacher:
    """The row, validating, and the run that reads it, once the data set `waits_for` has been read.

    Architecture, normalization and image size are what was asked for.
    """
    wanted = {"architecture": architecture, "normalization": normalization, "image_size": image_size}
    teacher = Teacher(
        project_id=project_id,
        name=name,
        source=with_hash(work, source),
        kind="ensemble" if source["kind"] == "ensemble" else "network",  # until it is read
        architecture=architecture,
        normalization=normalization,
        dataset_id=dataset_id,
        image_size=image_size,
        asked={name: value for name, value in wanted.items() if value is not None},
    )
    work.add(teacher)
    work.flush()
    runs.enqueue(work, kind="read_teacher", subject=teacher.id, project_id=project_id, waits_for=waits_for)
    return teacher


def get(session: Session, project_id: str, id: str) -> Teacher:
    teacher = session.scalar(select(Teacher).where(Teacher.id == id, Teacher.project_id == project_id))
    if teacher is None:
        raise NotFound("teacher", id)
    return teacher


def listing(
    session: Session,
    project_id: str,
    window: Window,
    *,
    status: str | None = None,
    name: str | None = None,
    upload: str | None = None,
    source_sha256: str | None = None,
) -> Page[Teacher]:
    query = select(Teacher).where(Teacher.project_id == project_id)
    if status:
        query = query.where(Teacher.status == status)
    if name:
        query = query.where(Teacher.name.icontains(name, autoescape=True))
    if upload:
        query = query.where(Teacher.source["upload"].as_string() == upload)
    if source_sha256:
        query = query.where(Teacher.source["sha256"].as_string() == source_sha256)
    return page(session, query, Teacher.id, window)


def waits_for_student(session: Session, student_ids: list[str]) -> str | None:
    """A teacher that still has to be read from one of these students' weights."""
    query = select(Teacher.id).where(
        Teacher.status == "validating", Teacher.source["student"].as_string().in_(student_ids)
    )
    return session.scalar(query.limit(1))


def members(session: Session, teacher: Teacher) -> list[Teacher]:
    """Those whose mean it is, in its order, as they are now."""
    ids = [member["teacher"] for member in teacher.source.get("members", [])]
    query = select(Teacher).where(Teacher.id.in_(ids), Teacher.project_id == teacher.project_id)
    found = {row.id: row for row in session.scalars(query.execution_options(populate_existing=True))}
    return [found[id] for id in ids if id in found]


def remove(work: Session, teacher: Teacher) -> None:
    """Delete a teacher that no job uses, nor a mean that is still to be made of it; `Conflict` that names one."""
    job = work.scalar(select(Job.id).where(Job.teacher_id == teacher.id).limit(1))
    if job:
        raise Conflict("in_use", f"Teacher {teacher.id} is used by job {job}; delete that first.")
    waiting = select(Teacher).where(Teacher.project_id == teacher.project_id, Teacher.status == "validating")
    for other in work.scalars(waiting):
        if any(member["teacher"] == teacher.id for member in other.source.get("members", [])):
            raise Conflict("in_use", f"Teacher {other.id} is being made of {teacher.id}; wait until it is ready.")
    remove_runs(work, teacher.id, "teacher")
    work.execute(delete(Teacher).where(Teacher.id == teacher.id))
