"""/v1/counts: how many there are of each noun."""

from fastapi import APIRouter

from api.counts.schemas import CountsRead
from api.deps import Reading, TheCaller
from core.db import counts

router = APIRouter(prefix="/counts", tags=["counts"])


@router.get("")
def get_counts(caller: TheCaller, session: Reading) -> CountsRead:
    """How many jobs there are in each status, and how many students, teachers, data sets and workers."""
    return CountsRead.model_validate(counts.of_project(session, caller.project_id))
