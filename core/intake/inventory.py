"""The first pass: every member looked at once, images measured and set aside in one file of our own.

A source is read only once, from front to back, however its members are ordered; decoding then picks the images in the
order of their names. The members' names never become names on our disk.
"""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from core.intake.images import Unreadable, meant_as_image, measure, misnamed, sniff
from core.intake.limits import Limits
from core.intake.members import Listed, Member
from core.intake.names import is_junk


@dataclass(frozen=True)
class Found:
    """One image of the source, or a file that says something about them."""

    offset: int  # in the spool
    length: int
    size: tuple[int, int] = (0, 0)  # width, height as the header says; (0, 0) where it is unreadable
    problem: str = ""
    kind: str = ""  # its format
    raw: bool = False  # bare RGB rather than a file

    def read(self, spool: int) -> bytes:
        """Its bytes; threads may read side by side."""
        return os.pread(spool, self.length, self.offset)


@dataclass
class Inventory:
    spool: Path
    ignored: Listed
    unreadable: Listed  # filled when the images are decoded
    images: dict[str, Found] = field(default_factory=dict)  # by clean path
    notes: dict[str, Found] = field(default_factory=dict)  # by clean path: tables, lists of names
    folders: set[str] = field(default_factory=set)
    misnamed: list[str] = field(default_factory=list)

    def add(self, path: str, data: bytes, spool: IO[bytes], limits: Limits) -> None:
        """One image file; `spool` stands at its end."""
        self.images[path] = _measured(path, data, spool.tell(), limits)
        spool.write(data)

    def add_raw(self, path: str, pixels: NDArray[np.uint8], spool: IO[bytes]) -> None:
        """One image of (height, width, 3)."""
        height, width, _ = pixels.shape
        self.images[path] = Found(spool.tell(), pixels.nbytes, (width, height), kind="array", raw=True)
        spool.write(np.ascontiguousarray(pixels).data)

    def note(self, path: str) -> bytes:
        with self.spool.open("rb") as spool:
            return self.notes[path].read(spool.fileno())


def take_stock(
    members: Iterable[Member],
    spool: Path,
    limits: Limits,
    tick: Callable[[str], None],
    is_note: Callable[[str], bool] = lambda _: False,
) -> Inventory:
    """Read the whole source; `tick` is called with a sentence at each member and may raise.

    `is_note` says by a clean path which files are kept although they are no images.
    """
    inventory = Inventory(spool, Listed(limits.listed), Listed(limits.listed))
    with spool.open("wb") as out:
        for number, member in enumerate(members, 1):
            tick(f"{number:,} files read")
            if is_junk(member.path):
                if member.data is not None:
                    inventory.ignored.add(member.path, "left behind by an operating system")
            elif member.data is None:
                inventory.folders.add(member.path)
            else:
                inventory.folders.add(member.path.rpartition("/")[0])
                if is_note(member.path):
                    inventory.notes[member.path] = Found(out.tell(), len(member.data))
                    out.write(member.data)
                elif not meant_as_image(member.path, member.data):
                    inventory.ignored.add(member.path, "not an image")
                else:
                    inventory.add(member.path, member.data, out, limits)
                    if misnamed(member.path, member.data):
                        inventory.misnamed.append(member.path)
    return inventory


def _measured(path: str, data: bytes, offset: int, limits: Limits) -> Found:
    try:
        size = measure(path, data, limits)
    except Unreadable as problem:
        return Found(offset, len(data), problem=str(problem))
    return Found(offset, len(data), size, kind=sniff(data) or "")
