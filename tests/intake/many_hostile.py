"""Hundreds of archives that must be refused: each unsafe name and each kind of member in each container, at each place.

    python -m tests.intake.many_hostile FOLDER

reads them all, in a process of its own with the limits of a strict operator, and prints a line of JSON for each.
"""

import gzip
import io
import json
import lzma
import sys
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import TrainingFailed
from core.intake.limits import DEFAULT
from core.intake.sandbox import confine, explained
from tests.intake.hostile import GOOD_TAR, GOOD_ZIP, PNG, TREE, UNSAFE_NAMES, zstd
from tests.intake.make import tar_member
from tests.intake.raw_zip import Entry, raw_zip
from tests.intake.reading import listing, read

LIMITS = replace(DEFAULT, memory_bytes=512 * 2**20, seconds=10)

NAMES = UNSAFE_NAMES | {
    "two up": "../../evil.png",
    "up at the end": "train/cat/..",
    "up in the middle": "train/cat/../../../evil.png",
    "home of root": "/root/.ssh/authorized_keys",
    "passwd": "/etc/passwd",
    "process": "/proc/self/mem",
    "two slashes": "//evil.png",
    "drive alone": "C:evil.png",
    "lower drive": "z:\\evil.png",
    "device path": "\\\\.\\PhysicalDrive0",
    "UNC": "\\\\server\\share\\evil.png",
    "mixed slashes": "train/..\\..\\evil.png",
    "tab": "train/cat/a\tb.png",
    "carriage return": "train/cat/a\rb.png",
    "bell": "train/cat/\x07.png",
    "delete": "train/cat/\x7f.png",
    "next line": "train/cat/\x85x.png",
    "left-to-right": "train/cat/\u202dx.png",
    "embedding": "train/cat/\u202ax.png",
    "mark": "train/cat/\u200fx.png",
    "Arabic mark": "train/cat/\u061cx.png",
    "paragraph separator": "train/cat/\u2029x.png",
    "isolate to the left": "train/cat/\u2067x.png",
    "long folder": "y" * 520 + "/x.png",
    "long in bytes": "train/cat/" + "\u732b" * 170 + ".png",
    "seventeen levels": "/".join("abcdefghijklmnopq") + "/x.png",
}
KINDS = {
    "symbolic link": (tarfile.SYMTYPE, "../../../etc/passwd"),
    "link to itself": (tarfile.SYMTYPE, "odd"),
    "absolute link": (tarfile.SYMTYPE, "/etc"),
    "hard link": (tarfile.LNKTYPE, "train/cat/0.png"),
    "hard link outside": (tarfile.LNKTYPE, "../outside"),
    "character device": (tarfile.CHRTYPE, ""),
    "block device": (tarfile.BLKTYPE, ""),
    "fifo": (tarfile.FIFOTYPE, ""),
    "unknown": (b"Z", ""),
}
MODES = {"symbolic link": 0o120777, "character device": 0o020666, "block device": 0o060666, "fifo": 0o010666}
MODES |= {"socket": 0o140777}
PLACES = ("first", "last")


@dataclass(frozen=True)
class Case:
    """`member`: what the refusal must name."""

    code: str
    make: Callable[[], bytes]
    member: str | None = None


def placed(good: list[Entry], odd: Entry, place: str) -> bytes:
    return raw_zip([odd, *good] if place == "first" else [*good, odd])


def zipped(odd: Entry, place: str) -> bytes:
    return placed([Entry(name.encode(), data) for name, data in TREE.items()], odd, place)


def tarred(odd: tarfile.TarInfo, data: bytes, place: str, form: int) -> bytes:
    members = [(tar_member(name, size=len(content)), content) for name, content in TREE.items()]
    members.insert(0 if place == "first" else len(members), (odd, data))
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for info, content in members:
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".xz": lzma.compress,
    ".zst": zstd,
}


def named() -> Iterator[tuple[str, Case]]:
    """Unsafe names."""
    for what, name in NAMES.items():
        raw = name.encode()
        for place in PLACES:
            for method in (0, 8):
                entry = Entry(raw, PNG, method=method)
                make = lambda e=entry, p=place: zipped(e, p)  # noqa: E731
                yield f"zip {method}, {place}: {what}", Case("archive_unsafe", make, name)
            for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
                packing = list(PACKINGS)[(len(what) + form) % 4]
                info = tar_member(name, size=len(PNG))
                make = lambda i=info, p=place, f=form, k=packing: PACKINGS[k](tarred(i, PNG, p, f))  # noqa: E731
                yield f"tar{packing} {form}, {place}: {what}", Case("archive_unsafe", make, name)


def special() -> Iterator[tuple[str, Case]]:
    """Members that are no files."""
    for place in PLACES:
        for what, (kind, target) in KINDS.items():
            for packing in PACKINGS:
                info = tar_member("train/cat/odd", type=kind, linkname=target)
                make = lambda i=info, p=place, k=packing: PACKINGS[k](tarred(i, b"", p, tarfile.PAX_FORMAT))  # noqa: E731
                yield f"tar{packing}, {place}: {what}", Case("archive_unsafe", make, "train/cat/odd")
        for what, mode in MODES.items():
            entry = Entry(b"train/cat/odd", b"/etc/passwd", mode=mode)
            make = lambda e=entry, p=place: zipped(e, p)  # noqa: E731
            yield f"zip, {place}: {what}", Case("archive_unsafe", make, "train/cat/odd")


def lying() -> Iterator[tuple[str, Case]]:
    """Entries whose figures are not true, each of the four in turn."""
    lies = {
        "wrong CRC": ("archive_corrupt", {"crc": 1}),
        "less than it is": ("archive_corrupt", {"size": 20}),
        "more than it is": ("archive_corrupt", {"size": 5_000}),
        "terabytes": ("archive_too_large", {"size": 2**31}),
        "another name inside": ("archive_corrupt", {"local_name": b"../evil.png"}),
        "another method inside": ("archive_corrupt", {"local_method": 0}),
        "encrypted": ("archive_encrypted", {"flags": 0x801}),
        "LZMA": ("archive_unsupported", {"method": 14}),
        "not deflate": ("archive_corrupt", {"packed": b"\xff" * 50}),
    }
    names = list(TREE)
    for number, name in enumerate(names):
        for what, (code, change) in lies.items():
            entries = [Entry(n.encode(), TREE[n], **(change if n == name else {})) for n in names]  # type: ignore[arg-type]
            make = lambda e=entries: raw_zip(e)  # noqa: E731
            yield f"zip, entry {number}: {what}", Case(code, make, name)


def cut() -> Iterator[tuple[str, Case]]:
    """Broken off at thirty places; a tar's own end is two blocks of zeros, and padding."""
    wholes = {"zip": GOOD_ZIP, "tar": GOOD_TAR[: GOOD_TAR.rindex(b"IEND") + 8]}
    wholes |= {f"tar{packing}": pack(GOOD_TAR) for packing, pack in PACKINGS.items() if packing}
    for form, whole in wholes.items():
        for part in range(1, 31):
            length = 600 + (len(whole) - 610) * part // 31 if form != "zip" else len(whole) * part // 31
            yield f"{form}, cut off after {length}", Case("archive_corrupt", lambda w=whole, n=length: w[:n])  # type: ignore[misc]


CASES: dict[str, Case] = {**dict(named()), **dict(special()), **dict(lying()), **dict(cut())}


def peak_memory() -> int:
    """Bytes. The kernel's usage figures would begin with those of the process that started this one."""
    line = next(one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def main(folder: Path) -> None:
    """{"case", "code", "detail", "changed", "memory"} for each; `changed`: whether a file anywhere is another one."""
    for name, case in CASES.items():
        target = folder / "near" / "out"
        target.mkdir(parents=True, exist_ok=True)
        (folder / "archive").write_bytes(case.make())
        before = listing(folder)
        try:
            with confine(LIMITS):
                read(target, folder / "archive", LIMITS)
            code, detail = "read", ""
        except (TrainingFailed, MemoryError, OSError) as error:
            failure = explained(error)
            code, detail = failure.code, failure.detail
        told = {"case": name, "code": code, "detail": detail, "changed": listing(folder) != before}
        print(json.dumps(told | {"memory": peak_memory()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
