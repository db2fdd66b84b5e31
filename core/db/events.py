"""What happened to a job, numbered without gaps.

The number is drawn under the lock of the job's row, in the transaction of what it tells: a reader that has seen
`seq` n has seen everything up to n, and nothing of a transaction that failed.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.db.models import Event, Job, now


def append(work: Session, job_id: str, attempt: int, messages: Sequence[tuple[str, dict[str, Any]]]) -> int:
    """Add messages (type, data) in order; returns the last number."""
    drawn = update(Job).where(Job.id == job_id).values(last_seq=Job.last_seq + len(messages)).returning(Job.last_seq)
    last: int = work.execute(drawn, execution_options={"synchronize_session": False}).scalar_one()
    first, at = last - len(messages) + 1, now()
    work.add_all(
        Event(job_id=job_id, seq=first + i, type=type_, data=data, attempt=attempt, created_at=at)
        for i, (type_, data) in enumerate(messages)
    )
    work.flush()
    return last


def after(
    session: Session, job_id: str, seq: int, *, limit: int = 1000, types: Sequence[str] | None = None
) -> list[Event]:
    """Events with numbers beyond `seq`, oldest first."""
    query = select(Event).where(Event.job_id == job_id, Event.seq > seq).order_by(Event.seq).limit(limit)
    if types is not None:
        query = query.where(Event.type.in_(types))
    return list(session.scalars(query))
