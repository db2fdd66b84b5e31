"""A file that one thread of one process at a time has to itself, and that may be renamed or deleted meanwhile."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from core.errors import NotFound


@contextmanager
def locked(path: Path) -> Iterator[IO[bytes]]:
    """The file, made where it is not there, and nobody else's meanwhile; `NotFound` where its folder is gone."""
    while True:
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError as error:
            raise NotFound("file", path.parent.name) from error
        with os.fdopen(handle, "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            try:
                same = os.path.samestat(path.stat(), os.fstat(file.fileno()))
            except FileNotFoundError:
                same = False
            if same:
                yield file
                return
        # Whoever held the lock has renamed or deleted it meanwhile: look again.
