"""Uploads: files arriving in numbered parts of one size, the last one shorter."""

from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session, selectinload

from core.db import projects
from core.db.datasets import uses_upload
from core.db.models import Upload, UploadPart, now
from core.db.paging import Page, Window, page
from core.errors import Conflict, Invalid, NotFound, Problem, TooLarge
from core.settings import Settings


def create(
    work: Session,
    project_id: str,
    settings: Settings,
    *,
    filename: str,
    bytes: int,
    purpose: str,
    sha256: str | None,
    part_size: int,
    expires_at: datetime,
    whole: bool = False,
) -> Upload:
    """Reserves its bytes: `Conflict` or `TooLarge` where the project, or its uploads, would hold more than they may.

    `whole`: the very request that announces it brings it.
    """
    projects.take_turn(work, project_id)
    projects.check_storage(work, project_id, settings, more=bytes)
    quota = projects.quotas(work, project_id, settings).upload_bytes
    used = work.scalar(select(func.coalesce(func.sum(Upload.bytes), 0)).where(Upload.project_id == project_id)) or 0
    if used + bytes > quota:
        detail = f"The project's uploads hold {used} of {quota} bytes; {bytes} more do not fit. Delete some first."
        raise TooLarge("quota_exceeded", detail)
    upload = Upload(
        project_id=project_id,
        filename=filename,
        bytes=bytes,
        purpose=purpose,
        sha256=sha256,
        part_size=part_size,
        status="arriving" if whole else "open",
        expires_at=expires_at,
    )
    upload.parts = []
    work.add(upload)
    work.flush()
    return upload


def get(session: Session, project_id: str, id: str) -> Upload:
    """With its parts, read afresh."""
    query = select(Upload).where(Upload.id == id, Upload.project_id == project_id).options(selectinload(Upload.parts))
    upload = session.scalars(query.execution_options(populate_existing=True)).first()
    if upload is None:
        raise NotFound("upload", id)
    return upload


def hold(work: Session, project_id: str, id: str) -> Upload:
    """The same; nobody changes or deletes it until this transaction ends."""
    work.execute(select(Upload.id).where(Upload.id == id, Upload.project_id == project_id).with_for_update())
    return get(work, project_id, id)


def listing(
    session: Session,
    project_id: str,
    window: Window,
    *,
    status: str | None = None,
    purpose: str | None = None,
    sha256: str | None = None,
) -> Page[Upload]:
    query = select(Upload).where(Upload.project_id == project_id).options(selectinload(Upload.parts))
    for column, value in ((Upload.status, status), (Upload.purpose, purpose), (Upload.sha256, sha256)):
        if value is not None:
            query = query.where(column == value)
    return page(session, query, Upload.id, window)


def part_count(upload: Upload) -> int:
    return max(1, -(-upload.bytes // upload.part_size))


def part_bytes(upload: Upload, n: int) -> int:
    """How long part `n` (from 1) must be."""
    count = part_count(upload)
    if not 1 <= n <= count:
        detail = f"This upload has the parts 1 to {count} of {upload.part_size} bytes; there is no part {n}."
        raise Invalid([Problem("/path/n", "no_such_part", detail)])
    return upload.part_size if n < count else upload.bytes - (count - 1) * upload.part_size


def check_open(upload: Upload) -> None:
    if upload.status == "arriving":
        detail = f"Upload {upload.id} is arriving whole, in one request; it takes no parts from another."
        raise Conflict("upload_arriving", detail)
    if upload.status != "open":
        raise Conflict("upload_complete", f"Upload {upload.id} is complete; its parts cannot change any more.")


def record_part(work: Session, upload_id: str, n: int, *, bytes: int, sha256: str, expires_at: datetime) -> UploadPart:
    """Arrived and durable in storage. The same part again replaces itself."""
    upload = work.scalar(select(Upload).where(Upload.id == upload_id).with_for_update())
    if upload is None:
        raise NotFound("upload", upload_id)
    check_open(upload)
    part = work.get(UploadPart, (upload_id, n)) or UploadPart(upload_id=upload_id, n=n)
    part.bytes, part.sha256 = bytes, sha256
    upload.expires_at = expires_at
    work.add(part)
    work.flush()
    return part


# --- whole, in one request ------------------------------------------------------------------------------------------


def still_arriving(work: Session, id: str, *, expires_at: datetime) -> Upload:
    """Kept on while its request brings it; `NotFound` where it has been deleted meanwhile."""
    mine = select(Upload).where(Upload.id == id, Upload.status == "arriving")
    upload = work.scalar(mine.with_for_update())
    if upload is None:
        raise NotFound("upload", id)
    upload.expires_at = expires_at
    work.flush()
    return upload


def arrived(work: Session, id: str, sha256: str, *, expires_at: datetime) -> None:
    """Its file is in storage under its final key, with this hash; `NotFound` where it has been deleted meanwhile."""
    upload = still_arriving(work, id, expires_at=expires_at)
    work.add(UploadPart(upload_id=id, n=1, bytes=upload.bytes, sha256=sha256))
    finish(work, upload, sha256, expires_at=expires_at)


def give_up(work: Session, id: str) -> bool:
    """Forget it, unless it has arrived: then False. Its bytes are nobody's afterwards."""
    upload = work.scalar(select(Upload).where(Upload.id == id).with_for_update())
    if upload is None:
        return True
    if upload.status != "arriving":
        return False
    remove(work, upload)
    return True


# --- its end --------------------------------------------------------------------------------------------------------


def missing_parts(upload: Upload) -> list[int]:
    there = {part.n for part in upload.parts}
    return [n for n in range(1, part_count(upload) + 1) if n not in there]


def finish(work: Session, upload: Upload, sha256: str, *, expires_at: datetime) -> None:
    """The file is whole in storage under its final key, with this hash."""
    upload.status, upload.sha256, upload.completed_at = "complete", sha256, upload.completed_at or now()
    upload.expires_at = expires_at
    work.flush()


def same_bytes(work: Session, project_id: str, purpose: str, sha256: str) -> Upload | None:
    """The project's complete upload of these bytes; it stays until this transaction ends."""
    mine = select(Upload).where(Upload.project_id == project_id, Upload.purpose == purpose)
    return work.scalar(mine.where(Upload.sha256 == sha256, Upload.status == "complete").limit(1).with_for_update())


def may_be_there(session: Session, project_id: str, purpose: str, bytes: int, sha256: str | None) -> bool:
    """Whether the project has a complete upload of so many bytes, and of this hash where it is known."""
    mine = select(Upload.id).where(Upload.project_id == project_id, Upload.purpose == purpose, Upload.bytes == bytes)
    if sha256 is not None:
        mine = mine.where(Upload.sha256 == sha256)
    return session.scalar(mine.where(Upload.status == "complete").limit(1)) is not None


def remove(work: Session, upload: Upload) -> None:
    """With its parts, also one that is just being noted."""
    work.execute(select(Upload.id).where(Upload.id == upload.id).with_for_update())
    work.execute(delete(UploadPart).where(UploadPart.upload_id == upload.id))
    work.execute(delete(Upload).where(Upload.id == upload.id))


# --- expiry ---------------------------------------------------------------------------------------------------------


def drop_expired(work: Session, at: datetime, otherwise: datetime) -> list[str]:
    """Forget the uploads whose time is up, finished or not, unless one still has to be read; returns their ids.

    Data sets and teachers hold a form of their own: they outlive their uploads. Uploads from before there was an
    expiry get the date `otherwise`.
    """
    work.execute(update(Upload).where(Upload.expires_at.is_(None)).values(expires_at=otherwise))
    due = select(Upload).where(Upload.expires_at < at).order_by(Upload.id).limit(100).with_for_update(skip_locked=True)
    dropped = []
    for upload in work.scalars(due).all():
        if uses_upload(work, upload.id) is None:
            remove(work, upload)
            dropped.append(upload.id)
    return dropped
