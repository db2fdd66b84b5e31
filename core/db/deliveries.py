"""Messages on their way to webhooks: due, claimed, and settled by what the other side answered.

A delivery is pending until its webhook answers with 2xx, or all tries are spent. Whoever sends claims it first, by
moving its next try away: one that dies over it is followed by another, so that a message comes at least once.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core.db.models import Delivery, Webhook, now, stamp
from core.db.paging import Page, Window, page
from core.errors import NotFound
from core.ids import first_id

# Waits before the second try and those after it: three days.
BACKOFF = tuple(
    timedelta(seconds=seconds) for seconds in (5, 60, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
JITTER = 0.1  # of a wait, both ways
HOLD = timedelta(seconds=60)  # longer than one try may take
KEPT = timedelta(days=30)  # deliveries that are over
LOGGED = 20  # tries that a delivery remembers


def listing(session: Session, webhook: Webhook, window: Window, *, status: str | None = None) -> Page[Delivery]:
    query = select(Delivery).where(Delivery.webhook_id == webhook.id)
    if status is not None:
        query = query.where(Delivery.status == status)
    return page(session, query, Delivery.id, window)


def send_again(work: Session, webhook: Webhook, id: str) -> Delivery:
    """From the first try on, under the message's own id."""
    query = select(Delivery).where(Delivery.id == id, Delivery.webhook_id == webhook.id).with_for_update()
    delivery = work.scalars(query).first()
    if delivery is None:
        raise NotFound("delivery", id)
    delivery.status, delivery.tries, delivery.due_at, delivery.ended_at = "pending", 0, now(), None
    work.flush()
    return delivery


@dataclass(frozen=True)
class Claimed:
    """A delivery to try now."""

    id: str
    webhook_id: str
    url: str
    generations: tuple[int, ...]  # of the secrets to sign with
    message_id: str
    body: str
    n: int  # which try this is, from 1


def is_due(session: Session, at: datetime) -> bool:
    due = select(Delivery.id).join(Webhook).where(*_due(at)).limit(1)
    return session.scalar(due) is not None


def _due(at: datetime) -> tuple[Any, ...]:
    return Delivery.status == "pending", Delivery.due_at <= at, Webhook.enabled.is_(True)


def claim(work: Session, at: datetime, most: int) -> list[Claimed]:
    """Up to so many that are due, for exactly one caller, who has `HOLD` to tell how it went."""
    due = select(Delivery, Webhook).join(Webhook).where(*_due(at)).order_by(Delivery.due_at).limit(most)
    rows = work.execute(due.with_for_update(skip_locked=True, of=Delivery)).all()
    found = []
    for delivery, webhook in rows:
        delivery.due_at, delivery.tries = at + HOLD, delivery.tries + 1
        old = webhook.old_secret_until is not None and at < webhook.old_secret_until
        generations = (webhook.generation, webhook.generation - 1) if old else (webhook.generation,)
        found.append(
            Claimed(
                delivery.id,
                webhook.id,
                webhook.url,
                generations,
                delivery.message_id,
                delivery.body,
                delivery.tries,
            )
        )
    work.flush()
    return found


@dataclass(frozen=True)
class Answer:
    """How one try went: the status, or why there is none."""

    status: int | None
    error: str | None
    seconds: float

    @property
    def taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def settle(work: Session, claimed: Claimed, answer: Answer, at: datetime) -> None:
    """Note how it went. A try that was overtaken by another changes nothing."""
    mine = select(Delivery).where(Delivery.id == claimed.id, Delivery.tries == claimed.n, Delivery.status == "pending")
    delivery = work.scalars(mine.with_for_update()).first()
    if delivery is None:
        return
    entry = {"at": stamp(at), "status": answer.status, "error": answer.error, "seconds": round(answer.seconds, 3)}
    delivery.log = [*delivery.log, entry][-LOGGED:]
    if answer.taken:
        delivery.status, delivery.ended_at = "delivered", at
    elif answer.status == 410 or claimed.n > len(BACKOFF):
        delivery.status, delivery.ended_at = "failed", at
    else:
        delivery.due_at = at + BACKOFF[claimed.n - 1] * random.uniform(1 - JITTER, 1 + JITTER)
    if answer.status == 410:
        gone = {"enabled": False, "disabled_reason": "It answered 410 Gone."}
        work.execute(update(Webhook).where(Webhook.id == claimed.webhook_id).values(gone))
    work.flush()


def drop_old(work: Session, at: datetime) -> None:
    """Forget deliveries that have been over for a month: ids sort by time."""
    old = Delivery.id < first_id("dlv", at - KEPT), Delivery.status != "pending"
    work.execute(delete(Delivery).where(*old))
