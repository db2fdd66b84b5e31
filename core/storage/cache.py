"""Local copies of a bucket's files, in a folder of bounded size; and room there for what is on its way to the bucket.

Copies are flat files, `<key, quoted>@<version>`: what is replaced in the bucket is another file here.
"""

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from urllib.parse import quote

from core.storage.lock import locked

KEEP_SECONDS = 600.0  # a copy that was asked for so recently may not have been opened yet


class Cache:
    """`limit`: bytes. Copies asked for in the last ten minutes stay even beyond it."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder, self._limit = folder, limit

    def get(self, key: str, version: str, size: int, fill: Callable[[IO[bytes]], None]) -> Path:
        """The copy; where there is none, `fill` writes one. Several that ask for the same wait for one transfer."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{_name(key)}@{hashlib.sha256(version.encode()).hexdigest()[:16]}"
        if _is_there(path, size):
            return path
        growing = path.with_name(f".{path.name}.fetching")
        with locked(growing) as file:
            try:
                if not _is_there(path, size):
                    self._make_room(size)
                    file.truncate(0)
                    fill(file)
                    file.flush()
                    os.fsync(file.fileno())  # a copy under its name is trusted, also after a power cut
                    os.replace(growing, path)
            finally:
                growing.unlink(missing_ok=True)
        return path

    def _make_room(self, wanted: int) -> None:
        """Drop what was not used for longest, as far as the limit or the disk itself want it."""
        there: list[tuple[float, int, Path]] = []
        for path in self._folder.iterdir():
            with suppress(FileNotFoundError):  # another process makes room too
                found = path.stat()
                there.append((found.st_mtime, found.st_size, path))
        excess = sum(size for _, size, _ in there) + wanted - self._limit
        excess = max(excess, wanted - shutil.disk_usage(self._folder).free)
        for used, size, path in sorted(there):
            if excess <= 0 or used > time.time() - KEEP_SECONDS:
                break
            path.unlink(missing_ok=True)
            excess -= size

    def hold(self, copy: Path, folder: Path) -> Path:
        """The same file in that folder, where it stays though the cache drops it."""
        folder.mkdir(parents=True, exist_ok=True)
        held = folder / copy.name
        if not held.exists():
            try:
                os.link(copy, held)
            except OSError:  # another disk, or one that knows no links
                shutil.copyfile(copy, held)
        return held

    def forget(self, key: str) -> None:
        """Drop the copies of a file, and of everything below a folder of that name."""
        for pattern in (f"{_name(key)}@*", f"{_name(key + '/')}*"):
            for path in self._folder.glob(pattern):
                path.unlink(missing_ok=True)

    @contextmanager
    def spool(self) -> Iterator[IO[bytes]]:
        """A file without a name, gone with whoever writes it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=self._folder) as file:
            yield file

    @contextmanager
    def alone(self, key: str) -> Iterator[None]:
        """Only one at a time on this machine does something to this file."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f".{_name(key)}.joining"
        with locked(path):
            try:
                yield
            finally:
                path.unlink(missing_ok=True)


def _name(key: str) -> str:
    return quote(key, safe="")


def _is_there(path: Path, size: int) -> bool:
    """Whether the copy is there; if so, it has just been used."""
    try:
        os.utime(path)
        return path.stat().st_size == size
    except FileNotFoundError:
        return False
