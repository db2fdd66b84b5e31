"""/v1/jobs: ask for distillations, watch them, steer them."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from sqlalchemy.orm import Session

from api.deps import Reading, TheCaller, ThePart, TheQueue, TheSettings, TheStorage, Work
from api.idempotency import Creates, CreatingRoute
from api.jobs import service
from api.jobs.schemas import (
    CheckpointRead,
    JobChange,
    JobCreate,
    JobPreview,
    JobRead,
)
from api.schemas import Listing
from core.db import courses, jobs, projects, reports
from core.db.models import Job
from core.errors import Invalid, Problem
from core.lifecycle import JobStatus
from core.settings import Settings

router = APIRouter(prefix="/jobs", tags=["jobs"], route_class=CreatingRoute)


def _read(session: Session, settings: Settings, rows: Sequence[Job]) -> list[JobRead]:
    teachers_, datasets = jobs.parts(session, rows)
    courses_ = courses.of_jobs(session, [row.id for row in rows])
    return [
        JobRead.of(
            row,
            course=courses_[row.id],
            max_attempts=settings.max_crashes,
            teacher=teachers_.get(row.teacher_id or ""),
            dataset=datasets.get(row.dataset_id),
        )
        for row in rows
    ]


@router.post(
    "",
    status_code=201,
    response_model=JobRead,
    responses={200: {"model": JobPreview, "description": "With validate_only: what the job would be."}},
    dependencies=[Creates],
)
def create_job(
    wish: JobCreate,
    caller: TheCaller,
    work: Work,
    queue: TheQueue,
    settings: TheSettings,
    validate_only: Annotated[bool, Query(description="Only say what it would be; store nothing.")] = False,
) -> Any:
    """Queue a distillation, or with `validate_only` say what it would be.

    `dataset` and `teacher` may be uploads (`upl_…`): they are registered too. A job whose parts are still being read is
    queued and waits; should they then not fit, it fails with the code that the request would have been refused with.

    With `source_job` the recipe is that job's; fields that are given hold in place of its own, object by object.
    """
    recipe = service.recipe_of(work, caller.project_id, wish)
    parts = service.resolve(work, caller.project_id, recipe, settings)
    projects.check_storage(work, caller.project_id, settings)
    if validate_only:
        return Response(service.preview(work, recipe, parts).model_dump_json(), 200, media_type="application/json")
    job = jobs.create(
        work,
        caller.project_id,
        parts.recipe,
        classes=parts.classes,
        teacher_id=parts.teacher.id if parts.teacher else None,
        dataset_id=parts.dataset.id,
        warnings=parts.warnings,
        waits_for=parts.waits_for,
    )
    work.after_commit(queue.nudge)
    return _read(work, settings, [job])[0]


@router.get("")
def list_jobs(
    caller: TheCaller,
    session: Reading,
    window: ThePart,
    settings: TheSettings,
    status: Annotated[list[JobStatus] | None, Query(description="May be repeated.")] = None,
    name: Annotated[str | None, Query(max_length=200, description="Part of the name.")] = None,
    teacher: Annotated[str | None, Query(max_length=100, description="The teacher's id.")] = None,
    dataset: Annotated[str | None, Query(max_length=100, description="The data set's id.")] = None,
    metadata: Annotated[
        list[Annotated[str, Query(max_length=600)]] | None,
        Query(max_length=16, description="A label, as name:value. May be repeated: jobs that have all of them."),
    ] = None,
    sort: Annotated[
        jobs.Sort,
        Query(
            description="What `order` goes by; jobs without a value come last. Statuses go by the life of a job: what "
            "is running, what waits, what failed, was cancelled, succeeded. What moves in this order between two pages "
            "can be missed, or come twice."
        ),
    ] = jobs.Sort.CREATED_AT,
) -> Listing[JobRead]:
    """The project's jobs; by default the newest first."""
    page = jobs.listing(
        session,
        caller.project_id,
        window,
        statuses=status or (),
        name=name,
        teacher=teacher,
        dataset=dataset,
        labels=[_label(text) for text in metadata or ()],
        sort=sort,
    )
    return Listing(data=_read(session, settings, page.rows), has_more=page.next is not None, next=page.next)


def _label(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name:
        detail = "Give a label as name:value; the name ends at the first colon."
        raise Invalid([Problem("/query/metadata", "invalid_label", detail)])
    return name, value


@router.get("/{job_id}")
def get_job(job_id: str, caller: TheCaller, session: Reading, settings: TheSettings) -> JobRead:
    """One job with its students."""
    return _read(session, settings, [jobs.get(session, caller.project_id, job_id)])[0]


@router.patch("/{job_id}")
def change_job(job_id: str, wish: JobChange, caller: TheCaller, work: Work, settings: TheSettings) -> JobRead:
    """Rename it, label it, or change its place in the queue."""
    job = jobs.get(work, caller.project_id, job_id)
    jobs.change(work, job, wish.model_dump(exclude_none=True))
    return _read(work, settings, [job])[0]


@router.delete("/{job_id}", status_code=204)
def delete_job(job_id: str, caller: TheCaller, work: Work, storage: TheStorage) -> None:
    """Delete a job that is over, with its students' files."""
    service.delete(work, jobs.get(work, caller.project_id, job_id), storage)


def _act(
    action: service.Action, job_id: str, caller: TheCaller, work: Work, queue: TheQueue, settings: TheSettings
) -> JobRead:
    job = jobs.get(work, caller.project_id, job_id)
    service.act(work, job, action, settings, queue)
    return _read(work, settings, [jobs.get(work, caller.project_id, job_id)])[0]


@router.post("/{job_id}/cancel", status_code=202)
def cancel_job(job_id: str, caller: TheCaller, work: Work, queue: TheQueue, settings: TheSettings) -> JobRead:
    """Stop it for good: at once while it waits, else as soon as the worker reads the wish."""
    return _act("cancel", job_id, caller, work, queue, settings)


@router.post("/{job_id}/pause", status_code=202)
def pause_job(job_id: str, caller: TheCaller, work: Work, queue: TheQueue, settings: TheSettings) -> JobRead:
    """Stop it at a checkpoint and free its slot."""
    return _act("pause", job_id, caller, work, queue, settings)


@router.post("/{job_id}/resume", status_code=202)
def resume_job(job_id: str, caller: TheCaller, work: Work, queue: TheQueue, settings: TheSettings) -> JobRead:
    """Go on from the checkpoint."""
    return _act("resume", job_id, caller, work, queue, settings)


@router.post("/{job_id}/retry", status_code=202)
def retry_job(job_id: str, caller: TheCaller, work: Work, queue: TheQueue, settings: TheSettings) -> JobRead:
    """Queue a failed or cancelled job again; it goes on from its last checkpoint."""
    return _act("retry", job_id, caller, work, queue, settings)


@router.get("/{job_id}/checkpoints")
def list_checkpoints(job_id: str, caller: TheCaller, session: Reading) -> Listing[CheckpointRead]:
    """What it can be resumed from, newest first: never more than a few."""
    jobs.check_exists(session, caller.project_id, job_id)
    return Listing(data=[CheckpointRead.model_validate(row) for row in reports.checkpoints(session, job_id)])
