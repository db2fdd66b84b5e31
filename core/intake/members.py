"""What every kind of source yields, and the guards that all of them share."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.intake.failures import rejected
from core.intake.limits import Limits
from core.intake.names import folded, shown


@dataclass(frozen=True)
class Member:
    """A regular file with its bytes, or a folder (`data` is None). `path` is clean (core.intake.names)."""

    path: str
    raw: str  # as the source spelt it, for messages and for finding two spellings of one folder
    data: bytes | None


@dataclass
class Listed:
    """Names with reasons, of which a bounded number is kept and all are counted."""

    cap: int
    total: int = 0
    entries: list[dict[str, Any]] = field(default_factory=list)

    def add(self, name: str, reason: str) -> None:
        self.total += 1
        if len(self.entries) < self.cap:
            self.entries.append({"name": name, "reason": reason})

    def merge(self, other: "Listed") -> None:
        self.total += other.total
        self.entries += other.entries[: self.cap - len(self.entries)]


class Budget:
    """Counts what comes out of a source, and refuses the source once it is too much."""

    def __init__(self, limits: Limits, archive_bytes: int | None = None) -> None:
        """`archive_bytes` is the size of the archive; None for a folder, which cannot be a bomb."""
        self._limits = limits
        self._members = 0
        self._bytes = 0
        self._headers = 0
        self._allowed = limits.expanded_bytes
        if archive_bytes is not None:
            self._allowed = min(self._allowed, limits.expanded_ratio * archive_bytes + limits.expanded_slack_bytes)

    def member(self, name: str) -> None:
        self._members += 1
        if self._members > self._limits.members:
            raise too_large(f"It holds more than {self._limits.members:,} files and folders; {shown(name)} is one more")

    def produced(self, count: int) -> None:
        self._bytes += count
        if self._bytes > self._allowed:
            raise too_large(f"Its files come to more than {self._allowed:,} bytes")

    def header(self, count: int) -> None:
        self._headers += count
        if self._headers > self._limits.header_bytes:
            raise too_large(f"Its headers alone come to more than {self._limits.header_bytes:,} bytes")


def allowed_size(name: str, limits: Limits) -> int:
    """A parquet file may hold many images, any other file is one."""
    return max(limits.table_bytes, limits.member_bytes) if name.lower().endswith(".parquet") else limits.member_bytes


def check_size(name: str, count: int, limits: Limits) -> None:
    if count > (allowed := allowed_size(name, limits)):
        raise too_large(f"{shown(name)} has {count:,} bytes; a file may have {allowed:,}")


def too_large(detail: str) -> Exception:
    return rejected("archive_too_large", f"{detail}.", "GET /v1/limits lists every limit.")


def corrupt(detail: str) -> Exception:
    return rejected("archive_corrupt", f"{detail}.", "Pack the archive again, or upload it again.")


def unsafe(name: str, problem: str) -> Exception:
    hint = "A data set holds regular files in folders, nothing else."
    return rejected("archive_unsafe", f"{shown(name)} {problem}.", hint)


def without_clashes(members: Iterator[Member]) -> Iterator[Member]:
    """Pass members on; refuse a path that comes twice, and two spellings of one folder."""
    files: set[str] = set()
    folders: dict[str, str] = {}
    for member in members:
        if not member.path:  # "./", the root itself
            if member.data is not None:
                raise unsafe(member.raw, "is a file without a name")
            continue
        parts = member.path.split("/")
        inside = parts if member.data is None else parts[:-1]
        spelt = [part for part in member.raw.split("/") if part not in ("", ".")]
        for depth in range(1, len(inside) + 1):
            folder = "/".join(parts[:depth])
            spelling = "/".join(spelt[:depth])
            if folder in files:
                raise unsafe(member.raw, f"lies in {shown(folder)}, which is a file")
            if folders.setdefault(folded(folder), spelling) != spelling:
                other = folders[folded(folder)]
                detail = f"The folders {shown(other)} and {shown(spelling)} differ only in case or Unicode form."
                raise rejected("dataset_classes_invalid", detail, "Give every class one spelling.")
        if member.data is not None:
            if member.path in files or folders.get(folded(member.path)) == "/".join(spelt):
                raise unsafe(member.raw, "is in the archive twice")
            files.add(member.path)
        yield member


def archive_size(path: Path, limits: Limits) -> int:
    size = path.stat().st_size
    if size > limits.archive_bytes:
        raise too_large(f"The archive has {size:,} bytes; {limits.archive_bytes:,} are allowed")
    return size
