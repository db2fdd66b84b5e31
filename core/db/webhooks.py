"""Who is told what happens in a project, in the transaction of what is told: told if and only if it happened."""

import json
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.db.models import Dataset, Delivery, Job, Teacher, Webhook, now, stamp
from core.db.paging import Page, Window, page
from core.errors import Conflict, NotFound
from core.ids import new_id
from core.lifecycle import JobStatus

TYPES = (
    *(f"job.{status}" for status in ("queued", "running", "paused", "succeeded", "failed", "cancelled")),
    *(f"{part}.{status}" for part in ("dataset", "teacher") for status in ("ready", "rejected")),
)
ALL = "*"
TEST = "webhook.test"
OLD_SECRET = timedelta(hours=24)
MOST = 50  # webhooks of a project


# --- the webhooks -------------------------------------------------------------------------------------------------


def create(work: Session, project_id: str, *, name: str, url: str, events: list[str]) -> Webhook:
    """`Conflict` where the project has as many as it may have."""
    if len(work.scalars(select(Webhook.id).where(Webhook.project_id == project_id)).all()) >= MOST:
        raise Conflict("too_many_webhooks", f"A project has at most {MOST} webhooks. Delete one first.")
    webhook = Webhook(project_id=project_id, name=name, url=url, events=events)
    work.add(webhook)
    work.flush()
    return webhook


def get(session: Session, project_id: str, id: str) -> Webhook:
    query = select(Webhook).where(Webhook.id == id, Webhook.project_id == project_id)
    webhook = session.scalars(query.execution_options(populate_existing=True)).first()
    if webhook is None:
        raise NotFound("webhook", id)
    return webhook


def listing(session: Session, project_id: str, window: Window) -> Page[Webhook]:
    return page(session, select(Webhook).where(Webhook.project_id == project_id), Webhook.id, window)


def change(work: Session, webhook: Webhook, changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        setattr(webhook, name, value)
    if changes.get("enabled"):
        webhook.disabled_reason = None
    work.flush()


def remove(work: Session, webhook: Webhook) -> None:
    """With its deliveries, also those that are pending."""
    work.execute(delete(Webhook).where(Webhook.id == webhook.id))
    work.expunge(webhook)


def rotate(work: Session, webhook: Webhook) -> None:
    """A new secret; for a day messages are signed with the old one too."""
    webhook.generation += 1
    webhook.old_secret_until = now() + OLD_SECRET
    work.flush()


# --- what is told -------------------------------------------------------------------------------------------------


def tell_job(work: Session, job: Job, status: JobStatus) -> None:
    """Of statuses that somebody waits for; others are not told."""
    error = {"code": job.error["code"], "detail": job.error["detail"]} if job.error else None
    _tell(work, job.project_id, f"job.{status}", _about("job", job.id, job.name, status, error))


def tell_part(work: Session, part: Dataset | Teacher) -> None:
    """That a data set or teacher is ready or rejected."""
    object_ = "dataset" if isinstance(part, Dataset) else "teacher"
    error = {"code": part.error["code"], "detail": part.error["detail"]} if part.error else None
    about = _about(object_, part.id, part.name, part.status, error)
    _tell(work, part.project_id, f"{object_}.{part.status}", about)


def tell_test(work: Session, webhook: Webhook) -> Delivery:
    return _write(work, [webhook], TEST, _about("webhook", webhook.id, webhook.name, "test", None))[0]


def _about(object_: str, id: str, name: str, status: str, error: dict[str, str] | None) -> dict[str, Any]:
    path = f"/v1/{object_}s/{id}"
    return {"object": object_, "id": id, "name": name, "status": status, "error": error, "path": path}


def _tell(work: Session, project_id: str, type_: str, data: dict[str, Any]) -> None:
    if type_ not in TYPES:
        return
    listening = select(Webhook).where(Webhook.project_id == project_id, Webhook.enabled.is_(True))
    listening = listening.with_for_update(read=True, key_share=True)  # one that is deleted meanwhile hears nothing
    wanted = [one for one in work.scalars(listening) if ALL in one.events or type_ in one.events]
    _write(work, wanted, type_, data)


def _write(work: Session, webhooks: Collection[Webhook], type_: str, data: dict[str, Any]) -> list[Delivery]:
    message, at = new_id("msg"), now()
    body = json.dumps({"type": type_, "timestamp": stamp(at), "data": data}, ensure_ascii=False)
    rows = [
        Delivery(webhook_id=one.id, message_id=message, type=type_, body=body, created_at=at, due_at=at, log=[])
        for one in webhooks
    ]
    work.add_all(rows)
    work.flush()
    return rows
