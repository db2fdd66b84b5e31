"""Students: the candidates of a job, and the files that can be downloaded of them."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload, load_only, selectinload

from core.db.models import Dataset, File, Job, Student, Teacher
from core.db.paging import Page, Window, page, sorted_page
from core.errors import NotFound


class Sort(StrEnum):
    """What a list of students can be ordered by."""

    CREATED_AT = "created_at"
    NAME = "name"
    PARAMETERS = "parameters"
    TOP1 = "top1"
    CONTROL_DIFFERENCE = "control_difference"
    GAP_CLOSED = "gap_closed"
    AGREEMENT = "agreement"
    LATENCY_MS = "latency_ms"


_BY: dict[Sort, ColumnElement[Any]] = {
    Sort.NAME: func.lower(Student.label),
    Sort.PARAMETERS: Student.parameters.expression,
    Sort.TOP1: Student.top1.expression,
    Sort.CONTROL_DIFFERENCE: Student.control_difference.expression,
    Sort.GAP_CLOSED: Student.gap_closed.expression,
    Sort.AGREEMENT: Student.agreement.expression,
    Sort.LATENCY_MS: Student.latency_ms.expression,
}
_WHOLE = (selectinload(Student.files), joinedload(Student.job).load_only(Job.name, Job.dataset_id, Job.teacher_id))


def get(session: Session, project_id: str, id: str) -> Student:
    """With its files and its job's name; `NotFound` for another project's too."""
    query = select(Student).where(Student.id == id, Student.project_id == project_id)
    student = session.scalars(query.options(*_WHOLE)).first()
    if student is None:
        raise NotFound("student", id)
    return student


def listing(
    session: Session,
    project_id: str,
    window: Window,
    *,
    job: str | None = None,
    status: str | None = None,
    role: str | None = None,
    architecture: str | None = None,
    dataset: str | None = None,
    name: str | None = None,
    sort: Sort = Sort.CREATED_AT,
) -> Page[Student]:
    """`name` is part of the label, whatever its case."""
    query = select(Student).where(Student.project_id == project_id).options(*_WHOLE)
    for column, value in (
        (Student.job_id, job),
        (Student.status, status),
        (Student.role, role),
        (Student.architecture, architecture),
    ):
        if value is not None:
            query = query.where(column == value)
    if dataset is not None:
        query = query.where(Student.job_id.in_(select(Job.id).where(Job.dataset_id == dataset)))
    if name:
        query = query.where(Student.label.icontains(name, autoescape=True))
    if sort == Sort.CREATED_AT:
        return page(session, query, Student.id, window)
    return sorted_page(session, query, Student.id, _BY[sort], window, whole=Student.project_id == project_id)


def measure(student: Student, metrics: dict[str, Any]) -> None:
    """Keep what was measured, and what lists are sorted by: on test where there is one, else on val."""
    judged = metrics.get("test") or metrics
    student.metrics = metrics
    student.top1, student.agreement = judged.get("top1"), judged.get("agreement")
    student.control_difference = (metrics.get("control_difference") or {}).get("value")
    student.gap_closed, student.latency_ms = metrics.get("gap_closed"), metrics.get("latency_ms")


def origins(session: Session, students: Sequence[Student]) -> tuple[dict[str, Dataset], dict[str, Teacher]]:
    """The data sets and teachers of some students' jobs, by id; of each what names it, and a teacher's top-1."""
    jobs = {student.job_id: student.job for student in students}.values()
    datasets = select(Dataset).where(Dataset.id.in_({job.dataset_id for job in jobs})).options(load_only(Dataset.name))
    taught_by = {job.teacher_id for job in jobs if job.teacher_id}
    teachers = select(Teacher).where(Teacher.id.in_(taught_by)).options(load_only(Teacher.name, Teacher.top1))
    return {row.id: row for row in session.scalars(datasets)}, {row.id: row for row in session.scalars(teachers)}


def of_job(session: Session, job_id: str, ids: list[str]) -> set[str]:
    """Which of these ids are students of the job."""
    return set(session.scalars(select(Student.id).where(Student.job_id == job_id, Student.id.in_(ids))))


def file(session: Session, project_id: str, id: str, name: str) -> File:
    """One downloadable file of a student of this project."""
    query = select(File).join(Student, Student.id == File.student_id)
    row = session.scalar(query.where(Student.id == id, Student.project_id == project_id, File.name == name))
    if row is None:
        raise NotFound("file", f"{id}/{name}")
    return row
