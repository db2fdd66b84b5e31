"""/v1/runs: the leased work behind jobs, data sets and teachers, with its attempts."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.deps import Reading, TheCaller, ThePart
from api.runs.schemas import RunRead
from api.schemas import Listing
from core.db import runs
from core.lifecycle import JobStatus

router = APIRouter(prefix="/runs", tags=["runs"])


@router.get("")
def list_runs(
    caller: TheCaller,
    session: Reading,
    window: ThePart,
    subject: Annotated[str | None, Query(max_length=100, description="Id of a job, data set or teacher.")] = None,
    status: Annotated[list[JobStatus] | None, Query(description="May be repeated.")] = None,
) -> Listing[RunRead]:
    """The project's runs, newest first."""
    page = runs.listing(session, caller.project_id, window, subject=subject, statuses=status or ())
    data = [RunRead.model_validate(row) for row in page.rows]
    return Listing(data=data, has_more=page.next is not None, next=page.next)
