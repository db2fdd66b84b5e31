"""Archives that must be refused: name -> (expected code, how to make it)."""

import gzip
import io
import lzma
import os
import tarfile
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import zstandard

from core.intake.limits import DEFAULT
from tests.intake.make import picture, split_tree, tar_member
from tests.intake.raw_zip import Entry, quoted_overlap, raw_zip

TREE = split_tree(per_class=1)
PNG = picture(5)
SMALL = replace(
    DEFAULT,
    archive_bytes=200_000,
    members=50,
    member_bytes=60_000,
    expanded_bytes=150_000,
    expanded_slack_bytes=50_000,
    expanded_ratio=5,
    member_slack_bytes=1_000,
    header_bytes=20_000,
)


def entries(*more: Entry, **change: Any) -> bytes:
    """A good zip with more entries; `change` makes its second entry lie."""
    good = [Entry(name.encode(), data) for name, data in TREE.items()]
    good[1] = replace(good[1], **change)
    return raw_zip([*good, *more])


def tar(*more: tuple[tarfile.TarInfo, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    """A good tar with more members."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, data in TREE.items():
            archive.addfile(tar_member(name, size=len(data)), io.BytesIO(data))
        for info, data in more:
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def file(name: str, data: bytes = PNG, **fields: Any) -> tuple[tarfile.TarInfo, bytes]:
    return tar_member(name, size=len(data), **fields), data


def special(kind: bytes, name: str = "train/cat/x", **fields: Any) -> bytes:
    return tar((tar_member(name, type=kind, **fields), b""))


def blocks(kind: bytes, name: str, data: bytes, size: int | None = None) -> bytes:
    """One raw header with its data, as an archive would hold it."""
    info = tar_member(name, type=kind, size=len(data) if size is None else size)
    return info.tobuf(tarfile.GNU_FORMAT) + data + bytes(-len(data) % 512)


def damaged_header() -> bytes:
    data = bytearray(tar())
    at = data.index(b"train/dog")
    data[at] ^= 1
    return bytes(data)


def negative_size(kind: bytes) -> bytes:
    header = bytearray(tar_member("train/cat/x.png", type=kind).tobuf(tarfile.USTAR_FORMAT))
    header[124:136] = b"\xff" * 12
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + tar()


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]


def zip_with_name(name: str) -> bytes:
    return entries(Entry(name.encode("utf-8", "surrogatepass"), PNG))


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


def zstd_window(size: int) -> bytes:
    """Its reader would have to keep so many bytes."""
    log = size.bit_length() - 1
    how = zstandard.ZstdCompressionParameters(window_log=log, write_content_size=False, enable_ldm=True)
    squeeze = zstandard.ZstdCompressor(compression_params=how).compressobj()
    return squeeze.compress(GOOD_TAR) + squeeze.flush()


GOOD_ZIP, GOOD_TAR = entries(), tar()
GOOD_GZ, GOOD_ZST = gzip.compress(GOOD_TAR), zstd(GOOD_TAR)
BLANK = bytes(59_000)
AES = b"\x01\x99\x07\x00\x02\x00AE\x03\x08\x00"

UNSAFE_NAMES = {
    "traversal": "../evil.png",
    "traversal inside": "train/../../evil.png",
    "absolute": "/tmp/evil.png",
    "drive": "C:/evil.png",
    "backslash": "train\\cat\\evil.png",
    "backslash traversal": "..\\evil.png",
    "network share": "//server/share/evil.png",
    "newline": "train/cat/a\nb.png",
    "escape": "train/cat/\x1b[2J.png",
    "C1 control": "train/cat/\x85.png",
    "right-to-left": "train/cat/\u202egnp.exe",
    "isolate": "train/cat/\u2066x.png",
    "line separator": "train/cat/\u2028.png",
    "long": "train/cat/" + "x" * 600,
    "deep": "a/" * 20 + "x.png",
}

ARCHIVES: dict[str, tuple[str, Callable[[], bytes]]] = {
    **{f"zip: {k}": ("archive_unsafe", lambda n=n: zip_with_name(n)) for k, n in UNSAFE_NAMES.items()},  # type: ignore[misc]
    **{f"tar: {k}": ("archive_unsafe", lambda n=n: tar(file(n))) for k, n in UNSAFE_NAMES.items()},  # type: ignore[misc]
    # zip
    "zip: NUL": ("archive_unsafe", lambda: entries(Entry(b"train/cat/a.png\0.txt", PNG))),
    "zip: name not UTF-8": ("archive_unsafe", lambda: entries(Entry(b"train/cat/\xff.png", PNG))),
    "zip: empty name": ("archive_unsafe", lambda: entries(Entry(b"", PNG))),
    "zip: nameless file": ("archive_unsafe", lambda: entries(Entry(b".", PNG))),
    "zip: symlink": ("archive_unsafe", lambda: entries(Entry(b"train/cat/l", b"/etc/passwd", mode=0o120777))),
    "zip: device": ("archive_unsafe", lambda: entries(Entry(b"train/cat/d", mode=0o020666))),
    "zip: fifo": ("archive_unsafe", lambda: entries(Entry(b"train/cat/p", mode=0o010666))),
    "zip: folder with bytes": ("archive_unsafe", lambda: entries(Entry(b"train/cat/", b"x"))),
    "zip: twice": ("archive_unsafe", lambda: entries(Entry(b"train/cat/0.png", PNG))),
    "zip: twice after NFC": (
        "archive_unsafe",
        lambda: entries(Entry("train/cat/é.png".encode(), PNG), Entry("train/cat/e\u0301.png".encode(), PNG)),
    ),
    "zip: twice by ./": ("archive_unsafe", lambda: entries(Entry(b"train/./cat//0.png", PNG))),
    "zip: file and folder": ("archive_unsafe", lambda: entries(Entry(b"train/cat", PNG))),
    "zip: file in a file": ("archive_unsafe", lambda: entries(Entry(b"train/cat/0.png/x.png", PNG))),
    "zip: two entries, one place": ("archive_unsafe", lambda: entries(Entry(b"train/cat/9.png", PNG, offset=0))),
    "zip: quoted overlap": ("archive_unsafe", lambda: quoted_overlap(20, bytes(3000))),
    "zip: into the directory": (
        "archive_unsafe",
        lambda: entries(Entry(b"x", PNG, method=0, packed_size=len(PNG) + 9)),
    ),
    "zip: encrypted": ("archive_encrypted", lambda: entries(flags=0x801)),
    "zip: strongly encrypted": ("archive_encrypted", lambda: entries(flags=0x841)),
    "zip: AES": ("archive_encrypted", lambda: entries(flags=0x801, method=99, extra=AES, packed=PNG)),
    "zip: LZMA": ("archive_unsupported", lambda: entries(method=14)),
    "zip: bzip2": ("archive_unsupported", lambda: entries(method=12)),
    "zip: unknown method": ("archive_unsupported", lambda: entries(method=77)),
    "zip: wrong CRC": ("archive_corrupt", lambda: entries(crc=1)),
    "zip: flipped byte": ("archive_corrupt", lambda: flipped(GOOD_ZIP, 120)),
    "zip: cut off": ("archive_corrupt", lambda: GOOD_ZIP[:-100]),
    "zip: first half": ("archive_corrupt", lambda: GOOD_ZIP[: len(GOOD_ZIP) // 2]),
    "zip: declares less": ("archive_corrupt", lambda: entries(size=20)),
    "zip: declares more": ("archive_corrupt", lambda: entries(size=5_000)),
    "zip: stored, declares more": ("archive_corrupt", lambda: entries(method=0, size=5_000)),
    "zip: data after the end": ("archive_corrupt", lambda: entries(packed=b"\x03\x00extra", data=b"", crc=0)),
    "zip: not deflate": ("archive_corrupt", lambda: entries(packed=b"\xff" * 50)),
    "zip: other name inside": ("archive_corrupt", lambda: entries(local_name=b"../../evil.png ")),
    "zip: other size inside": ("archive_corrupt", lambda: entries(local_size=3)),
    "zip: other method inside": ("archive_corrupt", lambda: entries(local_method=0)),
    "zip: offset outside": ("archive_corrupt", lambda: entries(Entry(b"y.png", PNG, offset=2**31))),
    "zip: broken extra": ("archive_corrupt", lambda: entries(size=2**32 - 1, extra=b"\x01\x00\x02\x00ab")),
    "zip: bomb by ratio": ("archive_too_large", lambda: entries(Entry(b"x.png", BLANK))),
    "zip: bomb by size": ("archive_too_large", lambda: entries(Entry(b"x.png", bytes(70_000), method=0))),
    "zip: bomb by declaration": ("archive_too_large", lambda: entries(size=2**31)),
    "zip: bomb by sum": (
        "archive_too_large",
        lambda: entries(*[Entry(f"{i}.png".encode(), os.urandom(200) * 100) for i in range(8)]),
    ),
    "zip: bomb by count": ("archive_too_large", lambda: entries(*[Entry(b"%d" % i) for i in range(60)])),
    "zip: directory bomb": ("archive_too_large", lambda: raw_zip([Entry(bytes(300) + b"%d" % i) for i in range(80)])),
    "zip: too many bytes": ("archive_too_large", lambda: entries(Entry(b"x.png", os.urandom(201_000)))),
    # tar
    "tar: symlink": ("archive_unsafe", lambda: special(tarfile.SYMTYPE, linkname="/etc/passwd")),
    "tar: empty symlink": ("archive_unsafe", lambda: special(tarfile.SYMTYPE, name="", linkname="..")),
    "tar: hard link": ("archive_unsafe", lambda: special(tarfile.LNKTYPE, linkname="train/cat/0.png")),
    "tar: character device": ("archive_unsafe", lambda: special(tarfile.CHRTYPE)),
    "tar: block device": ("archive_unsafe", lambda: special(tarfile.BLKTYPE)),
    "tar: fifo": ("archive_unsafe", lambda: special(tarfile.FIFOTYPE)),
    "tar: sparse": ("archive_unsafe", lambda: blocks(tarfile.GNUTYPE_SPARSE, "s.png", b"") + GOOD_TAR),
    "tar: pax sparse": ("archive_unsafe", lambda: tar(file("s", pax_headers={"GNU.sparse.size": "99999999999"}))),
    "tar: unknown kind": ("archive_unsafe", lambda: special(b"Z")),
    "tar: multi-volume": ("archive_unsafe", lambda: blocks(b"M", "rest.png", PNG) + GOOD_TAR),
    "tar: name not UTF-8": ("archive_unsafe", lambda: tar(file("train/cat/\udcff.png"), form=tarfile.GNU_FORMAT)),
    "tar: empty name": ("archive_unsafe", lambda: tar(file(""))),
    "tar: twice": ("archive_unsafe", lambda: tar(file("train/cat/0.png"))),
    "tar: path by pax": ("archive_unsafe", lambda: tar(file("x", pax_headers={"path": "../evil.png"}))),
    "tar: path for all": ("archive_unsafe", lambda: pax_global({"path": "../evil.png"})),
    "tar: huge long name": ("archive_unsafe", lambda: blocks(b"L", "l", b"", size=2**33) + GOOD_TAR),
    "tar: long name": ("archive_unsafe", lambda: blocks(b"L", "l", b"../" * 200 + b"evil.png\0") + GOOD_TAR),
    "tar: chain of headers": ("archive_too_large", lambda: blocks(b"L", "l", b"abc\0") * 60 + GOOD_TAR),
    "tar: negative size": ("archive_corrupt", lambda: negative_size(tarfile.REGTYPE)),
    "tar: negative header": ("archive_corrupt", lambda: negative_size(tarfile.XHDTYPE)),
    "tar: pax size lies": ("archive_corrupt", lambda: tar(file("x", pax_headers={"size": "-1"}))),
    "tar: pax record lies": ("archive_corrupt", lambda: blocks(b"x", "p", b"999 path=a\n") + GOOD_TAR),
    "tar: pax record empty": ("archive_corrupt", lambda: blocks(b"x", "p", b"0 path=a\n") + GOOD_TAR),
    "tar: damaged header": ("archive_corrupt", damaged_header),
    "tar: cut off in a member": ("archive_corrupt", lambda: GOOD_TAR[:700]),
    "tar: cut off between members": ("archive_corrupt", lambda: GOOD_TAR[:1024]),
    "tar: more after the end": ("archive_corrupt", lambda: GOOD_TAR + GOOD_TAR),
    "tar: ends after a header": ("archive_corrupt", lambda: blocks(b"L", "l", b"abc\0") + bytes(1024)),
    "tar: member too large": ("archive_too_large", lambda: tar(file("x.png", bytes(61_000)))),
    "tar: declares terabytes": ("archive_too_large", lambda: blocks(b"0", "x.png", PNG, size=2**40) + GOOD_TAR),
    "tar: count": ("archive_too_large", lambda: tar(*[file(f"{i}", b"") for i in range(60)])),
    "gzip: cut off": ("archive_corrupt", lambda: GOOD_GZ[:-40]),
    "gzip: no check sum": ("archive_corrupt", lambda: GOOD_GZ[:-8]),
    "gzip: wrong CRC": ("archive_corrupt", lambda: flipped(GOOD_GZ, len(GOOD_GZ) - 7)),
    "gzip: flipped byte": ("archive_corrupt", lambda: flipped(GOOD_GZ, 200)),
    "gzip: bomb": ("archive_too_large", lambda: gzip.compress(GOOD_TAR + bytes(2_000_000))),
    "gzip: bomb of members": (
        "archive_too_large",
        lambda: gzip.compress(tar(*[file(f"{i}", BLANK) for i in range(9)])),
    ),
    "gzip: no tar in it": ("archive_unsupported", lambda: gzip.compress(b"hello " * 500)),
    "xz: cut off": ("archive_corrupt", lambda: lzma.compress(GOOD_TAR)[:-40]),
    "xz: flipped byte": ("archive_corrupt", lambda: flipped(lzma.compress(GOOD_TAR), 300)),
    "xz: bomb": ("archive_too_large", lambda: lzma.compress(GOOD_TAR + bytes(2_000_000))),
    "zstd: cut off": ("archive_corrupt", lambda: GOOD_ZST[:-40]),
    "zstd: no check sum": ("archive_corrupt", lambda: GOOD_ZST[:-4]),
    "zstd: half a frame header": ("archive_corrupt", lambda: GOOD_ZST + GOOD_ZST[:7]),
    "zstd: wrong check sum": ("archive_corrupt", lambda: flipped(GOOD_ZST, len(GOOD_ZST) - 2)),
    "zstd: flipped byte": ("archive_corrupt", lambda: flipped(GOOD_ZST, 300)),
    "zstd: other data after it": ("archive_corrupt", lambda: GOOD_ZST + b"hello " * 20),
    "zstd: two tars": ("archive_corrupt", lambda: GOOD_ZST + GOOD_ZST),
    "zstd: endless window": ("archive_corrupt", lambda: zstd_window(2**30)),
    "zstd: bomb": ("archive_too_large", lambda: zstd(GOOD_TAR + bytes(2_000_000))),
    "zstd: bomb of a member": ("archive_too_large", lambda: zstd(tar(file("x.png", bytes(61_000))))),
    "zstd: bomb of frames": ("archive_too_large", lambda: zstd(tar()[:-10240] + bytes(512)) + zstd(bytes(10**6)) * 99),
    "zstd: no tar in it": ("archive_unsupported", lambda: zstd(b"hello " * 500)),
    # something else
    "bzip2": ("archive_unsupported", lambda: b"BZh9" + bytes(600)),
    "7z": ("archive_unsupported", lambda: b"7z\xbc\xaf\x27\x1c" + bytes(600)),
    "text": ("archive_unsupported", lambda: b"hello " * 500),
    "short text": ("archive_unsupported", lambda: b"hello"),
    "an image": ("archive_unsupported", lambda: picture(1, (60, 60))),
    "empty file": ("archive_unsupported", lambda: b""),
}


def pax_global(headers: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT, pax_headers=headers) as archive:
        archive.addfile(tar_member("train/cat/0.png", size=len(PNG)), io.BytesIO(PNG))
    return out.getvalue()
