"""Do a recipe's parts exist, and do they fit? What is still being read is waited for. And how a job goes."""

from dataclasses import dataclass
from functools import partial
from typing import Literal

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.jobs.parts import register
from api.jobs.schemas import JobCopy, JobPreview, PreviewDataset, PreviewTeacher
from api.strict import refuse_conversions
from core.catalog import architecture, canonical_name
from core.db import jobs, projects, runs, teachers, waiting
from core.db.models import Dataset, Job, Teacher
from core.db.session import UnitOfWork
from core.errors import Conflict, Invalid, Problem
from core.lifecycle import ACTIONS
from core.plan import plan_students
from core.problems import problems_at
from core.queue import Queue
from core.recipe import Recipe, overlaid
from core.settings import Settings
from core.storage import Storage, keys

Action = Literal["cancel", "pause", "resume", "retry"]
UNCHECKED = "Whether the parts fit is checked when the data set and the teacher have been read."


@dataclass(frozen=True)
class Parts:
    recipe: Recipe  # with ids, and canonical architecture names
    teacher: Teacher | None
    dataset: Dataset
    classes: int | None  # None while the data set is being read
    waits_for: str | None  # the part that is being read
    warnings: list[str]


def recipe_of(work: Session, project_id: str, wish: Recipe | JobCopy) -> Recipe:
    """What is asked for: as written, or another job's recipe with what is said beside it."""
    if isinstance(wish, Recipe):
        return wish
    source = work.scalar(select(Job.recipe).where(Job.id == wish.source_job, Job.project_id == project_id))
    if source is None:
        detail = f"There is no job {wish.source_job!r} in this project."
        raise Invalid([Problem("/source_job", "unknown_job", detail)])
    asked = overlaid(source, wish.model_extra or {})
    try:
        recipe = Recipe.model_validate(asked)
        refuse_conversions(asked, recipe)
        return recipe
    except ValidationError as error:
        raise Invalid(problems_at(error.errors(), asked, Recipe)) from error


def resolve(work: Session, project_id: str, recipe: Recipe, settings: Settings) -> Parts:
    """Raises `Invalid` for parts that are unknown, rejected or do not fit."""
    recipe = register(work, project_id, recipe, settings)
    problems: list[Problem] = []
    dataset = work.scalar(select(Dataset).where(Dataset.id == recipe.dataset, Dataset.project_id == project_id))
    if dataset is None:
        detail = f"There is no data set {recipe.dataset!r} in this project. Register it first: POST /v1/datasets."
        problems.append(Problem("/dataset", "unknown_dataset", detail))
    teacher = None
    if recipe.teacher is not None:
        teacher = work.scalar(select(Teacher).where(Teacher.id == recipe.teacher, Teacher.project_id == project_id))
        if teacher is None:
            detail = f"There is no teacher {recipe.teacher!r} in this project. Register it first: POST /v1/teachers."
            problems.append(Problem("/teacher", "unknown_teacher", detail))
    problems += waiting.rejections(dataset, teacher)
    if problems or dataset is None:
        raise Invalid(problems)
    waits_for = waiting.waits_for(dataset, teacher)
    if waits_for is None:
        warnings = waiting.fit(recipe, dataset, teacher)
    else:
        warnings = [UNCHECKED]
        for index, student in enumerate(recipe.students):
            architecture(student.architecture, f"/students/{index}/architecture")
    students = [s.model_copy(update={"architecture": canonical_name(s.architecture)}) for s in recipe.students]
    classes = len(dataset.classes) if dataset.classes is not None else None
    return Parts(recipe.model_copy(update={"students": students}), teacher, dataset, classes, waits_for, warnings)


def preview(work: UnitOfWork, said: Recipe, parts: Parts) -> JobPreview:
    """Undoes what the request has registered: it is told as it was said, so that the recipe can be sent as it is."""
    small = PreviewDataset(
        id=parts.dataset.id, name=parts.dataset.name, classes=parts.classes, image_size=parts.dataset.image_size
    )
    found = JobPreview(
        recipe=parts.recipe.model_dump(mode="json"),
        students=plan_students(parts.recipe),
        teacher=PreviewTeacher.model_validate(parts.teacher) if parts.teacher else None,
        dataset=small,
        warnings=parts.warnings,
    )
    work.rollback()
    as_said = said.model_dump(mode="json")
    for name, noun in (("dataset", Dataset), ("teacher", Teacher)):
        told = getattr(found, name)
        if told is not None and work.scalar(select(noun.id).where(noun.id == told.id)) is None:
            found.recipe[name], told.id = as_said[name], None
    work.rollback()  # what is left open is a change, to the audit
    return found


def act(work: UnitOfWork, job: Job, action: Action, settings: Settings, queue: Queue) -> None:
    """`IllegalMove` where its state does not allow it; `Conflict` for a retry without room for what it will store."""
    if action == "retry" and job.status in ACTIONS["retry"]:  # asked again, it takes no more room
        projects.check_storage(work, job.project_id, settings)
    if runs.act(work, job, action) and action in ("resume", "retry"):
        work.after_commit(queue.nudge)


def delete(work: UnitOfWork, job: Job, storage: Storage) -> None:
    """A job that is over, with its students' files; `Conflict` while it is not, or where a teacher is made of it."""
    if waiting := teachers.waits_for_student(work, [student.id for student in job.students]):
        raise Conflict("in_use", f"Teacher {waiting} is being made of one of its students; try again when it is ready.")
    jobs.remove(work, job)
    work.after_commit(partial(storage.delete_prefix, keys.job_folder(job.id)))
