"""/v1/metrics: the same curves of several jobs, in one answer."""

import json
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.deps import Reading, TheCaller
from api.metrics.schemas import MetricsListRead
from core.db import jobs, metrics

router = APIRouter(prefix="/metrics", tags=["metrics"])
MAX_JOBS = 50
MAX_POINTS = 2_000


def split(names: list[str] | None) -> list[str]:
    """Names may be repeated or split by commas."""
    return [part for name in names or () for part in name.split(",") if part]


@router.get("", response_model=MetricsListRead, responses={404: {}})
def list_metrics(
    caller: TheCaller,
    session: Reading,
    job: Annotated[list[str], Query(min_length=1, max_length=MAX_JOBS, description="Job ids; repeated.")],
    names: Annotated[
        list[
            Annotated[str, Query(pattern="[^,]")]
        ],  # no name means no filter to what follows: everything of fifty jobs
        Query(min_length=1, description="Metric names; may be repeated or split by commas."),
    ],
    max_points: Annotated[int, Query(ge=1, le=MAX_POINTS, description="Per curve.")] = 64,
) -> Response:
    """The named curves of several jobs: sparklines of a list, or an overlay. 404 if one of the jobs is not there."""
    found = jobs.known(session, caller.project_id, list(dict.fromkeys(job)))
    totals = {one.id: one.total_steps for one in found}
    curves = metrics.of_jobs(session, totals, max_points=max_points, names=split(names))
    data = [{"job": one.id, **curves[one.id].tell(), "last_event": one.last_event} for one in found]
    body = {"object": "metrics_list", "data": data}
    return Response(json.dumps(body, separators=(",", ":")), media_type="application/json")
