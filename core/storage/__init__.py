"""Where files live once they are durable: one protocol and its twins, a folder and a bucket."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Protocol
from urllib.parse import unquote, urlsplit

from core.errors import Unavailable
from core.settings import Settings
from core.storage.cache import Cache
from core.storage.local import LocalStorage


class Storage(Protocol):
    """Files by key (built in `core.storage.keys`, nowhere else). A file is there whole or not at all.

    `StorageUnavailable`, or another OSError, from any of these where a disk or a bucket fails.
    """

    def put(self, key: str, source: Path) -> None:
        """Store a copy; durable when it returns. Replaces an older file of that key atomically."""
        ...

    def writing(self, key: str) -> AbstractContextManager[IO[bytes]]:
        """A file to write to, stored under the key when the block ends well and nowhere when it does not."""
        ...

    def reading(self, key: str, start: int = 0, stop: int | None = None) -> AbstractContextManager[Iterator[bytes]]:
        """The bytes from `start` up to `stop`, within the file, piece by piece; `NotFound` where there is no file."""
        ...

    def join(self, key: str, parts: Sequence[tuple[str, int]], check: Callable[[str], None]) -> None:
        """Make one file of the parts, each (key, bytes), in this order; `check` gets its SHA-256 and may raise.

        The parts are gone afterwards; a folder takes them in one by one, so that the whole lies on its disk little
        more than once. What was killed or refused can be done again: parts taken in before need not be there, those
        that are there replace them. A second call on the same machine waits; elsewhere both end alike. `NotFound`
        where a part is missing.
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

    def unfinished(self) -> Iterator[str]:
        """Names of writes that have begun and not ended: under way, or a killed writer's, whose bytes take room."""
        ...

    def abandon(self, name: str) -> None:
        """End an unfinished write; a writer that still lives fails."""
        ...

    def fetch(self, key: str, hold: Path | None = None) -> Path:
        """A local path to read the file from; `NotFound` where there is none. Not to be written to.

        A bucket's file is a copy, checked against its hash (`Damaged`). It may be dropped after ten minutes, but not
        while the folder `hold` is there.
        """
        ...

    def exists(self, key: str) -> bool: ...

    def delete(self, key: str) -> None:
        """Gone afterwards, also when it was not there."""
        ...

    def delete_prefix(self, prefix: str) -> None:
        """Everything below a folder of keys."""
        ...


def open_storage(settings: Settings) -> Storage:
    """`StorageUnavailable` where a bucket does not answer or refuses, `Unavailable` without the package it needs."""
    url = urlsplit(settings.storage)
    if url.scheme == "file":
        return LocalStorage(Path(unquote(url.path)))
    try:
        from core.storage.bucket import Bucket
        from core.storage.s3 import S3Storage
    except ModuleNotFoundError as error:
        detail = f"{settings.storage} needs a package ({error.name} is not here): pip install 'distillery[s3]'"
        raise Unavailable("not_installed", detail) from error
    secret_key = settings.storage_secret_key
    bucket = Bucket(
        url.netloc,
        unquote(url.path).strip("/"),
        endpoint=settings.storage_endpoint,
        region=settings.storage_region,
        access_key=settings.storage_access_key,
        secret_key=secret_key.get_secret_value() if secret_key else None,
    )
    return S3Storage(bucket, Cache(settings.data_dir / "cache", settings.cache_bytes))
