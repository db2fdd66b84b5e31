"""Who changed what: one entry for each change that was asked for and made, in the transaction of the change."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.db.models import ApiKey, AuditEntry
from core.db.paging import Page, Window, page
from core.ids import first_id

KEPT = timedelta(days=365)


@dataclass(frozen=True)
class Asked:
    """What was asked for, and by whom. `action` is noun.verb."""

    project_id: str
    key_id: str
    action: str
    address: str | None  # of the client, as far as the service can see it
    request_id: str | None


def enter(work: Session, asked: Asked, subject: str | None) -> None:
    """`subject` is the id of what was changed."""
    work.add(
        AuditEntry(
            project_id=asked.project_id,
            key_id=asked.key_id,
            action=asked.action,
            subject=subject,
            address=asked.address,
            request_id=asked.request_id,
        )
    )
    work.flush()


def listing(session: Session, project_id: str, window: Window) -> Page[AuditEntry]:
    return page(session, select(AuditEntry).where(AuditEntry.project_id == project_id), AuditEntry.id, window)


def keys_of(session: Session, entries: list[AuditEntry]) -> dict[str, str]:
    """The names of the keys behind some entries, by id."""
    ids = {entry.key_id for entry in entries}
    return dict(session.execute(select(ApiKey.id, ApiKey.name).where(ApiKey.id.in_(ids))).all())


def drop_old(work: Session, at: datetime) -> None:
    """Forget what is older than a year: ids sort by time."""
    work.execute(delete(AuditEntry).where(AuditEntry.id < first_id("aud", at - KEPT)))
