"""Files to the service and from it: resumable, several parts at once, never a whole file in memory."""

import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING

from cli.wire import ApiError, Json, Unreachable
from core.errors import DistilleryError, Invalid, Problem

if TYPE_CHECKING:
    from cli.client import Client

Moved = Callable[[str, int, int], None]  # (what is being done, bytes so far, of so many)
PATIENCE = 120.0  # seconds for which a broken download is tried again
IN_FLIGHT = 4  # parts at once
PIECE = 1 << 18  # bytes of a part in memory at once
SLOWEST = 20e6  # bytes/s that a service is expected to put a file together at


class Abandoned(Exception):
    """Raised by a `Moved` whose caller is not waiting any longer."""


def nothing(_what: str, _done: int, _total: int) -> None:
    """For those who do not watch."""


def sha256_of(path: Path, moved: Moved = nothing) -> str:
    hasher, done, total = hashlib.sha256(), 0, path.stat().st_size
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            hasher.update(chunk)
            done += len(chunk)
            moved(f"hashing {path.name}", done, total)
    return hasher.hexdigest()


def digest_of(path: Path, moved: Moved = nothing) -> str:
    """`Invalid` for a file that cannot be read."""
    try:
        return sha256_of(path, moved)
    except OSError as error:
        raise Invalid([Problem("", "unreadable_file", f"Cannot read {path}: {error.strerror}.")]) from error


def send_file(client: "Client", path: Path, purpose: str, moved: Moved = nothing, digest: str | None = None) -> Json:
    """The complete upload of these bytes: found again by their hash, gone on with, or begun."""
    digest = digest or digest_of(path, moved)
    total = path.stat().st_size
    for status in ("complete", "open"):
        known = list(client.each("/v1/uploads", most=1, sha256=digest, purpose=purpose, status=status))
        if known:
            upload = known[0]
            break
    else:
        wish = {"filename": path.name[-200:], "bytes": total, "purpose": purpose, "sha256": digest}
        upload = client.post("/v1/uploads", wish)
    if upload["status"] == "complete":
        moved(f"uploading {path.name}", total, total)
        return upload
    while upload["missing"]:
        _send_parts(client, path, upload, moved)
        upload = client.get(f"/v1/uploads/{upload['id']}")
    seconds = 60 + total / SLOWEST
    return client.post(f"/v1/uploads/{upload['id']}/complete", {"sha256": digest}, timeout=seconds)


def _send_parts(client: "Client", path: Path, upload: Json, moved: Moved) -> None:
    """All that are missing, a few at a time; the first that fails ends it when those in flight are over."""
    size, total, lock = upload["part_size"], upload["bytes"], threading.Lock()
    done = sum(part["bytes"] for part in upload["parts"])

    def count(more: int) -> None:
        nonlocal done
        with lock:
            done += more
            moved(f"uploading {path.name}", done, total)

    def send(n: int) -> None:
        start = (n - 1) * size
        length = min(size, total - start)
        told = 0

        def pieces() -> Iterator[bytes]:
            nonlocal told
            count(-told)  # tried again: from its beginning
            told = 0
            with path.open("rb") as file:
                file.seek(start)
                left = length
                while left and (piece := file.read(min(PIECE, left))):
                    yield piece
                    left -= len(piece)
                    told += len(piece)
                    count(len(piece))

        client.put(f"/v1/uploads/{upload['id']}/parts/{n}", pieces, length)

    count(0)
    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        parts = [pool.submit(send, n) for n in upload["missing"]]
        try:
            wait(parts, return_when=FIRST_EXCEPTION)
        finally:
            pool.shutdown(cancel_futures=True)
    for part in parts:
        if not part.cancelled():
            part.result()


def fetch_file(client: "Client", url: str, target: Path, *, bytes: int, sha256: str, moved: Moved = nothing) -> None:
    """The verified file at `target`. What a broken transfer left in `.part` is gone on with."""
    what = f"downloading {target.name}"
    if target.is_file() and target.stat().st_size == bytes and sha256_of(target) == sha256:
        moved(what, bytes, bytes)
        return
    part = target.with_name(f".{target.name}.part")
    deadline = time.monotonic() + PATIENCE
    while (have := part.stat().st_size if part.exists() else 0) < bytes:
        try:
            with part.open("r+b" if part.exists() else "wb") as file:
                for offset, chunk in client.stream(url, start=have, etag=f'"sha256-{sha256}"'):
                    file.seek(offset)
                    file.write(chunk)
                    file.truncate()
                    moved(what, offset + len(chunk), bytes)
                    deadline = time.monotonic() + PATIENCE
        except (Unreachable, ApiError) as error:
            hopeless = isinstance(error, ApiError) and error.status not in (429, 503)
            if hopeless or client.stopped or time.monotonic() > deadline:
                raise
            client.rest(1.0)
    found = sha256_of(part)
    if found != sha256:
        part.unlink()
        raise DistilleryError("wrong_bytes", f"{target.name} arrived damaged (sha256 {found}). Run the command again.")
    os.replace(part, target)


def fetch_student(client: "Client", student: Json, folder: Path, moved: Moved = nothing) -> list[Path]:
    """All files of a student, verified, in `folder`."""
    if not student["files"]:
        detail = f"Student {student['label']} has no weights yet (it is {student['status']})."
        raise DistilleryError("no_files", detail)
    targets = [folder / Path(file["name"]).name for file in student["files"]]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, target in zip(student["files"], targets, strict=True):
            fetch_file(client, file["url"], target, bytes=file["bytes"], sha256=file["sha256"], moved=moved)
    except OSError as error:
        raise DistilleryError("unwritable", f"Cannot write to {folder}: {error.strerror}.") from error
    return targets
