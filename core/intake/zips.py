"""Zip archives, member by member, into memory.

`zipfile` reads the directory; members are unpacked here, because Python before 3.11.8 neither notices members that
share their bytes (the quoted-overlap bomb: 116 KB that unpack to 17 GB) nor holds a member to the size it declares.
"""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from core.intake.failures import rejected
from core.intake.limits import Limits
from core.intake.members import Budget, Member, archive_size, check_size, corrupt, too_large, unsafe
from core.intake.names import clean, shown

_LOCAL = struct.Struct("<4s5H3L2H")  # signature, version, flags, method, time, date, crc, sizes, name and extra lengths
ENCRYPTED = 0x1 | 0x40 | 0x2000  # classic, strong, masked directory
_DESCRIPTOR = 0x8  # sizes and CRC follow the data
_UTF8 = 0x800
_ELSEWHERE = 0xFFFFFFFF  # the size is in the zip64 extra field


class DirectoryGuard:
    """The file as `zipfile` sees it: a directory of any declared size would be read in one piece."""

    def __init__(self, file: IO[bytes], limits: Limits) -> None:
        self._file, self._limits = file, limits
        self.seek, self.tell, self.close = file.seek, file.tell, file.close

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if size > self._limits.header_bytes:
            raise too_large(f"Its directory declares {size:,} bytes; {self._limits.header_bytes:,} are allowed")
        return self._file.read(size)


def read_zip(path: Path, limits: Limits) -> Iterator[Member]:
    budget = Budget(limits, archive_size(path, limits))
    with path.open("rb") as file:
        try:
            archive = zipfile.ZipFile(DirectoryGuard(file, limits))
        except UnicodeDecodeError as error:
            name = bytes(error.object).decode("utf-8", "replace")
            raise unsafe(name, "is a name that is not UTF-8 although it says so") from error
        except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, OverflowError) as error:
            reason = str(error).rstrip(".")
            raise corrupt(f"The directory at the end of the zip cannot be read or is cut off: {reason}") from error
        entries = sorted(archive.infolist(), key=lambda info: info.header_offset)
        for info in entries:
            budget.member(info.orig_filename)
            _check_entry(info, limits)
        starts = data_starts(file, entries, archive.start_dir)
        for info, start in zip(entries, starts, strict=True):
            raw = _name(info)
            name = clean(raw, limits)
            if raw.endswith("/"):
                if info.file_size:
                    raise unsafe(raw, "is a folder that holds bytes")
                yield Member(name, raw, None)
                continue
            data = _unpack(file, info, start)
            budget.produced(len(data))
            yield Member(name, raw, data)


def _name(info: zipfile.ZipInfo) -> str:
    """Without the UTF-8 flag the bytes are UTF-8 all the same from many tools (macOS), else code page 437."""
    if info.flag_bits & _UTF8:
        return info.orig_filename
    try:
        return info.orig_filename.encode("cp437").decode()
    except UnicodeDecodeError:
        return info.orig_filename


def _check_entry(info: zipfile.ZipInfo, limits: Limits) -> None:
    name = info.orig_filename
    if info.flag_bits & ENCRYPTED:
        raise rejected("archive_encrypted", f"{shown(name)} is encrypted.", "Pack the archive without a password.")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        detail = f"{shown(name)} is packed with method {info.compress_type}."
        raise rejected("archive_unsupported", detail, "Pack it with deflate, as zip does by default, or without.")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind and kind not in (stat.S_IFREG, stat.S_IFDIR):
        raise unsafe(name, f"is a {_KINDS.get(kind, 'special file')}")
    check_size(name, max(info.file_size, info.compress_size), limits)
    if info.file_size > limits.member_slack_bytes and info.file_size > limits.member_ratio * info.compress_size:
        raise too_large(f"{shown(name)} unpacks to more than {limits.member_ratio} times its packed size")


_KINDS = {
    stat.S_IFLNK: "symbolic link",
    stat.S_IFIFO: "named pipe",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
    stat.S_IFSOCK: "socket",
}


def data_starts(file: IO[bytes], entries: list[zipfile.ZipInfo], directory: int) -> list[int]:
    """Where each member's bytes begin; entries come by offset, and no two may share a byte."""
    starts = []
    end_before = 0
    for info in entries:
        if info.header_offset < end_before:
            raise unsafe(info.orig_filename, "shares its bytes with another member")
        file.seek(info.header_offset)
        header = file.read(_LOCAL.size)
        if len(header) < _LOCAL.size or header[:4] != b"PK\x03\x04":
            raise corrupt(f"{shown(info.orig_filename)} has no header where the directory says")
        _, _, flags, method, _, _, crc, packed, unpacked, name_length, extra_length = _LOCAL.unpack(header)
        encoding = "utf-8" if info.flag_bits & _UTF8 else "cp437"
        same = file.read(name_length) == info.orig_filename.encode(encoding)
        same = same and not flags & ENCRYPTED and method == info.compress_type
        if not flags & _DESCRIPTOR:
            sizes = (info.compress_size, info.file_size)
            same = same and crc == info.CRC
            same = same and all(a in (b, _ELSEWHERE) for a, b in zip((packed, unpacked), sizes, strict=True))
        if not same:
            raise corrupt(f"The header of {shown(info.orig_filename)} is not what the directory says")
        start = info.header_offset + _LOCAL.size + name_length + extra_length
        end_before = start + info.compress_size
        starts.append(start)
    if end_before > directory:
        raise unsafe(entries[-1].orig_filename, "shares its bytes with the directory")
    return starts


def _unpack(file: IO[bytes], info: zipfile.ZipInfo, start: int) -> bytes:
    """At most one byte more than declared is ever produced; sizes and CRC must be right."""
    file.seek(start)
    data = file.read(info.compress_size)
    if len(data) < info.compress_size:
        raise corrupt(f"{shown(info.orig_filename)} is cut off")
    if info.compress_type == zipfile.ZIP_DEFLATED:
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            data = inflate.decompress(data, info.file_size + 1)
        except zlib.error as error:
            raise corrupt(f"{shown(info.orig_filename)} cannot be unpacked: {error}") from error
        if len(data) <= info.file_size and (not inflate.eof or inflate.unused_data):
            raise corrupt(f"{shown(info.orig_filename)} does not end where it should")
    if len(data) != info.file_size:
        raise corrupt(f"{shown(info.orig_filename)} does not unpack to the {info.file_size:,} bytes it declares")
    if zlib.crc32(data) != info.CRC:
        raise corrupt(f"{shown(info.orig_filename)} has a wrong CRC: its bytes have changed")
    return data
