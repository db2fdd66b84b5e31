"""/v1/events: what happens in a project, as it happens."""

from typing import Any

from fastapi import APIRouter, Request

from api.changes.schemas import ChangedRead, HelloRead
from api.deps import TheCaller
from api.events.stream import EventStream, frames_of

router = APIRouter(prefix="/events", tags=["events"])


@router.get(
    "",
    status_code=200,
    response_class=EventStream,
    response_model=HelloRead | ChangedRead,
    responses={200: {"content": frames_of(HelloRead, ChangedRead)}},
)
def watch_changes(request: Request, caller: TheCaller) -> Any:
    """A stream of server-sent events, whatever is asked for by Accept: `hello`, then `changed` for each change.

    One frame per object and half second. Frames have no ids and nothing is replayed: who comes back asks again for what
    is on screen. The events of a single job, without gaps, are at `/v1/jobs/{job_id}/events`.
    """
    return EventStream(request.app.state.watcher.frames(caller))
