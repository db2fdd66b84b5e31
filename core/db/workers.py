"""Processes that do the work: who is there, with how many slots, and when they were last heard of."""

from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.models import Worker, now
from core.db.paging import Page, Window, page

WorkerStatus = Literal["online", "silent", "stopped"]


def listing(session: Session, window: Window, *, running: bool | None = None) -> Page[Worker]:
    """`running`: only those that have not said goodbye (or only those that have)."""
    query = select(Worker)
    if running is not None:
        query = query.where(Worker.stopped_at.is_(None) if running else Worker.stopped_at.is_not(None))
    return page(session, query, Worker.id, window)


def status(heartbeat_at: datetime, stopped_at: datetime | None, lease_seconds: float) -> WorkerStatus:
    """Silent: without a heartbeat for a whole lease."""
    if stopped_at is not None:
        return "stopped"
    return "silent" if (now() - heartbeat_at).total_seconds() > lease_seconds else "online"
