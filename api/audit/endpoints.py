"""/v1/audit: who changed what."""

from fastapi import APIRouter

from api.audit.schemas import AuditEntryRead
from api.deps import Reading, TheCaller, ThePart
from api.schemas import Listing, Reference
from core.db import audit

router = APIRouter(prefix="/audit", tags=["audit"])


@router.get("")
def list_audit_entries(caller: TheCaller, session: Reading, window: ThePart) -> Listing[AuditEntryRead]:
    """The changes that were made in this project, newest first; what is older than a year is dropped."""
    page = audit.listing(session, caller.project_id, window)
    names = audit.keys_of(session, page.rows)
    data = [
        AuditEntryRead(
            id=row.id,
            created_at=row.created_at,
            action=row.action,
            subject=row.subject,
            key=Reference(id=row.key_id, name=names[row.key_id]) if row.key_id in names else None,
            address=row.address,
            request_id=row.request_id,
        )
        for row in page.rows
    ]
    return Listing(data=data, has_more=page.next is not None, next=page.next)
