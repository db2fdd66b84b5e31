"""What a source must be before a teacher is made of it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.teachers.schemas import PretrainedWeights, TeacherCreate, TrainedStudent
from api.uploads.service import check_upload
from core.catalog import architecture
from core.db.models import Dataset, Student
from core.errors import Conflict, Invalid, Problem


def check_wish(session: Session, project_id: str, wish: TeacherCreate) -> str | None:
    """`Invalid` that says what is wrong; returns the canonical architecture where one was asked for."""
    source = wish.source
    if isinstance(source, PretrainedWeights):
        detail = "Pretrained teachers are not yet available. Upload a checkpoint, or use a student trained here."
        raise Invalid([Problem("/source/kind", "not_yet_available", detail)])
    found = architecture(wish.architecture, "/architecture").name if wish.architecture else None
    if isinstance(source, TrainedStudent):
        _check_student(session, project_id, source.student)
    else:
        check_upload(session, project_id, source.upload, "teacher", "/source/upload")
    if wish.dataset is not None:
        _check_dataset(session, project_id, wish.dataset)
    return found


def _check_student(session: Session, project_id: str, id: str) -> None:
    student = session.scalar(select(Student).where(Student.id == id, Student.project_id == project_id))
    if student is None:
        detail = f"There is no student {id!r} in this project."
        raise Invalid([Problem("/source/student", "unknown_student", detail)])
    if student.status != "trained":
        raise Conflict("not_ready", f"Student {id} is {student.status}; only a trained one can be a teacher.")


def _check_dataset(session: Session, project_id: str, id: str) -> None:
    dataset = session.scalar(select(Dataset).where(Dataset.id == id, Dataset.project_id == project_id))
    if dataset is None or dataset.status == "rejected":
        what = "was rejected" if dataset else "is not in this project"
        raise Invalid([Problem("/dataset", "unknown_dataset", f"Data set {id!r} {what}.")])
    if dataset.status != "ready":
        raise Conflict("not_ready", f"Data set {id} is still validating; try again when it is ready.")
