"""The first pass: every member looked at once, images measured and set aside in one file of our own.

A source is read only once, from front to back, however its members are ordered; decoding then picks the images in the
order of their names. The members' names never become names on our disk.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from core.intake.images import Unreadable, meant_as_image, measure, misnamed
from core.intake.limits import Limits
from core.intake.members import Listed, Member
from core.intake.names import is_junk


@dataclass(frozen=True)
class Found:
    """One image of the source."""

    offset: int  # in the spool
    length: int
    digest: bytes  # of its bytes, to find the same picture in two splits
    size: tuple[int, int]  # width, height as the header says; (0, 0) where it is unreadable
    problem: str = ""


@dataclass
class Inventory:
    spool: Path
    ignored: Listed
    unreadable: Listed  # filled when the images are decoded
    images: dict[str, Found] = field(default_factory=dict)  # by clean path
    folders: set[str] = field(default_factory=set)
    misnamed: list[str] = field(default_factory=list)


def take_stock(members: Iterator[Member], spool: Path, limits: Limits, tick: Callable[[str], None]) -> Inventory:
    """Read the whole source; `tick` is called with a sentence at each member and may raise."""
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
                if not meant_as_image(member.path, member.data):
                    inventory.ignored.add(member.path, "not an image")
                else:
                    inventory.images[member.path] = _measured(member.path, member.data, out.tell(), limits)
                    out.write(member.data)
                    if misnamed(member.path, member.data):
                        inventory.misnamed.append(member.path)
    return inventory


def _measured(path: str, data: bytes, offset: int, limits: Limits) -> Found:
    digest = hashlib.blake2b(data, digest_size=16).digest()
    try:
        return Found(offset, len(data), digest, measure(path, data, limits))
    except Unreadable as problem:
        return Found(offset, len(data), digest, (0, 0), str(problem))
