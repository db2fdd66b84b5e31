"""Files that only their owner may read: an admin key, a signing key."""

import os
from contextlib import suppress
from pathlib import Path

from core.ids import new_id


def write(path: Path, text: str) -> None:
    """Whole or not at all, mode 0600, in the place of what was there."""
    os.replace(_written_beside(path, text), path)


def write_first(path: Path, text: str) -> None:
    """The same, unless there is a file already: of several processes that write at once, all find the first one's."""
    partial = _written_beside(path, text)
    with suppress(FileExistsError):
        os.link(partial, path)
    partial.unlink()


def _written_beside(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{new_id('part')}")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return partial
