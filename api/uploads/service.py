"""Bytes on their way in: a part is hashed while it arrives, the whole when it is put together."""

import hashlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from fastapi.concurrency import run_in_threadpool
from sqlalchemy.orm import Session

from core.db import uploads
from core.db.models import Upload
from core.errors import Conflict, Invalid, NotFound, Problem, Unavailable
from core.settings import Settings
from core.storage import Storage
from core.storage import keys as storage_keys

CHUNK = 1 << 20


@dataclass(frozen=True)
class Received:
    path: Path
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
    if upload.status != "complete":
        raise Conflict("not_ready", f"Upload {id} is not complete: POST /v1/uploads/{id}/complete first.")
    return upload


def incoming(settings: Settings) -> Path:
    """Where bytes wait until they are whole."""
    folder = settings.data_dir / "incoming"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def check_space(settings: Settings, wanted: int) -> None:
    """Refuse what cannot fit, before its first byte: parts and the whole are on disk together for a moment."""
    free = shutil.disk_usage(incoming(settings)).free
    if wanted > free:
        raise Unavailable("disk_full", f"The server has {free} bytes of disk left; {wanted} are needed.")


@contextmanager
def scratch(settings: Settings) -> Iterator[IO[Any]]:
    """A file without a name: the system takes it back afterwards, even from a process that was killed."""
    with tempfile.TemporaryFile(dir=incoming(settings)) as file:
        yield file


def path_of(file: IO[Any]) -> Path:
    """Where this process can read its nameless file from the beginning."""
    return Path(f"/proc/self/fd/{file.fileno()}")


async def receive(body: AsyncIterator[bytes], file: IO[Any], expected: int) -> Received:
    """Stream a body of exactly `expected` bytes into the file; `Invalid` as soon as it is longer, or was shorter."""
    hasher, size = hashlib.sha256(), 0

    def take(chunk: bytes) -> None:
        hasher.update(chunk)
        file.write(chunk)

    async for chunk in body:
        size += len(chunk)
        if size > expected:
            break
        if chunk:
            await run_in_threadpool(take, chunk)
    if size != expected:
        more = "more than " if size > expected else ""
        count = expected if size > expected else size
        detail = f"This part must have {expected} bytes; {more}{count} came."
        raise Invalid([Problem("", "upload_mismatch", detail)])
    await run_in_threadpool(file.flush)
    return Received(path_of(file), size, hasher.hexdigest())


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


def assemble(upload: Upload, sha256: str, storage: Storage, settings: Settings) -> None:
    """Put the parts together and store the whole, if its hash is what the client says it is."""
    if missing := uploads.missing_parts(upload):
        some = ", ".join(str(n) for n in missing[:10]) + (", …" if len(missing) > 10 else "")
        raise Invalid([Problem("", "upload_mismatch", f"Not all parts have arrived; missing: {some}.")])
    if upload.sha256 is not None and upload.sha256 != sha256:
        detail = "This is another hash than the one that the upload was announced with."
        raise Invalid([Problem("/sha256", "upload_mismatch", detail)])
    check_space(settings, upload.bytes)
    hasher, size = hashlib.sha256(), 0
    with scratch(settings) as file:
        for part in upload.parts:
            with storage.fetch(storage_keys.upload_part(upload.id, part.n)).open("rb") as source:
                while chunk := source.read(CHUNK):
                    hasher.update(chunk)
                    size += len(chunk)
                    file.write(chunk)
        file.flush()
        if size != upload.bytes or hasher.hexdigest() != sha256:
            detail = f"What arrived are {size} bytes with SHA-256 {hasher.hexdigest()}. Send the parts again."
            raise Invalid([Problem("/sha256", "upload_mismatch", detail)])
        storage.put(storage_keys.upload_file(upload.id), path_of(file))
