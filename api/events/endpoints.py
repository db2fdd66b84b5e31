"""/v1/jobs/{id}/events, /logs, /metrics: what happens to a job, as it happens or afterwards."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request, Response

from api.deps import Reading, TheCaller
from api.events.broadcaster import tell
from api.events.schemas import EventList, EventRead, EventType, LogList, LogRead
from api.events.stream import EventStream, frames_of
from api.jobs.schemas import MetricsRead
from api.metrics.endpoints import split
from api.metrics.kept import Kept
from core.db import events, jobs, logs, students
from core.errors import NotFound

router = APIRouter(prefix="/jobs/{job_id}", tags=["jobs"])
MAX_POINTS = 10_000
DIGITS = 18  # of a number that is larger than any event's
Seq = Annotated[int, Query(ge=0, lt=2**31, description="The number of the last event seen.")]


@router.get(
    "/events",
    response_model=EventList,
    responses={200: {"content": frames_of(EventRead)}},
)
def list_events(
    request: Request,
    job_id: str,
    caller: TheCaller,
    session: Reading,
    after: Seq = 0,
    limit: Annotated[int, Query(ge=1, le=1000, description="Events per page.")] = 100,
    types: Annotated[list[EventType] | None, Query(description="May be repeated.")] = None,
    accept: Annotated[str | None, Header(description="text/event-stream opens a stream.")] = None,
    last_event_id: Annotated[str | None, Header(description="Where a stream goes on from.")] = None,
) -> Any:
    """A job's events as a list, or with `Accept: text/event-stream` as a stream that ends with `done`."""
    (job,) = jobs.known(session, caller.project_id, [job_id])
    if "text/event-stream" in (accept or ""):
        told = last_event_id or ""
        seen = int(told[:DIGITS]) if told.isascii() and told.isdigit() else after
        return EventStream(request.app.state.broadcaster.frames(job_id, caller, min(seen, job.last_event)))
    found = events.after(session, job_id, after, limit=limit + 1, types=types)
    more = len(found) > limit
    found = found[:limit]
    return EventList(
        data=[EventRead.model_validate(tell(event)) for event in found],
        has_more=more,
        next=str(found[-1].seq) if more else None,
    )


@router.get("/logs")
def list_logs(
    job_id: str,
    caller: TheCaller,
    session: Reading,
    after: Seq = 0,
    limit: Annotated[int, Query(ge=1, le=1000, description="Lines per page.")] = 200,
    level: Annotated[Literal["debug", "info", "warning", "error"], Query(description="At least this.")] = "debug",
) -> LogList:
    """The lines that a job wrote."""
    jobs.check_exists(session, caller.project_id, job_id)
    found = logs.after(session, job_id, after, level=level, limit=limit + 1)
    more = len(found) > limit
    found = found[:limit]
    lines = [
        LogRead(
            seq=event.seq,
            attempt=event.attempt,
            created_at=event.created_at,
            level=str(event.data.get("level", "info")),
            message=str(event.data.get("message", "")),
        )
        for event in found
    ]
    return LogList(data=lines, has_more=more, next=str(found[-1].seq) if more else None)


@router.get("/metrics", response_model=MetricsRead)
def get_metrics(
    request: Request,
    job_id: str,
    caller: TheCaller,
    session: Reading,
    student: Annotated[list[str] | None, Query(description="Student ids; default: all, and the teacher.")] = None,
    names: Annotated[list[str] | None, Query(description="Metric names; may be repeated or split by commas.")] = None,
    max_points: Annotated[int, Query(ge=1, le=MAX_POINTS, description="Per curve.")] = 1000,
) -> Response:
    """A job's curves as columns. Buckets cover fixed ranges of steps: they do not move when points are appended."""
    (job,) = jobs.known(session, caller.project_id, [job_id])
    for unknown in set(student or ()) - students.of_job(session, job_id, student or []):
        raise NotFound("student", unknown)
    kept: Kept = request.app.state.kept_curves
    body = kept.body(session, job, max_points=max_points, students=student or (), names=split(names))
    return Response(body, media_type="application/json")
