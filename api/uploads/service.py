"""Bytes on their way in: hashed while they stream into storage, never held in memory."""

import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO

from fastapi.concurrency import contextmanager_in_threadpool, run_in_threadpool
from sqlalchemy.orm import Session

from core.db import uploads
from core.db.models import Upload, now
from core.errors import Conflict, Invalid, NotFound, Problem, Unavailable
from core.settings import Settings
from core.storage import Storage
from core.storage import keys as storage_keys

CHUNK = 1 << 20


@dataclass(frozen=True)
class Received:
    bytes: int
    sha256: str


def check_upload(session: Session, project_id: str, id: str, purpose: str, pointer: str) -> Upload:
    """A complete upload with this purpose; `Invalid` or `Conflict` that says what is missing."""
    try:
        upload = uploads.get(session, project_id, id)
    except NotFound as error:
        raise Invalid([Problem(pointer, "unknown_upload", error.detail)]) from error
    if upload.purpose != purpose:
        detail = f"Upload {id} was announced with purpose {upload.purpose}, not {purpose}."
        raise Invalid([Problem(pointer, "wrong_purpose", detail)])
    if upload.status == "arriving":
        raise Conflict("not_ready", f"Upload {id} is still arriving.")
    if upload.status != "complete":
        raise Conflict("not_ready", f"Upload {id} is not complete: POST /v1/uploads/{id}/complete first.")
    return upload


def expiry(settings: Settings) -> datetime:
    """Until when an upload to which something has just happened is kept."""
    return now() + timedelta(hours=settings.upload_expiry_hours)


def check_space(storage: Storage, wanted: int) -> None:
    """Refuse what cannot fit, before its first byte."""
    free = storage.free_bytes()
    if wanted > free:
        raise Unavailable("disk_full", f"The server has {free} bytes of disk left; {wanted} are needed.")


def told_length(header: str | None) -> int | None:
    """What Content-Length says, where it says a number."""
    return int(header[:20]) if header and header.isascii() and header.isdigit() else None


async def store(storage: Storage, key: str, body: AsyncIterator[bytes], expected: int, what: str) -> Received:
    """Stream a body of exactly `expected` bytes into storage; what is longer or shorter leaves nothing."""
    async with contextmanager_in_threadpool(storage.writing(key)) as file:
        return await receive(body, file, expected, what)


async def receive(body: AsyncIterator[bytes], file: IO[bytes], expected: int, what: str) -> Received:
    """Write a body of exactly `expected` bytes to a file."""
    hasher, size, waiting = hashlib.sha256(), 0, bytearray()

    def take(chunk: bytes) -> None:
        hasher.update(chunk)
        file.write(chunk)

    async for chunk in body:
        size += len(chunk)
        if size > expected:
            break
        waiting += chunk
        if len(waiting) >= CHUNK:  # a thread for every small chunk would cost more than the hash
            await run_in_threadpool(take, bytes(waiting))
            waiting.clear()
    if size != expected:
        more = "more than " if size > expected else ""
        count = expected if size > expected else size
        detail = f"{what} must have {expected} bytes; {more}{count} came."
        raise Invalid([Problem("", "upload_mismatch", detail)])
    await run_in_threadpool(take, bytes(waiting))
    return Received(size, hasher.hexdigest())


@contextmanager
def tidy(storage: Storage, upload_id: str) -> Iterator[None]:
    """Take back the files of a request whose upload another one has deleted or completed meanwhile."""
    try:
        yield
    except NotFound:
        storage.delete_prefix(storage_keys.upload_folder(upload_id))
        raise
    except Conflict:
        storage.delete_prefix(storage_keys.upload_parts(upload_id))
        raise


def assemble(upload: Upload, sha256: str, storage: Storage) -> None:
    """Make the whole of its parts, if its hash is what the client says it is."""
    if missing := uploads.missing_parts(upload):
        some = ", ".join(str(n) for n in missing[:10]) + (", …" if len(missing) > 10 else "")
        raise Invalid([Problem("", "upload_mismatch", f"Not all parts have arrived; missing: {some}.")])
    if upload.sha256 is not None and upload.sha256 != sha256:
        detail = "This is another hash than the one that the upload was announced with."
        raise Invalid([Problem("/sha256", "upload_mismatch", detail)])

    def check(found: str) -> None:
        if found != sha256:
            detail = f"What arrived has the SHA-256 {found}. Send the parts again."
            raise Invalid([Problem("/sha256", "upload_mismatch", detail)])

    parts = [(storage_keys.upload_part(upload.id, part.n), part.bytes) for part in upload.parts]
    storage.join(storage_keys.upload_file(upload.id), parts, check)
