"""What a run looks like from outside."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.schemas import ObjectRead, Read
from core.lifecycle import JobStatus


class AttemptRead(Read):
    """Who tried, when, and how it ended."""

    n: int
    worker: str = Field(validation_alias="worker_id", description="The worker's id.")
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None = Field(description="succeeded, failed, cancelled, paused, yielded, lost, crashed.")
    exit_code: int | None
    signal: int | None
    peak_memory: int | None = Field(description="Bytes.")
    log_tail: str | None


class RunRead(ObjectRead):
    """A piece of leased work."""

    object: Literal["run"] = "run"
    kind: Literal["train", "read_dataset", "read_teacher"]
    subject: str = Field(description="Id of the job, data set or teacher.")
    status: JobStatus
    priority: int
    attempt: int
    failures: int = Field(description="Crashes since the last new checkpoint.")
    worker: str | None = Field(validation_alias="worker_id", description="Who holds it, or held it last.")
    attempts: list[AttemptRead]
