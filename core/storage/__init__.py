"""Where files live once they are durable: one protocol, a local twin here, others beside it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Protocol
from urllib.parse import unquote, urlparse

from core.storage.local import LocalStorage


class Storage(Protocol):
    """Files by key (built in `core.storage.keys`, nowhere else). A file is there whole or not at all."""

    def put(self, key: str, source: Path) -> None:
        """Store a copy; durable when it returns. Replaces an older file of that key atomically."""
        ...

    def writing(self, key: str) -> AbstractContextManager[IO[bytes]]:
        """A file to write to, stored under the key when the block ends well and nowhere when it does not."""
        ...

    def join(self, key: str, parts: Sequence[tuple[str, int]], check: Callable[[str], None]) -> None:
        """Make one file of the parts, each (key, bytes), in this order; `check` gets its SHA-256 and may raise.

        Parts go away as they are taken in, so that the whole lies on disk little more than once. What was killed or
        refused can be done again: parts taken in before need not be there, those that are there replace them.
        One call at a time; a second waits. `NotFound` where a part is missing.
        """
        ...

    def free_bytes(self) -> int:
        """Room that is left; nothing larger can be stored."""
        ...

    def folders(self, prefix: str) -> list[str]:
        """The names directly below a folder of keys."""
        ...

    def files(self, prefix: str) -> Iterator[str]:
        """The keys of everything below a folder of keys, also of what a killed writer left behind."""
        ...

    def fetch(self, key: str) -> Path:
        """A local path to read the file from; `NotFound` where there is none. Not to be written to."""
        ...

    def exists(self, key: str) -> bool: ...

    def delete(self, key: str) -> None:
        """Gone afterwards, also when it was not there."""
        ...

    def delete_prefix(self, prefix: str) -> None:
        """Everything below a folder of keys."""
        ...


def open_storage(url: str) -> Storage:
    parts = urlparse(url)
    if parts.scheme != "file":
        raise ValueError(f"DISTILLERY_STORAGE_URL: {parts.scheme or url!r} is not supported; use file:///a/folder")
    return LocalStorage(Path(unquote(parts.path)))
