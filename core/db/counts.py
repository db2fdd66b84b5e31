"""How many there are of each noun in a project."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.db.models import Dataset, Job, Student, Teacher, Worker
from core.lifecycle import JobStatus


@dataclass(frozen=True)
class Counts:
    jobs: dict[JobStatus, int]  # every status, also those with none
    students: int  # controls are none
    teachers: int
    datasets: int
    workers: int  # they serve every project; those that have not said goodbye


def of_project(session: Session, project_id: str) -> Counts:
    by_status = select(Job.status, func.count()).where(Job.project_id == project_id).group_by(Job.status)
    found = {JobStatus(status): count for status, count in session.execute(by_status)}
    others = (
        select(func.count()).where(Student.project_id == project_id, Student.role == "student"),
        select(func.count()).where(Teacher.project_id == project_id),
        select(func.count()).where(Dataset.project_id == project_id),
        select(func.count()).where(Worker.stopped_at.is_(None)),
    )
    students, teachers, datasets, workers = session.execute(select(*(one.scalar_subquery() for one in others))).one()
    return Counts({status: found.get(status, 0) for status in JobStatus}, students, teachers, datasets, workers)
