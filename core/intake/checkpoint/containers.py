"""The two formats of `torch.save`: a zip of stored members, and before version 1.6 pickles with the storages behind."""

import mmap
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.checkpoint_codes import rejected
from core.errors import TrainingFailed
from core.intake.checkpoint.described import Storage, broken
from core.intake.checkpoint.machine import describe
from core.intake.checkpoint.window import Window
from core.intake.limits import DEFAULT
from core.intake.zips import ENCRYPTED, DirectoryGuard, data_starts

MAX_MEMBERS = 200_000
MAGIC = 0x1950A86A20F9469CFC6C  # the first value in a file of the older format
PROTOCOL = 1001  # the second


@dataclass(frozen=True)
class Place:
    """Where a storage lies in the file, in bytes; `crc` where the writer took the trouble."""

    start: int
    length: int
    crc: int = 0


@dataclass(frozen=True)
class Contents:
    """`held` is what was saved, described; `places` are the storages by their keys."""

    data: mmap.mmap
    held: Any
    places: Mapping[str, Place]
    big_endian: bool = False


def open_checkpoint(path: Path) -> Contents:
    """Map the file and describe what it holds. TrainingFailed with a code of `core.checkpoint_codes`."""
    with path.open("rb") as file:
        if not path.stat().st_size:
            raise broken("it is empty")
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if data[:4] == b"PK\x03\x04":
            return _read_zip(path, data)
    return _read_older(data)


# --- zip ----------------------------------------------------------------------------------------------------------


def _read_zip(path: Path, data: mmap.mmap) -> Contents:
    places, pickle_name = _members(path, len(data))
    folder = pickle_name.removesuffix("data.pkl")
    order = places.get(f"{folder}byteorder", Place(0, 0))
    if order.length > 6 or (said := data[order.start : order.start + order.length]) not in (b"", b"little", b"big"):
        raise broken("it says no proper byte order")
    pickle = places[pickle_name]
    check_crc(data, pickle, "its pickle")
    held = describe(Window(data, pickle.start, pickle.start + pickle.length))
    begin = f"{folder}data/"
    storages = {name.removeprefix(begin): place for name, place in places.items() if name.startswith(begin)}
    return Contents(data, held, storages, said == b"big")


def _members(path: Path, size: int) -> tuple[dict[str, Place], str]:
    """Every member's place, and which of them is the pickle. Refuses whatever torch.save does not write."""
    with path.open("rb") as file:
        try:
            archive = zipfile.ZipFile(DirectoryGuard(file, DEFAULT))
            entries = sorted(archive.infolist(), key=lambda entry: entry.header_offset)
            names = [entry.filename for entry in entries]
            if any(name.endswith("/constants.pkl") or "/code/" in name for name in names):
                raise rejected("checkpoint_unsafe", "The file is a TorchScript program, not a checkpoint.")
            pickles = [name for name in names if name.endswith("/data.pkl")]
            if len(pickles) != 1:
                detail = "The file is a zip archive of other files, not a checkpoint."
                raise rejected("checkpoint_corrupt", detail, "Unpack it and upload the one checkpoint that is meant.")
            _check_members(entries, size)
            starts = data_starts(file, entries, archive.start_dir)
        except TrainingFailed as error:
            if error.failure.code.startswith("checkpoint_"):
                raise
            raise rejected("checkpoint_corrupt", error.failure.detail) from error  # as for any archive
        except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, OverflowError) as error:
            detail = "The file begins like a PyTorch file, but is broken or cut off."
            raise rejected("checkpoint_corrupt", detail) from error
    found = zip(entries, starts, strict=True)
    return {entry.filename: Place(start, entry.file_size, entry.CRC) for entry, start in found}, pickles[0]


def _check_members(entries: list[zipfile.ZipInfo], size: int) -> None:
    if len(entries) > MAX_MEMBERS:
        raise rejected("checkpoint_too_expensive", f"{len(entries):,} members; at most {MAX_MEMBERS:,} are read.")
    if len({entry.filename for entry in entries}) != len(entries) or any(e.flag_bits & ENCRYPTED for e in entries):
        raise rejected("checkpoint_corrupt", "The file holds encrypted members, or two of the same name.")
    expanded = sum(entry.file_size for entry in entries)
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        detail = f"The file holds compressed members that grow to {expanded:,} bytes; torch.save compresses nothing."
        raise rejected("checkpoint_too_expensive", detail)
    if expanded > size or any(entry.file_size != entry.compress_size for entry in entries):
        detail = f"The file declares {expanded:,} bytes of content, more than it has."
        raise rejected("checkpoint_too_expensive", detail)


def check_crc(data: mmap.mmap, place: Place, what: str) -> None:
    if place.crc and zlib.crc32(memoryview(data)[place.start : place.start + place.length]) != place.crc:
        raise broken(f"{what} has changed since it was written (its checksum is wrong)")


# --- the older format ---------------------------------------------------------------------------------------------


def _read_older(data: mmap.mmap) -> Contents:
    """Magic number, version, machine, what was saved, the storages' keys: five pickles; then the storages in turn.

    Each is a count of values in eight bytes, and the values: little-endian, whatever machine wrote them.
    """
    window = Window(data, 0, len(data))
    if describe(window) != MAGIC:
        detail = "The file is a pickle of something else, not a PyTorch checkpoint."
        raise rejected("checkpoint_corrupt", detail, "Save it with torch.save, or better as safetensors.")
    if describe(window := Window(data, window.at, len(data))) != PROTOCOL:
        raise broken("it is of no known version of the format")
    if not isinstance(describe(window := Window(data, window.at, len(data))), dict):
        raise broken("it does not say on which machine it was written")
    storages: dict[str, Storage] = {}
    held = describe(window := Window(data, window.at, len(data)), storages)
    keys = describe(window := Window(data, window.at, len(data)))
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys) or len(set(keys)) != len(keys):
        raise broken("it does not say which storages follow")
    places = {}
    at = window.at
    for key in keys:
        count = int.from_bytes(data[at : at + 8], "little", signed=True)
        if key not in storages or len(data) - at < 8 or count != storages[key].whole:
            raise broken("its storages are not those that its tensors lie in")
        places[key] = Place(at + 8, count * storages[key].item)
        at += 8 + places[key].length
        if at > len(data):
            raise broken("its last tensors are missing")
    return Contents(data, held, places)
