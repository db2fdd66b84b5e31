"""Runs that wait for others: a job for its data set and teacher, a teacher for its data set and its members.

Such a run is queued but cannot be claimed. Once what it waits for has been read, it is let go, or it fails as the
request would have failed, had everything been ready then.
"""

import logging
from collections.abc import Sequence

from pydantic import ValidationError
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.catalog import architecture
from core.db import teachers
from core.db.models import Dataset, Job, Run, Student, Teacher
from core.db.moves import move
from core.db.session import UNREACHABLE
from core.errors import Failure, Invalid, Problem
from core.fit import check_fit
from core.lifecycle import JobStatus
from core.recipe import Recipe

Part = Dataset | Teacher | None
log = logging.getLogger(__name__)


def fit(recipe: Recipe, dataset: Dataset, teacher: Teacher | None) -> list[str]:
    """`core.fit` for rows that are ready: `Invalid` with every problem, or warnings."""
    return check_fit(
        recipe,
        dataset_classes=[str(name) for name in dataset.classes or []],
        counts={split: int(count) for split, count in (dataset.counts or {}).items()},
        image_size=dataset.image_size or 0,
        form="files" if dataset.form == "files" else "pixels",
        unlabelled=dataset.unlabelled or 0,
        teacher_classes=teacher.classes if teacher else None,
        teacher_class_names=teacher.class_names if teacher else None,
        teacher_image_size=teacher.image_size if teacher else None,
        teacher_kind=teacher.kind if teacher else "network",
        teacher_bound=teacher.bound if teacher else False,
        teacher_elsewhere=teacher is not None and teacher.bound and teacher.dataset_id != dataset.id,
    )


def rejections(dataset: Part, teacher: Part) -> list[Problem]:
    """What a job cannot be made of."""
    problems = []
    for pointer, noun, part in (("/dataset", "Data set", dataset), ("/teacher", "Teacher", teacher)):
        if part is not None and part.status == "rejected":
            why = (part.error or {}).get("detail", "see its error")
            problems.append(Problem(pointer, f"{pointer[1:]}_rejected", f"{noun} {part.name!r} was rejected: {why}"))
    return problems


def waits_for(*parts: Part) -> str | None:
    """The first of them that is still being read."""
    return next((part.id for part in parts if part is not None and part.status == "validating"), None)


def release(work: Session) -> bool:
    """Let go what waits no longer, fail what waited in vain; whether a worker has something to look for."""
    query = select(Run).where(Run.status == JobStatus.QUEUED, Run.waits_for.is_not(None)).order_by(Run.id)
    waiting = work.scalars(query.with_for_update(skip_locked=True)).all()
    # Teachers first: one that fails fails its jobs in the same breath.
    changed = [_release(work, run) for run in sorted(waiting, key=lambda run: (run.kind == "train", run.id))]
    work.flush()
    return any(changed)


def _release(work: Session, run: Run) -> bool:
    """One that trips over a mistake of ours fails alone: every worker comes by here before it claims anything."""
    try:
        with work.begin_nested():
            return (_release_job if run.kind == "train" else _release_teacher)(work, run)
    except UNREACHABLE:
        raise
    except Exception as error:
        log.exception("run %s (%s %s) cannot be looked at", run.id, run.kind, run.subject)
        detail = f"Checking what it waited for failed: {type(error).__name__}: {error}"
        move(work, run, JobStatus.FAILED, error=Failure("check_failed", "It could not be checked", detail))
        return False


def _release_teacher(work: Session, run: Run) -> bool:
    teacher = work.get_one(Teacher, run.subject)
    dataset = work.get(Dataset, teacher.dataset_id, populate_existing=True) if teacher.dataset_id else None
    members = teachers.members(work, teacher)
    for part, what in ((dataset, "data set that it was to be measured on"), *((one, "member") for one in members)):
        if part is not None and part.status == "rejected":
            detail = f"The {what}, {part.name}, was rejected: {(part.error or {}).get('detail', '')}"
            failure = Failure("checkpoint_not_checked", "What it needs was rejected", detail, _hint(part))
            move(work, run, JobStatus.FAILED, error=failure)
            return False
    run.waits_for = waits_for(dataset, *members)
    return run.waits_for is None


def _release_job(work: Session, run: Run) -> bool:
    job = work.get_one(Job, run.subject)
    dataset = work.get_one(Dataset, job.dataset_id, populate_existing=True)
    teacher = work.get_one(Teacher, job.teacher_id, populate_existing=True) if job.teacher_id else None
    if problems := rejections(dataset, teacher):
        _fail(work, run, problems[0].code, problems, next(filter(None, map(_hint, (dataset, teacher))), ""))
        return False
    if found := waits_for(dataset, teacher):
        run.waits_for = found
        return False
    try:
        job.warnings = fit(Recipe.model_validate(job.recipe), dataset, teacher)
    except Invalid as error:
        _fail(work, run, error.code, error.problems)
        return False
    except ValidationError as error:  # queued by an older program: it must not hold up what waits beside it
        detail = f"This version does not understand the recipe: {error.errors()[0]['msg']}. Submit it again."
        _fail(work, run, "invalid_recipe", [Problem("", "invalid_recipe", detail)])
        return False
    size_heads(work, job.id, len(dataset.classes or []))
    run.waits_for = None
    return True


def _hint(part: Part) -> str:
    """What can be done about a part that was rejected."""
    return str((part.error or {}).get("hint") or "") if part is not None and part.status == "rejected" else ""


def _fail(work: Session, run: Run, code: str, problems: Sequence[Problem], hint: str = "") -> None:
    """It keeps what it waits for: a retry looks again."""
    detail = " ".join(problem.detail for problem in problems)
    errors = [{"pointer": p.pointer, "code": p.code, "detail": p.detail} for p in problems]
    title = "The parts of this job cannot be used together"
    move(work, run, JobStatus.FAILED, error=Failure(code, title, detail, hint, errors=errors))


def size_heads(work: Session, job_id: str, classes: int) -> None:
    """The number of classes is known: so is that of every student's parameters."""
    for student in work.scalars(select(Student).where(Student.job_id == job_id)):
        count = architecture(student.architecture).parameters(classes)
        work.execute(update(Student).where(Student.id == student.id).values(parameters=count))
