"""Jobs: made with their students, their run and their first event in one transaction; freed when they are over."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, select, update
from sqlalchemy.orm import Session, selectinload

from core.catalog import architecture
from core.db import events, runs, webhooks
from core.db.models import JOB_LIFE, JOB_NAME, Attempt, Dataset, Job, Run, Student, Teacher
from core.db.paging import Page, Window, page, sorted_page
from core.errors import IllegalMove, NotFound
from core.lifecycle import ACTIVE, TERMINAL, JobStatus, available_actions
from core.plan import plan_students
from core.points import reach
from core.recipe import Recipe


class Sort(StrEnum):
    """What a list of jobs can be ordered by."""

    CREATED_AT = "created_at"
    NAME = "name"
    STATUS = "status"
    FINISHED_AT = "finished_at"
    TOP1 = "top1"


_BY: dict[Sort, ColumnElement[Any]] = {
    Sort.NAME: JOB_NAME,
    Sort.STATUS: JOB_LIFE,
    Sort.FINISHED_AT: Job.finished_at.expression,
    Sort.TOP1: Job.top1.expression,
}


def create(
    work: Session,
    project_id: str,
    recipe: Recipe,
    *,
    classes: int | None,
    teacher_id: str | None,
    dataset_id: str,
    warnings: Sequence[str] = (),
    waits_for: str | None = None,
) -> Job:
    """Queue what the recipe asks for; `classes` sizes the students' heads.

    Its parts have been checked to fit, unless one is still being read: `waits_for` (core/db/waiting.py).
    """
    job = Job(
        project_id=project_id,
        name=recipe.name,
        teacher_id=teacher_id,
        dataset_id=dataset_id,
        recipe=recipe.model_dump(mode="json"),
        priority=recipe.priority,
        labels=dict(recipe.metadata),
        warnings=list(warnings),
    )
    job.students = [
        Student(
            project_id=project_id,
            position=position,
            label=plan.label,
            name=plan.name,
            seed=plan.seed,
            role=plan.role,
            architecture=plan.architecture,
            parameters=None if classes is None else architecture(plan.architecture).parameters(classes),
            plan=plan.model_dump(mode="json"),
        )
        for position, plan in enumerate(plan_students(recipe))
    ]
    work.add(job)
    work.flush()
    runs.enqueue(
        work, kind="train", subject=job.id, project_id=project_id, priority=recipe.priority, waits_for=waits_for
    )
    queued = {"status": JobStatus.QUEUED, "phase": None, "available_actions": available_actions(JobStatus.QUEUED)}
    events.append(work, job.id, 0, [("status", queued)])
    webhooks.tell_job(work, job, JobStatus.QUEUED)
    work.refresh(job, ["last_seq"])
    reach("submit.made")
    return job


def get(session: Session, project_id: str, id: str) -> Job:
    """With its students, read afresh; `NotFound` for another project's too."""
    query = select(Job).where(Job.id == id, Job.project_id == project_id).options(selectinload(Job.students))
    job = session.scalars(query.execution_options(populate_existing=True)).first()
    if job is None:
        raise NotFound("job", id)
    return job


def check_exists(session: Session, project_id: str, id: str) -> None:
    if session.scalar(select(Job.id).where(Job.id == id, Job.project_id == project_id)) is None:
        raise NotFound("job", id)


@dataclass(frozen=True)
class Known:
    """What is needed of a job to read its curves."""

    id: str
    total_steps: int  # 0 before its first step
    last_event: int


def known(session: Session, project_id: str, ids: Sequence[str]) -> list[Known]:
    """In the order of the ids; `NotFound` names the first that is not there."""
    query = select(Job.id, Job.progress, Job.last_seq).where(Job.id.in_(ids), Job.project_id == project_id)
    found = {
        id: Known(id, int((progress or {}).get("total_steps") or 0), last)
        for id, progress, last in session.execute(query)
    }
    for id in ids:
        if id not in found:
            raise NotFound("job", id)
    return [found[id] for id in ids]


def listing(
    session: Session,
    project_id: str,
    window: Window,
    *,
    statuses: Sequence[JobStatus] = (),
    name: str | None = None,
    teacher: str | None = None,
    dataset: str | None = None,
    labels: Sequence[tuple[str, str]] = (),
    sort: Sort = Sort.CREATED_AT,
) -> Page[Job]:
    """Jobs in any of the statuses (none given: all), with all of the labels; `name` is part of the name, whatever its
    case.
    """
    query = select(Job).where(Job.project_id == project_id).options(selectinload(Job.students))
    if statuses:
        query = query.where(Job.status.in_(statuses))
    if name:
        query = query.where(Job.name.icontains(name, autoescape=True))
    if teacher:
        query = query.where(Job.teacher_id == teacher)
    if dataset:
        query = query.where(Job.dataset_id == dataset)
    for key, value in labels:
        query = query.where(_labelled(session, key, value))
    if sort == Sort.CREATED_AT:
        return page(session, query, Job.id, window)
    return sorted_page(session, query, Job.id, _BY[sort], window, whole=Job.project_id == project_id)


def _labelled(session: Session, key: str, value: str) -> ColumnElement[bool]:
    """As rows: SQLite's paths into JSON know neither quotes nor, before 3.45, letters beyond ASCII."""
    each = func.json_each if session.get_bind().dialect.name == "sqlite" else func.jsonb_each_text
    pair = each(Job.labels).table_valued("key", "value")
    return exists().where(pair.c.key == key, pair.c.value == value)


@dataclass(frozen=True)
class SmallTeacher:
    """What is told of a job's teacher."""

    id: str
    name: str
    architecture: str | None
    top1: float | None


@dataclass(frozen=True)
class SmallDataset:
    """What is told of a job's data set."""

    id: str
    name: str
    classes: list[str] | None
    image_size: int | None


def parts(session: Session, jobs: Sequence[Job]) -> tuple[dict[str, SmallTeacher], dict[str, SmallDataset]]:
    """The teachers and data sets of some jobs, by id."""
    teachers = session.execute(
        select(Teacher.id, Teacher.name, Teacher.architecture, Teacher.top1).where(
            Teacher.id.in_({job.teacher_id for job in jobs if job.teacher_id})
        )
    )
    datasets = session.execute(
        select(Dataset.id, Dataset.name, Dataset.classes, Dataset.image_size).where(
            Dataset.id.in_({job.dataset_id for job in jobs})
        )
    )
    return {t.id: SmallTeacher(*t) for t in teachers}, {d.id: SmallDataset(*d) for d in datasets}


def change(work: Session, job: Job, changes: dict[str, Any]) -> None:
    """Rename, label or reorder. A new priority counts for what is still waiting."""
    if "name" in changes:
        job.name = changes["name"]
    if "metadata" in changes:
        job.labels = changes["metadata"]
    if "priority" in changes:
        job.priority = changes["priority"]
        work.execute(update(Run).where(Run.subject == job.id).values(priority=job.priority))
    work.flush()


def remove(work: Session, job: Job) -> None:
    """Delete a finished job with everything that hangs on it; `IllegalMove` while it is not over."""
    run = runs.of_subject(work, job.id)
    if JobStatus(job.status) not in TERMINAL or (run is not None and run.status in ACTIVE):
        raise IllegalMove(job.status, "be deleted", available_actions(JobStatus(job.status)))
    of_job = select(Run.id).where(Run.subject == job.id)
    work.execute(delete(Attempt).where(Attempt.run_id.in_(of_job)))
    work.execute(delete(Run).where(Run.subject == job.id))
    work.execute(delete(Job).where(Job.id == job.id))  # students, files, metrics, events, checkpoints cascade
    work.expunge_all()
