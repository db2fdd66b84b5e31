"""Zip archives byte by byte, so that every field can lie."""

import struct
import zlib
from dataclasses import dataclass


@dataclass
class Entry:
    """None: what is true. `local_*` differ from the directory's only where they are given."""

    name: bytes
    data: bytes = b""
    method: int = 8
    flags: int = 0x800
    crc: int | None = None
    size: int | None = None
    packed_size: int | None = None
    mode: int = 0o100644
    local_name: bytes | None = None
    local_size: int | None = None
    local_method: int | None = None
    packed: bytes | None = None
    offset: int | None = None
    extra: bytes = b""


def raw_zip(entries: list[Entry], directory_size: int | None = None) -> bytes:
    out, directory = bytearray(), bytearray()
    for e in entries:
        squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = e.packed
        if packed is None:
            packed = squeeze.compress(e.data) + squeeze.flush() if e.method == 8 else e.data
        crc = zlib.crc32(e.data) if e.crc is None else e.crc
        size = len(e.data) if e.size is None else e.size
        packed_size = len(packed) if e.packed_size is None else e.packed_size
        offset = len(out) if e.offset is None else e.offset
        local_name = e.name if e.local_name is None else e.local_name
        local_size = size if e.local_size is None else e.local_size
        method = e.method if e.local_method is None else e.local_method
        if e.offset is None:
            out += b"PK\3\4" + struct.pack("<5H", 20, e.flags, method, 0, 33)
            out += struct.pack("<3L2H", crc, packed_size, local_size, len(local_name), 0) + local_name + packed
        directory += b"PK\1\2" + struct.pack("<6H", 3 << 8 | 20, 20, e.flags, e.method, 0, 33)
        directory += struct.pack("<3L", crc, packed_size, size)
        directory += struct.pack("<5H2L", len(e.name), len(e.extra), 0, 0, 0, e.mode << 16, offset) + e.name + e.extra
    declared = len(directory) if directory_size is None else directory_size
    end = b"PK\5\6" + struct.pack("<4H2LH", 0, 0, len(entries), len(entries), declared, len(out), 0)
    return bytes(out + directory) + end


def quoted_overlap(count: int, data: bytes) -> bytes:
    """Each member's bytes are a stored block that holds the next header, and at last the one shared kernel."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    kernel = squeeze.compress(data) + squeeze.flush()
    names = [f"train/cat/{i:04d}.png".encode() for i in range(count)]

    def local(name: bytes, crc: int, packed: int, size: int) -> bytes:
        fields = struct.pack("<5H3L2H", 20, 0, 8, 0, 33, crc, packed, size, len(name), 0)
        return b"PK\3\4" + fields + name

    headers = [local(names[-1], zlib.crc32(data), len(kernel), len(data))]
    sizes = [(zlib.crc32(data), len(kernel), len(data))]
    content = headers[0] + data
    for name in reversed(names[:-1]):
        quoted = sum(len(h) + 5 for h in headers)
        crc, packed, size = zlib.crc32(content), quoted + len(kernel), len(content)
        header = local(name, crc, packed, size)
        headers.insert(0, header)
        sizes.insert(0, (crc, packed, size))
        content = header + content
    out, offsets = bytearray(), []
    for i, header in enumerate(headers):
        offsets.append(len(out))
        out += header
        if i + 1 < count:
            length = len(headers[i + 1])
            out += struct.pack("<BHH", 0, length, length ^ 0xFFFF)
    out += kernel
    directory = bytearray()
    for name, offset, (crc, packed, size) in zip(names, offsets, sizes, strict=True):
        directory += b"PK\1\2" + struct.pack("<6H3L", 20, 20, 0, 8, 0, 33, crc, packed, size)
        directory += struct.pack("<5H2L", len(name), 0, 0, 0, 0, 0, offset) + name
    end = b"PK\5\6" + struct.pack("<4H2LH", 0, 0, count, count, len(directory), len(out), 0)
    return bytes(out + directory) + end
