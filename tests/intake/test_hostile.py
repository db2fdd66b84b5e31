"""Hostile archives: refused as a whole, by the expected code, naming the member; nothing is written anywhere."""

import gzip
import io
import lzma
import os
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import TrainingFailed
from core.intake.limits import DEFAULT
from tests.intake.make import Tree, picture, split_tree, tar_member, write_folder, write_tar, write_zip
from tests.intake.raw_zip import Entry, quoted_overlap, raw_zip
from tests.intake.reading import read

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


def negative_size() -> bytes:
    header = bytearray(tar_member("train/cat/x.png").tobuf(tarfile.USTAR_FORMAT))
    header[124:136] = b"\xff" * 12
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + tar()


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]


def zip_with_name(name: str) -> bytes:
    return entries(Entry(name.encode("utf-8", "surrogatepass"), PNG))


GOOD_ZIP, GOOD_TAR = entries(), tar()
GOOD_GZ = gzip.compress(GOOD_TAR)
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
    "tar: negative size": ("archive_corrupt", negative_size),
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


def listing(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() if p.is_file() else b"" for p in folder.rglob("*")}


def refused(tmp_path: Path, source: Path, code: str, **options: Any) -> TrainingFailed:
    """Refused by this code, and not a byte is left or changed anywhere near."""
    out = tmp_path / "near" / "out"
    out.mkdir(parents=True)
    (tmp_path / "near" / "canary").write_bytes(b"sings")
    before = listing(tmp_path)
    with pytest.raises(TrainingFailed) as error:
        read(out, source, **options)
    assert listing(tmp_path) == before
    failure = error.value.failure
    assert (failure.code, failure.retryable) == (code, False), failure.detail
    assert failure.title and failure.detail.endswith(".") and failure.detail.isprintable()
    return error.value


@pytest.mark.parametrize("case", ARCHIVES)
def test_archive_refused(tmp_path: Path, case: str) -> None:
    code, make = ARCHIVES[case]
    (tmp_path / "archive").write_bytes(make())
    refused(tmp_path, tmp_path / "archive", code, limits=SMALL)


def test_the_good_ones_pass_under_the_same_limits(tmp_path: Path) -> None:
    for name, data in {"zip": GOOD_ZIP, "tar": GOOD_TAR, "gz": GOOD_GZ, "xz": lzma.compress(GOOD_TAR)}.items():
        (tmp_path / name).write_bytes(data)
        assert read(tmp_path / f"out-{name}", tmp_path / name, limits=SMALL)["counts"] == {"train": 2, "val": 2}


def test_the_overlap_bomb_is_a_bomb(tmp_path: Path) -> None:
    """Python's own reader takes it: without our check its members would all be read."""
    (tmp_path / "a.zip").write_bytes(quoted_overlap(20, bytes(3000)))
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert sum(info.file_size for info in archive.infolist()) > 60_000


def test_the_member_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(special(tarfile.SYMTYPE, name="train/cat/link.png", linkname="x"))
    assert "'train/cat/link.png' is a symbolic link" in refused(tmp_path, tmp_path / "a", "archive_unsafe").detail


LAYOUTS: dict[str, tuple[str, Tree]] = {
    "no file": ("dataset_empty", {}),
    "no image": ("dataset_empty", {"train/cat/a.txt": b"x"}),
    "images at the root": ("dataset_empty", {"a.png": PNG, "b.png": PNG}),
    "no train": ("dataset_empty", {"val/cat/a.png": PNG, "val/dog/a.png": PNG}),
    "one class": ("dataset_classes_invalid", {"train/cat/a.png": PNG, "val/cat/a.png": PNG}),
    "wrapped twice": ("dataset_classes_invalid", {f"a/b/{name}": data for name, data in TREE.items()}),
    "class in val alone": ("dataset_classes_invalid", TREE | {"val/bird/0.png": PNG}),
    "class in test alone": ("dataset_classes_invalid", TREE | {"test/bird/0.png": PNG}),
    "class without images": ("dataset_classes_invalid", TREE | {"train/bird/notes.txt": b"x"}),
    "classes equal but for case": ("dataset_classes_invalid", TREE | {"train/Cat/0.png": PNG}),
    "classes equal after NFC": (
        "dataset_classes_invalid",
        TREE | {"train/é/0.png": PNG, "train/e\u0301/1.png": PNG},
    ),
    "val twice": ("dataset_classes_invalid", TREE | {"valid/cat/0.png": PNG}),
    "too few to draw from": ("dataset_empty", {"cat/0.png": PNG, "dog/0.png": PNG}),
    "unreadable": ("dataset_images_unreadable", TREE | {"train/cat/1.png": PNG[:50]}),
    "all of a split unreadable": ("dataset_images_unreadable", dict.fromkeys(TREE, PNG[:50])),
    "TIFF": ("dataset_images_unreadable", {n: picture(1, kind="TIFF") for n in TREE if n.endswith("png")}),
    "pixel bomb": ("image_too_large", TREE | {"train/cat/1.png": picture(1, (300, 2))}),
    "too many pixels": ("dataset_too_large", {n: picture(1, (150, 150)) for n in TREE}),
}


@pytest.mark.parametrize("case", LAYOUTS)
@pytest.mark.parametrize("form", ["folder", "zip", "tar"])
def test_layout_refused(tmp_path: Path, form: str, case: str) -> None:
    code, tree = LAYOUTS[case]
    write = {"folder": write_folder, "zip": write_zip, "tar": write_tar}[form]
    (tmp_path / "source").mkdir() if form == "folder" else None
    limits = replace(DEFAULT, max_side=250, packed_bytes=4 * 150 * 150 * 3 - 1)
    refused(tmp_path, write(tmp_path / "source", tree), code, limits=limits)


def test_every_unreadable_image_is_listed(tmp_path: Path) -> None:
    source = write_zip(tmp_path / "a.zip", TREE | {"train/cat/1.png": PNG[:50], "val/dog/1.png": b"no"})
    failure = refused(tmp_path, source, "dataset_images_unreadable").failure
    assert [entry["name"] for entry in failure.errors] == ["train/cat/1.png", "val/dog/1.png"]


def test_an_empty_class_folder(tmp_path: Path) -> None:
    source = write_folder(tmp_path / "set", TREE)
    (source / "train" / "bird").mkdir()
    assert "'train/bird'" in refused(tmp_path, source, "dataset_classes_invalid").detail


def test_a_folder_with_links_or_special_files(tmp_path: Path) -> None:
    odd: dict[str, Callable[[Path], None]] = {
        "link": lambda p: p.symlink_to("/etc/passwd"),
        "folder-link": lambda p: p.symlink_to("/etc"),
        "fifo": os.mkfifo,
    }
    for name, make in odd.items():
        source = write_folder(tmp_path / name / "set", TREE)
        make(source / "train" / "cat" / "odd.png")
        with pytest.raises(TrainingFailed, match=r"'train/cat/odd.png' is a link or a special file"):
            read(tmp_path / f"out-{name}", source)


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    refused(tmp_path, tmp_path / "nowhere", "dataset_not_found")
    with pytest.raises(TrainingFailed, match="archive_unsupported"):
        read(tmp_path / "out", Path("/dev/null"))


@pytest.mark.parametrize("form", ["zip", "tar", "gz", "xz"])
def test_no_damaged_byte_is_more_than_a_refusal(tmp_path: Path, form: str) -> None:
    good = {"zip": GOOD_ZIP, "tar": GOOD_TAR, "gz": GOOD_GZ, "xz": lzma.compress(GOOD_TAR)}[form]
    for number, at in enumerate(range(0, len(good), max(1, len(good) // 400))):
        (tmp_path / "archive").write_bytes(flipped(good, at))
        try:
            read(tmp_path / "out", tmp_path / "archive", limits=SMALL)
        except TrainingFailed as error:
            assert error.code.startswith(("archive_", "dataset_", "image_")), number
