"""The stored answers to creating requests: the same key and request get the same answer, once and for a day."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.exc import IntegrityError

from core.db.models import IdempotencyKey, now
from core.db.session import Database, UnitOfWork
from core.errors import Conflict, Invalid, Problem

KEPT = timedelta(hours=24)
ABANDONED = timedelta(seconds=30)  # in flight for so long: the process that held it is gone, or has lost it


@dataclass(frozen=True)
class Answer:
    status: int
    body: str


@dataclass(frozen=True)
class Reservation:
    project_id: str
    key: str
    at: datetime  # whose it is: one that is abandoned and taken again has another time


def reserve(database: Database, project_id: str, key: str, fingerprint: str) -> Reservation | Answer:
    """Take the key for this request, or give the answer that it already has.

    Raises `Invalid` when the key belongs to another request, `Conflict` while that request is in flight.
    """
    with database.write() as work:
        work.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < now() - KEPT))
        mine = IdempotencyKey.project_id == project_id, IdempotencyKey.key == key
        work.execute(
            delete(IdempotencyKey).where(
                *mine, IdempotencyKey.status.is_(None), IdempotencyKey.created_at < now() - ABANDONED
            )
        )
        row = work.scalar(select(IdempotencyKey).where(*mine))
        if row is None:
            at = now()
            work.add(IdempotencyKey(project_id=project_id, key=key, fingerprint=fingerprint, created_at=at))
            try:
                work.flush()
            except IntegrityError as error:
                raise _in_flight() from error
            return Reservation(project_id, key, at)
    if row.fingerprint != fingerprint:
        detail = "This Idempotency-Key was used for another request; use a new one for every new object."
        raise Invalid([Problem("/header/idempotency-key", "idempotency_key_reused", detail)])
    if row.status is None or row.body is None:
        raise _in_flight()
    return Answer(row.status, row.body)


def _in_flight() -> Conflict:
    return Conflict("idempotency_in_flight", "A request with this Idempotency-Key is being worked on; try again soon.")


def store(work: UnitOfWork, reservation: Reservation, answer: Answer) -> None:
    """In the transaction that makes the object: both are there afterwards, or neither.

    `Conflict` for one who took so long that another has taken the key: what it made goes with its transaction.
    """
    stored = update(IdempotencyKey).where(*_own(reservation)).values(status=answer.status, body=answer.body)
    if work.scalar(stored.returning(IdempotencyKey.key)) is None:
        raise _in_flight()


def _own(reservation: Reservation) -> tuple[ColumnElement[bool], ...]:
    return (
        IdempotencyKey.project_id == reservation.project_id,
        IdempotencyKey.key == reservation.key,
        IdempotencyKey.created_at == reservation.at,
        IdempotencyKey.status.is_(None),
    )


def release(database: Database, reservation: Reservation) -> None:
    """The request failed and made nothing: the key may be used again."""
    with database.write() as work:
        work.execute(delete(IdempotencyKey).where(*_own(reservation)))
