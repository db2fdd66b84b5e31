"""The lines that a job wrote: its events of type `log`."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.models import Event

LEVELS = ("debug", "info", "warning", "error")


def after(session: Session, job_id: str, seq: int, *, level: str, limit: int) -> list[Event]:
    """Lines of at least this level with numbers beyond `seq`, oldest first."""
    query = select(Event).where(Event.job_id == job_id, Event.seq > seq, Event.type == "log")
    if level != LEVELS[0]:
        query = query.where(Event.data["level"].as_string().in_(LEVELS[LEVELS.index(level) :]))
    return list(session.scalars(query.order_by(Event.seq).limit(limit)))
