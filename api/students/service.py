"""What is known of a trained student."""

from sqlalchemy.orm import Session

from core.db import students
from core.db.models import Student
from core.errors import Conflict, NotFound
from core.evaluation import FILE, Evaluation, SplitName
from core.storage import Storage


def evaluation(session: Session, storage: Storage, project_id: str, id: str) -> tuple[Student, Evaluation]:
    """`Conflict` where the student is not trained yet, `NotFound` where it was trained before evaluations were kept."""
    student = students.get(session, project_id, id)
    if student.status != "trained":
        detail = f"Student {id} is {student.status}; its evaluation comes with the end of its training."
        raise Conflict("not_trained", detail)
    file = next((file for file in student.files if file.name == FILE), None)
    if file is None:
        raise NotFound("evaluation of student", id)
    with storage.reading(file.key) as chunks:
        return student, Evaluation.model_validate_json(b"".join(chunks))


def chosen_split(evaluation: Evaluation, wanted: SplitName | None) -> SplitName:
    if wanted is None:
        return "test" if "test" in evaluation.splits else "val"
    if wanted not in evaluation.splits:
        raise NotFound("evaluation on", wanted)
    return wanted
