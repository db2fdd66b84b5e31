"""Students: the candidates of a job, and the files that can be downloaded of them."""

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from core.db.models import File, Job, Student
from core.db.paging import Page, Window, page
from core.errors import NotFound

_WHOLE = (selectinload(Student.files), joinedload(Student.job).load_only(Job.name))


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
) -> Page[Student]:
    query = select(Student).where(Student.project_id == project_id).options(*_WHOLE)
    for column, value in (
        (Student.job_id, job),
        (Student.status, status),
        (Student.role, role),
        (Student.architecture, architecture),
    ):
        if value is not None:
            query = query.where(column == value)
    return page(session, query, Student.id, window)


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
