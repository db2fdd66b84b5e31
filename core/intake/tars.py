"""Tar archives, plain or in gzip, xz or Zstandard, as a stream that is read once.

`tarfile` parses the single header; the walk is here, because `TarFile` reads an extended header of any size into
memory, ends quietly at a damaged header in the middle, and calls itself once per header of a chain.
"""

import gzip
import io
import lzma
import os
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import zstandard

from core.intake.failures import rejected
from core.intake.limits import Limits
from core.intake.members import Budget, Member, archive_size, check_size, corrupt, unsafe
from core.intake.names import clean, shown

_BLOCK = 512
_ZEROS = bytes(_BLOCK)
_REGULAR = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE)
_PAX = (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE)
_LABEL = b"V"  # GNU: the volume's name
_EXTENDED_BYTES = 2**20  # one extended header; paths are far shorter
_WINDOW_BYTES = 2**27  # what a reader of Zstandard must keep; `zstd --long` asks for this much, --ultra for less
_FRAME_HEADER_BYTES = 18  # at most
_SKIPPABLE = b"\x50\x2a\x4d\x18"  # the first byte's lower half may be anything
_RLE_BLOCK = 1
_KINDS = {
    tarfile.LNKTYPE: "hard link",
    tarfile.SYMTYPE: "symbolic link",
    tarfile.CHRTYPE: "device",
    tarfile.BLKTYPE: "device",
    tarfile.FIFOTYPE: "named pipe",
    tarfile.GNUTYPE_SPARSE: "sparse file",
}


def read_tar(path: Path, packing: str, limits: Limits) -> Iterator[Member]:
    """`packing`: none, gzip, xz or zstd."""
    budget = Budget(limits, archive_size(path, limits))
    with path.open("rb") as file:
        yield from _read(file, packing, budget, limits)


def read_tar_bytes(data: bytes, packing: str, limits: Limits) -> Iterator[Member]:
    """A tar that lay inside another one."""
    return _read(io.BytesIO(data), packing, Budget(limits, len(data)), limits)


def _read(file: IO[bytes], packing: str, budget: Budget, limits: Limits) -> Iterator[Member]:
    try:
        stream = _Stream(_unpacked(file, packing), budget)
        yield from _walk(stream, budget, limits)
        stream.drain()
    except EOFError as error:
        raise corrupt("The archive is cut off: it ends in the middle") from error
    except (zlib.error, lzma.LZMAError, gzip.BadGzipFile, zstandard.ZstdError) as error:
        raise corrupt(f"The archive cannot be unpacked: {error}") from error


def _unpacked(file: IO[bytes], packing: str) -> IO[bytes]:
    if packing == "gzip":
        return gzip.GzipFile(fileobj=file, mode="rb")  # type: ignore[return-value]
    if packing == "xz":
        return lzma.LZMAFile(file, format=lzma.FORMAT_XZ)
    if packing == "zstd":
        _check_frames(file)
        packed = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES)
        return packed.stream_reader(file, read_across_frames=True)
    return file


def _check_frames(file: IO[bytes]) -> None:
    """Every frame of Zstandard ends in this file: its reader takes the end of the file for the end of a frame.

    Reads the headers of frames and blocks alone, and leaves the file at its beginning.
    """
    size = file.seek(0, os.SEEK_END)
    at = 0
    while at < size:
        file.seek(at)
        head = file.read(_FRAME_HEADER_BYTES)
        if head[1:4] == _SKIPPABLE[1:] and head[0] & 0xF0 == _SKIPPABLE[0]:
            at += 8 + int.from_bytes(head[4:8], "little")
            continue
        frame = zstandard.get_frame_parameters(head)
        at += zstandard.frame_header_size(head)
        last = False
        while not last:
            file.seek(at)
            block = int.from_bytes(file.read(3), "little")
            last, kind = bool(block & 1), block >> 1 & 3
            at += 3 + (1 if kind == _RLE_BLOCK else block >> 3)
            if at > size:
                raise EOFError
        at += 4 if frame.has_checksum else 0
    if at > size:
        raise EOFError
    file.seek(0)


class _Stream:
    """Exact reads of bounded size, every byte counted."""

    def __init__(self, source: IO[bytes], budget: Budget) -> None:
        self._source, self._budget = source, budget

    def read(self, size: int) -> bytes:
        data = self._source.read(size)
        self._budget.produced(len(data))
        if len(data) < size:
            raise EOFError
        return data

    def padded(self, size: int) -> bytes:
        """`size` bytes, and the padding up to the next block."""
        return self.read(size + -size % _BLOCK)[:size]

    def drain(self) -> None:
        """Read on to the end, so that the packing's own check sums are looked at; only zeros may follow."""
        while data := self._source.read(2**20):
            self._budget.produced(len(data))
            if data.strip(b"\0"):
                raise corrupt("More data follows after the end of the tar archive")


def _walk(stream: _Stream, budget: Budget, limits: Limits) -> Iterator[Member]:
    extended: dict[str, str] = {}  # what the headers before say about the next member
    first = True
    while (block := stream.read(_BLOCK)) != _ZEROS:
        try:
            info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except (tarfile.HeaderError, ValueError) as error:
            if first:
                hint = "Upload a zip, tar, tar.gz, tar.xz or tar.zst."
                raise rejected("archive_unsupported", "The file is neither a zip nor a tar archive.", hint) from error
            raise corrupt(f"A tar header is damaged: {error}") from error
        first = False
        if info.size < 0:
            raise corrupt(f"{shown(info.name)} declares a negative size")
        if info.type in (*_PAX, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK):
            extended |= _extended_header(stream, budget, info)
            continue
        if info.type == _LABEL:
            continue
        raw = extended.get("path", info.name)
        budget.member(raw)
        if info.type not in (*_REGULAR, tarfile.DIRTYPE) or any(key.startswith("GNU.sparse") for key in extended):
            raise unsafe(raw, f"is a {_KINDS.get(info.type, 'special file')}")
        size = _size(extended, info)
        extended = {}
        name = clean(raw, limits)
        if info.type == tarfile.DIRTYPE or raw.endswith("/"):
            yield Member(name, raw, None)
            continue
        check_size(raw, size, limits)
        yield Member(name, raw, stream.padded(size))
    if extended:
        raise corrupt("The archive ends after a header that announces one more member")


def _size(extended: dict[str, str], info: tarfile.TarInfo) -> int:
    text = extended.get("size", str(info.size))
    if not (text.isascii() and text.isdigit() and len(text) <= 20):
        raise corrupt(f"{shown(info.name)} declares the size {shown(text)}")
    return int(text)


def _extended_header(stream: _Stream, budget: Budget, info: tarfile.TarInfo) -> dict[str, str]:
    """What a pax or GNU header says about the member after it."""
    if info.size > _EXTENDED_BYTES:
        raise unsafe(info.name, f"is a header of {info.size:,} bytes")
    budget.header(info.size + _BLOCK)
    data = stream.padded(info.size)
    if info.type == tarfile.GNUTYPE_LONGLINK:
        return {}
    if info.type == tarfile.GNUTYPE_LONGNAME:
        return {"path": data.rstrip(b"\0").decode("utf-8", "surrogateescape")}
    records = _pax_records(data)
    if info.type != tarfile.XGLTYPE:
        return records
    if records.keys() & {"path", "size", "linkpath"}:
        raise unsafe(info.name, "is a global header that renames or resizes every member")
    return {}


def _pax_records(data: bytes) -> dict[str, str]:
    """Records `<length> <key>=<value>` and a newline; the length counts the whole record."""
    records = {}
    at, end = 0, len(data.rstrip(b"\0"))
    while at < end:
        length, space, _ = data[at : at + 20].partition(b" ")
        if not space or not length.isdigit() or at + int(length) > end:
            raise corrupt("A pax header is damaged")
        record = data[at + len(length) + 1 : at + int(length)]
        key, equals, value = record.partition(b"=")
        if not equals or not value.endswith(b"\n"):
            raise corrupt("A pax header is damaged")
        records[key.decode("utf-8", "replace")] = value[:-1].decode("utf-8", "surrogateescape")
        at += int(length)
    return records
