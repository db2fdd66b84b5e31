"""/v1/workers: who does the work."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api.deps import Reading, ThePart, TheSettings, authenticate
from api.schemas import Listing
from api.workers.schemas import WorkerRead
from core.db import workers

router = APIRouter(prefix="/workers", tags=["workers"], dependencies=[Depends(authenticate)])


@router.get("")
def list_workers(
    session: Reading,
    window: ThePart,
    settings: TheSettings,
    stopped: Annotated[bool | None, Query(description="Only those that have stopped, or only those that have not.")] = (
        None
    ),
) -> Listing[WorkerRead]:
    """Workers with their slots and the age of their heartbeat, newest first. They serve every project."""
    page = workers.listing(session, window, running=None if stopped is None else not stopped)
    data = [WorkerRead.of(row, lease_seconds=settings.lease_seconds) for row in page.rows]
    return Listing(data=data, has_more=page.next is not None, next=page.next)
