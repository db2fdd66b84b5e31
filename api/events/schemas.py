"""One event, the same in a list and in a stream: its envelope, and beside it what the event tells."""

from datetime import datetime
from typing import Literal

from pydantic import ConfigDict, Field

from api.schemas import Read

EventType = Literal["status", "progress", "metric", "log", "checkpoint", "rewind", "done"]


class EventRead(Read):
    """What happened to a job. Further fields belong to the type: `rewind` has `to_step`, `log` a `message`."""

    model_config = ConfigDict(extra="allow")

    object: Literal["event"] = "event"
    seq: int = Field(description="Numbered per job from 1, without gaps.")
    type: EventType
    attempt: int
    created_at: datetime


class EventList(Read):
    """Events in their order; `next` is the `after` of the next page."""

    object: Literal["list"] = "list"
    data: list[EventRead]
    has_more: bool = False
    next: str | None = None


class LogRead(Read):
    """One line that a job wrote."""

    object: Literal["log"] = "log"
    seq: int
    attempt: int
    created_at: datetime
    level: str
    message: str


class LogList(Read):
    """Lines in their order; `next` is the `after` of the next page."""

    object: Literal["list"] = "list"
    data: list[LogRead]
    has_more: bool = False
    next: str | None = None
