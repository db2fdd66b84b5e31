"""The curves of several jobs."""

from typing import Literal

from pydantic import Field

from api.jobs.schemas import SeriesRead
from api.schemas import Read


class JobMetricsRead(Read):
    """The curves of one of the jobs."""

    job: str = Field(description="The job's id.")
    series: list[SeriesRead]
    sampled: bool = Field(description="Whether any bucket holds more than one point.")
    width: int = Field(description="Steps that a bucket covers, a power of two; each begins at a multiple of it.")
    last_event: int = Field(description="The number of the job's newest event when this was read.")


class MetricsListRead(Read):
    """The curves of several jobs, in the order in which they were asked for."""

    object: Literal["metrics_list"] = "metrics_list"
    data: list[JobMetricsRead]
