"""Do a recipe's parts exist, are they ready, and do they fit?"""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.catalog import canonical_name
from core.db.models import Dataset, Teacher
from core.errors import Conflict, Invalid, Problem
from core.fit import check_fit
from core.recipe import Recipe, TeacherFile


@dataclass(frozen=True)
class Parts:
    recipe: Recipe  # with canonical architecture names
    teacher: Teacher | None
    dataset: Dataset
    classes: int
    warnings: list[str]


def resolve(session: Session, project_id: str, recipe: Recipe) -> Parts:
    """Raises `Invalid` for parts that are unknown, rejected or do not fit, `Conflict` while one is being read."""
    problems: list[Problem] = []
    dataset = session.scalar(select(Dataset).where(Dataset.id == recipe.dataset, Dataset.project_id == project_id))
    if dataset is None:
        detail = f"There is no data set {recipe.dataset!r} in this project. Register it first: POST /v1/datasets."
        problems.append(Problem("/dataset", "unknown_dataset", detail))
    teacher = None
    if isinstance(recipe.teacher, TeacherFile):
        detail = "A file can be named in a JOB.yaml only; over REST, upload it and register it: POST /v1/teachers."
        problems.append(Problem("/teacher", "teacher_is_a_file", detail))
    elif recipe.teacher is not None:
        teacher = session.scalar(select(Teacher).where(Teacher.id == recipe.teacher, Teacher.project_id == project_id))
        if teacher is None:
            detail = f"There is no teacher {recipe.teacher!r} in this project. Register it first: POST /v1/teachers."
            problems.append(Problem("/teacher", "unknown_teacher", detail))
    for pointer, noun, part in (("/teacher", "Teacher", teacher), ("/dataset", "Data set", dataset)):
        if part is not None and part.status == "rejected":
            why = (part.error or {}).get("detail", "see its error")
            detail = f"{noun} {part.id} was rejected: {why}"
            problems.append(Problem(pointer, f"{pointer[1:]}_rejected", detail))
    if problems or dataset is None:
        raise Invalid(problems)
    for noun, part in (("Teacher", teacher), ("Data set", dataset)):
        if part is not None and part.status != "ready":
            raise Conflict("not_ready", f"{noun} {part.id} is still validating; try again when it is ready.")
    classes = [str(name) for name in dataset.classes or []]
    warnings = check_fit(
        recipe,
        dataset_classes=classes,
        counts={split: int(count) for split, count in (dataset.counts or {}).items()},
        image_size=dataset.image_size or 0,
        form="files" if dataset.form == "files" else "pixels",
        unlabelled=dataset.unlabelled or 0,
        teacher_classes=teacher.classes if teacher else None,
        teacher_class_names=teacher.class_names if teacher else None,
        teacher_image_size=teacher.image_size if teacher else None,
    )
    students = [s.model_copy(update={"architecture": canonical_name(s.architecture)}) for s in recipe.students]
    return Parts(recipe.model_copy(update={"students": students}), teacher, dataset, len(classes), warnings)
