"""Webhooks and their deliveries as they are asked for and shown."""

import re
from datetime import datetime
from typing import Annotated, Literal

from httpx2 import URL, InvalidURL
from pydantic import AfterValidator, Field

from api.schemas import Name, ObjectRead, Read, Wish
from core.db.models import Delivery, Webhook
from core.db.webhooks import ALL, TYPES


def _check_url(text: str) -> str:
    """Whatever a look at the text can refuse; where it really leads is judged when it is sent to."""
    try:
        url = URL(text)
    except InvalidURL as error:
        raise ValueError(f"is not an address: {error}") from error
    if url.scheme not in ("https", "http") or not url.host:
        raise ValueError("must be a whole address: https://host/path")
    if not re.fullmatch(r"[a-z0-9._-]+|[0-9a-f:.]+", url.raw_host.decode()):
        raise ValueError(f"has no host by the name {url.host[:60]!r}")
    if url.port is not None and not 0 < url.port < 65536:
        raise ValueError(f"has the port {url.port}, which there is not")
    if url.userinfo or url.fragment:
        raise ValueError("must hold no user, password or fragment")
    return str(url)


def _check_events(events: list[str]) -> list[str]:
    for event in events:
        if event != ALL and event not in TYPES:
            raise ValueError(f"{event[:60]!r} is none of {', '.join((ALL, *TYPES))}")
    return list(dict.fromkeys(events))


Url = Annotated[
    str,
    Field(
        min_length=1,
        max_length=2000,
        description="https://host/path; on the public internet.",
        examples=["https://example.com/hook"],
    ),
    AfterValidator(_check_url),
]
Events = Annotated[
    list[str],
    Field(min_length=1, max_length=50, description=f'Which of {", ".join(TYPES)}; "*": all.'),
    AfterValidator(_check_events),
]


class WebhookCreate(Wish):
    """Have an address told what happens in this project."""

    url: Url
    name: Name = "webhook"
    events: Events = [ALL]


class WebhookChange(Wish):
    """What is given changes."""

    url: Url | None = None
    name: Name | None = None
    events: Events | None = None
    enabled: bool | None = Field(None, description="Off: nothing new is told, and what is pending waits.")


class WebhookRead(ObjectRead):
    """An address that is told what happens."""

    object: Literal["webhook"] = "webhook"
    name: str
    url: str
    events: list[str]
    enabled: bool
    disabled_reason: str | None = Field(description="Where the service switched it off: why.")
    old_secret_until: datetime | None = Field(description="After a rotation: so long the old secret signs too.")


class WebhookCreated(WebhookRead):
    """With its secret, shown this once."""

    secret: str | None = Field(description="whsec_…, for verifying signatures. Null when the answer is replayed.")


class TryRead(Read):
    """One try of a delivery."""

    at: datetime
    status: int | None = Field(description="What the address answered.")
    error: str | None = Field(description="Why there is no answer.")
    seconds: float


class DeliveryRead(ObjectRead):
    """One message to one webhook."""

    object: Literal["delivery"] = "delivery"
    webhook: str
    message: str = Field(description="The header webhook-id, the same at every try.")
    type: str
    status: Literal["pending", "delivered", "failed"]
    tries: int = Field(description="So far; since it was last sent again.")
    next_at: datetime | None = Field(description="When it is tried next, while it is pending.")
    ended_at: datetime | None
    log: list[TryRead] = Field(description="The last tries, oldest first.")
    body: str = Field(description="What is sent, to the letter: its signature holds for nothing else.")


def shown(webhook: Webhook) -> WebhookRead:
    return WebhookRead.model_validate(webhook)


def shown_delivery(row: Delivery) -> DeliveryRead:
    return DeliveryRead(
        id=row.id,
        created_at=row.created_at,
        webhook=row.webhook_id,
        message=row.message_id,
        type=row.type,
        status=row.status,
        tries=row.tries,
        next_at=row.due_at if row.status == "pending" else None,
        ended_at=row.ended_at,
        log=row.log,
        body=row.body,
    )
