"""POST /v1/jobs/actions: the same for several jobs."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from api.audit.route import ChangingRoute, TheAudit
from api.deps import TheCaller, TheQueue, TheSettings, TheStorage, Work
from api.jobs import service
from api.problems import ProblemPlace
from api.schemas import Read, Wish
from core.db import jobs
from core.errors import Conflict, NotFound
from core.lifecycle import JobStatus

router = APIRouter(prefix="/jobs", tags=["jobs"], route_class=ChangingRoute)


class JobsAction(Wish):
    """What is asked of several jobs at once."""

    action: Literal["cancel", "pause", "resume", "retry", "delete"]
    jobs: list[Annotated[str, Field(max_length=100)]] = Field(min_length=1, max_length=100, description="Their ids.")


class JobsOutcome(Read):
    """What came of it for one job."""

    job: str
    status: JobStatus | Literal["deleted"] | None = Field(description="What it is now; null where it was not done.")
    error: ProblemPlace | None = Field(description="Why it was not done.")


class JobsActed(Read):
    """What came of it, in the order that was asked."""

    object: Literal["jobs_action"] = "jobs_action"
    action: str
    data: list[JobsOutcome]


@router.post("/actions")
def change_jobs(
    wish: JobsAction,
    caller: TheCaller,
    work: Work,
    queue: TheQueue,
    storage: TheStorage,
    settings: TheSettings,
    audit: TheAudit,
) -> JobsActed:
    """Cancel, pause, resume, retry or delete several jobs. Each for itself: one that cannot holds no other up."""
    data = []
    for index, id in enumerate(wish.jobs):
        try:
            job = jobs.get(work, caller.project_id, id)
            if wish.action == "delete":
                service.delete(work, job, storage)
            else:
                service.act(work, job, wish.action, settings, queue)
            status = "deleted" if wish.action == "delete" else JobStatus(job.status)
            data.append(JobsOutcome(job=id, status=status, error=None))
            audit(work, id, f"job.{wish.action}")
        except (NotFound, Conflict) as error:
            place = ProblemPlace(pointer=f"/jobs/{index}", code=error.code, detail=error.detail)
            data.append(JobsOutcome(job=id, status=None, error=place))
    return JobsActed(action=wish.action, data=data)
