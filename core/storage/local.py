"""Storage in a folder: temp file in the same folder, fsync, rename, fsync of the folder."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import IO

from core.errors import NotFound
from core.points import reach
from core.storage.lock import locked

CHUNK = 1 << 20
SETTLE_BYTES = 256 << 20  # parts that lie on disk twice while they are joined


def sync_folder(folder: Path) -> None:
    """Make a rename in this folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class LocalStorage:
    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(parents=True, exist_ok=True)

    def _path(self, key: str) -> Path:
        path = (self._root / key).resolve()
        if not path.is_relative_to(self._root.resolve()):
            raise ValueError(f"key {key!r} leaves the storage folder")
        return path

    @contextmanager
    def writing(self, key: str) -> Iterator[IO[bytes]]:
        target = self._path(key)
        handle, name = _temporary(target.parent)
        try:
            with os.fdopen(handle, "wb") as out:
                yield out
                out.flush()
                reach("store.written")
                os.fsync(out.fileno())
            reach("store.synced")
            os.replace(name, target)
            reach("store.renamed")
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        sync_folder(target.parent)

    def put(self, key: str, source: Path) -> None:
        with self.writing(key) as out, source.open("rb") as data:
            shutil.copyfileobj(data, out, CHUNK)

    def join(self, key: str, parts: Sequence[tuple[str, int]], check: Callable[[str], None]) -> None:
        target = self._path(key)
        growing = target.with_name(f".{target.name}.joining")
        with locked(growing) as file:
            there = [self._path(part) for part, _ in parts if self._path(part).exists()]
            if target.exists() and not there:  # joined before, by a call that did not live to tell
                growing.unlink()
                with target.open("rb") as whole:
                    check(hashlib.file_digest(whole, "sha256").hexdigest())
                return
            check(self._take_in(file, parts))
            os.replace(growing, target)
        sync_folder(target.parent)

    def _take_in(self, file: IO[bytes], parts: Sequence[tuple[str, int]]) -> str:
        """Bring every part to its place in the file, durably; the SHA-256 of the whole."""
        hasher, offset, unsettled = hashlib.sha256(), 0, 0
        taken: list[Path] = []

        def settle() -> None:  # a part goes only when its bytes are safe in the whole
            file.flush()
            os.fsync(file.fileno())
            for path in taken:
                path.unlink(missing_ok=True)
            taken.clear()

        for key, size in parts:
            path = self._path(key)
            with path.open("rb") if path.exists() else nullcontext() as part:
                file.seek(offset)
                for chunk in _exactly(part or file, size, key):
                    hasher.update(chunk)
                    if part is not None:
                        file.write(chunk)
                if part is not None:
                    taken.append(path)
                    unsettled += size
            offset += size
            if unsettled >= SETTLE_BYTES:
                settle()
                unsettled = 0
        file.truncate(offset)
        settle()
        return hasher.hexdigest()

    @contextmanager
    def reading(self, key: str, start: int = 0, stop: int | None = None) -> Iterator[Iterator[bytes]]:
        with self.fetch(key).open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(start)
            yield _exactly(file, (size if stop is None else stop) - start, key)

    def free_bytes(self) -> int:
        return shutil.disk_usage(self._root).free

    def folders(self, prefix: str) -> list[str]:
        path = self._path(prefix)
        return [entry.name for entry in os.scandir(path) if entry.is_dir()] if path.is_dir() else []

    def files(self, prefix: str) -> Iterator[str]:
        root = self._root.resolve()
        for folder, _, names in os.walk(self._path(prefix)):
            for name in names:
                yield str((Path(folder) / name).relative_to(root))

    def unfinished(self) -> Iterator[str]:
        return iter(())  # what a killed writer left in a folder is a file there

    def abandon(self, name: str) -> None:
        raise ValueError(f"{name!r} is no unfinished write of a folder")

    def fetch(self, key: str, hold: Path | None = None) -> Path:  # noqa: ARG002 - nobody takes it away
        path = self._path(key)
        if not path.is_file():
            raise NotFound("file", key)
        return path

    def exists(self, key: str) -> bool:
        return self._path(key).is_file()

    def delete(self, key: str) -> None:
        path = self._path(key)
        path.unlink(missing_ok=True)
        with suppress(OSError):  # a folder goes with its last file
            path.parent.rmdir()

    def delete_prefix(self, prefix: str) -> None:
        shutil.rmtree(self._path(prefix), ignore_errors=True)


def _temporary(folder: Path) -> tuple[int, str]:
    """An open file there; again where the folder went with its last file in this very moment."""
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            return tempfile.mkstemp(dir=folder, prefix=".put-")


def _exactly(source: IO[bytes], size: int, key: str) -> Iterator[bytes]:
    while size:
        chunk = source.read(min(size, CHUNK))
        if not chunk:
            raise NotFound("file", key)
        size -= len(chunk)
        yield chunk
