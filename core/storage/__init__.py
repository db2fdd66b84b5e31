"""Where files live once they are durable: one protocol, a local twin here, others beside it."""

from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlparse

from core.storage.local import LocalStorage


class Storage(Protocol):
    """Files by key (built in `core.storage.keys`, nowhere else). A file is there whole or not at all."""

    def put(self, key: str, source: Path) -> None:
        """Store a copy; durable when it returns. Replaces an older file of that key atomically."""
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
