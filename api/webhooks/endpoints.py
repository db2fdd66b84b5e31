"""/v1/webhooks: who is told what happens, and what became of each message (Standard Webhooks 1.0.0)."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request

from api.deps import Reading, TheCaller, ThePart, TheSettings, Work
from api.idempotency import Creates, CreatingRoute
from api.schemas import Listing
from api.webhooks.outbound import literal, may_reach
from api.webhooks.schemas import (
    DeliveryRead,
    WebhookChange,
    WebhookCreate,
    WebhookCreated,
    WebhookRead,
    shown,
    shown_delivery,
)
from api.webhooks.signing import secret_of
from core.db import deliveries, webhooks
from core.db.models import Webhook
from core.errors import Invalid, Problem
from core.settings import Settings

router = APIRouter(prefix="/webhooks", tags=["webhooks"], route_class=CreatingRoute)


def _with_secret(request: Request, webhook: Webhook) -> WebhookCreated:
    """What is stored for a replay is the same without the secret."""
    read = shown(webhook).model_dump()
    request.state.stored_answer = WebhookCreated(**read, secret=None).model_dump_json()
    return WebhookCreated(**read, secret=secret_of(request.app.state.signing_key, webhook.id, webhook.generation))


def _check_place(url: str | None, settings: Settings) -> None:
    """An address written as a number is judged at once; a name when it is resolved, at every try."""
    address = literal(url) if url else None
    if address is not None and not may_reach(address, settings.webhook_networks):
        detail = f"{address} is not a public address. DISTILLERY_WEBHOOK_NETWORKS permits networks of your own."
        raise Invalid([Problem("/url", "address_not_public", detail)])


@router.post("", status_code=201, dependencies=[Creates])
def create_webhook(
    request: Request, wish: WebhookCreate, caller: TheCaller, settings: TheSettings, work: Work
) -> WebhookCreated:
    """Have an address told what happens. The answer is the only place where the secret is shown."""
    _check_place(wish.url, settings)
    made = webhooks.create(work, caller.project_id, name=wish.name, url=wish.url, events=wish.events)
    return _with_secret(request, made)


@router.get("")
def list_webhooks(caller: TheCaller, session: Reading, window: ThePart) -> Listing[WebhookRead]:
    """The project's webhooks, newest first."""
    page = webhooks.listing(session, caller.project_id, window)
    data = [shown(row) for row in page.rows]
    return Listing(data=data, has_more=page.next is not None, next=page.next)


@router.get("/{webhook_id}")
def get_webhook(webhook_id: str, caller: TheCaller, session: Reading) -> WebhookRead:
    """One webhook, without its secret."""
    return shown(webhooks.get(session, caller.project_id, webhook_id))


@router.patch("/{webhook_id}")
def change_webhook(
    webhook_id: str, wish: WebhookChange, caller: TheCaller, settings: TheSettings, work: Work
) -> WebhookRead:
    """Switching it on again sends what is pending."""
    _check_place(wish.url, settings)
    webhook = webhooks.get(work, caller.project_id, webhook_id)
    given = {name: value for name, value in wish.model_dump(exclude_unset=True).items() if value is not None}
    webhooks.change(work, webhook, given)
    return shown(webhook)


@router.delete("/{webhook_id}", status_code=204)
def delete_webhook(webhook_id: str, caller: TheCaller, work: Work) -> None:
    """With its deliveries, also those that are pending."""
    webhooks.remove(work, webhooks.get(work, caller.project_id, webhook_id))


@router.post("/{webhook_id}/rotate")
def rotate_webhook(request: Request, webhook_id: str, caller: TheCaller, work: Work) -> WebhookCreated:
    """A new secret. For 24 hours every message carries both signatures, so that receivers can change over."""
    webhook = webhooks.get(work, caller.project_id, webhook_id)
    webhooks.rotate(work, webhook)
    return _with_secret(request, webhook)


@router.post("/{webhook_id}/test", status_code=202, dependencies=[Creates])
def test_webhook(webhook_id: str, caller: TheCaller, work: Work) -> DeliveryRead:
    """Send a message of the type webhook.test."""
    return shown_delivery(webhooks.tell_test(work, webhooks.get(work, caller.project_id, webhook_id)))


@router.get("/{webhook_id}/deliveries")
def list_deliveries(
    webhook_id: str,
    caller: TheCaller,
    session: Reading,
    window: ThePart,
    status: Annotated[
        Literal["pending", "delivered", "failed"] | None, Query(description="What became of the message.")
    ] = None,
) -> Listing[DeliveryRead]:
    """What was told and what became of it; kept for 30 days."""
    webhook = webhooks.get(session, caller.project_id, webhook_id)
    page = deliveries.listing(session, webhook, window, status=status)
    data = [shown_delivery(row) for row in page.rows]
    return Listing(data=data, has_more=page.next is not None, next=page.next)


@router.post("/{webhook_id}/deliveries/{delivery_id}/resend", status_code=202)
def resend_delivery(webhook_id: str, delivery_id: str, caller: TheCaller, work: Work) -> DeliveryRead:
    """Send a message again, under its own id: the receiver can tell that it knows it."""
    webhook = webhooks.get(work, caller.project_id, webhook_id)
    return shown_delivery(deliveries.send_again(work, webhook, delivery_id))
