"""/v1/api-keys: who may ask."""

from datetime import timedelta

from fastapi import APIRouter, Request

from api.deps import Reading, TheCaller, ThePart, Work
from api.idempotency import Creates, CreatingRoute
from api.keys.schemas import KeyCreate, KeyCreated, KeyRead, KeyRotate
from api.schemas import Listing
from core.db import keys
from core.db.models import ApiKey, now
from core.errors import Invalid, Problem

router = APIRouter(prefix="/api-keys", tags=["api-keys"], route_class=CreatingRoute)


@router.post("", status_code=201, dependencies=[Creates])
def create_api_key(request: Request, wish: KeyCreate, caller: TheCaller, work: Work) -> KeyCreated:
    """Make a key. The answer is the only place where it is ever shown."""
    if wish.expires_at is not None and wish.expires_at <= now():
        raise Invalid([Problem("/expires_at", "in_the_past", "A new key must expire in the future.")])
    row, secret = keys.create(work, caller.project_id, wish.name, scope=wish.scope, expires_at=wish.expires_at)
    return _shown_once(request, row, secret)


@router.post("/{key_id}/rotate", status_code=201, dependencies=[Creates])
def rotate_api_key(
    request: Request, key_id: str, caller: TheCaller, work: Work, wish: KeyRotate | None = None
) -> KeyCreated:
    """Make the key that takes over; the old one stays good for a while, so that nothing breaks meanwhile."""
    overlap = timedelta(hours=(wish or KeyRotate()).overlap_hours)
    return _shown_once(request, *keys.rotate(work, caller.project_id, key_id, overlap=overlap))


def _shown_once(request: Request, row: ApiKey, secret: str) -> KeyCreated:
    """What is stored for a replay is the same without the key."""
    shown = KeyRead.model_validate(row).model_dump()
    request.state.stored_answer = KeyCreated(**shown, key=None).model_dump_json()
    return KeyCreated(**shown, key=secret)


@router.get("")
def list_api_keys(caller: TheCaller, session: Reading, window: ThePart) -> Listing[KeyRead]:
    """The project's keys, revoked ones too."""
    page = keys.listing(session, caller.project_id, window)
    data = [KeyRead.model_validate(row) for row in page.rows]
    return Listing(data=data, has_more=page.next is not None, next=page.next)


@router.delete("/{key_id}", status_code=204)
def revoke_api_key(key_id: str, caller: TheCaller, work: Work) -> None:
    """From now on it is refused, and so is every browser that signed in with it."""
    keys.revoke(work, caller.project_id, key_id)
