"""/v1/runs: the leased work behind jobs, data sets and teachers, with its attempts."""

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from api.deps import Reading, TheCaller, ThePart
from api.runs.schemas import RunRead
from api.schemas import Listing
from core.db.models import Run
from core.db.paging import page

router = APIRouter(prefix="/runs", tags=["runs"])


@router.get("")
def list_runs(
    caller: TheCaller,
    session: Reading,
    window: ThePart,
    subject: Annotated[str | None, Query(max_length=100, description="Id of a job, data set or teacher.")] = None,
) -> Listing[RunRead]:
    """The project's runs, newest first."""
    query = select(Run).where(Run.project_id == caller.project_id).options(selectinload(Run.attempts))
    if subject is not None:
        query = query.where(Run.subject == subject)
    found = page(session, query, Run.id, window)
    data = [RunRead.model_validate(row) for row in found.rows]
    return Listing(data=data, has_more=found.next is not None, next=found.next)
