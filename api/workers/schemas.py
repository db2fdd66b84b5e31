"""What a worker looks like from outside."""

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import Field

from api.schemas import ObjectRead
from core.db import workers
from core.db.models import Worker, now
from core.db.workers import WorkerStatus


class WorkerRead(ObjectRead):
    """A process with slots and a heartbeat."""

    object: Literal["worker"] = "worker"
    hostname: str
    pid: int
    version: str
    slots: int = Field(description="Jobs at once.")
    busy: int
    devices: list[Any]
    status: WorkerStatus = Field(description="silent: no heartbeat for a whole lease.")
    heartbeat_at: datetime
    heartbeat_age_seconds: float
    stopped_at: datetime | None

    @classmethod
    def of(cls, row: Worker, *, lease_seconds: float) -> Self:
        age = max(0.0, (now() - row.heartbeat_at).total_seconds())
        status = workers.status(row.heartbeat_at, row.stopped_at, lease_seconds)
        names = ("id", "created_at", "hostname", "pid", "version", "slots", "busy", "devices")
        fields = {name: getattr(row, name) for name in (*names, "heartbeat_at", "stopped_at")}
        return cls.model_validate(fields | {"status": status, "heartbeat_age_seconds": round(age, 3)})
