"""Every limit on what a data set may be, in one place; `GET /v1/limits` shows them with their descriptions."""

from dataclasses import dataclass, field, fields, replace
from typing import Any

KIB, MIB, GIB = 2**10, 2**20, 2**30


def _limit(default: int, unit: str, description: str) -> Any:
    return field(default=default, metadata={"unit": unit, "description": description})


@dataclass(frozen=True)
class Limits:
    """Caps on bytes hold for the bytes that are really read or unpacked, never for what a header declares."""

    archive_bytes: int = _limit(20 * GIB, "bytes", "Largest archive.")
    members: int = _limit(1_000_000, "files", "Files and folders in one archive or folder.")
    member_bytes: int = _limit(64 * MIB, "bytes", "One file, unpacked.")
    table_bytes: int = _limit(GIB, "bytes", "One parquet file.")
    expanded_bytes: int = _limit(100 * GIB, "bytes", "All files together, unpacked.")
    expanded_ratio: int = _limit(50, "times", "All files unpacked, against the archive's own size.")
    expanded_slack_bytes: int = _limit(100 * MIB, "bytes", "What the ratio of the whole grants on top.")
    member_ratio: int = _limit(200, "times", "One file of a zip unpacked, against its packed size.")
    member_slack_bytes: int = _limit(MIB, "bytes", "A file of a zip up to this size may have any ratio.")
    path_bytes: int = _limit(512, "bytes", "A path inside the data set, as UTF-8.")
    path_depth: int = _limit(16, "levels", "Folders in a path.")
    header_bytes: int = _limit(64 * MIB, "bytes", "All headers and directories of an archive together.")
    pixels: int = _limit(50_000_000, "pixels", "One image; a larger one rejects the data set.")
    min_side: int = _limit(4, "pixels", "Shortest side of an image.")
    max_side: int = _limit(16_384, "pixels", "Longest side of an image.")
    image_size: int = _limit(224, "pixels", "Side of prepared images, at most, where no image_size is asked for.")
    pixel_side: int = _limit(64, "pixels", "Prepared images up to this side are stored as pixels, others as files.")
    stored_side: int = _limit(512, "pixels", "Shorter side of a stored file, at most; image_size where that is more.")
    lossless_side: int = _limit(256, "pixels", "PNG, BMP, GIF and PPM up to this longer side are stored without loss.")
    unreadable_percent: int = _limit(1, "percent", "Images that may be unreadable; they are left out and listed.")
    min_classes: int = _limit(2, "classes", "A classifier needs something to tell apart.")
    max_classes: int = _limit(20_000, "classes", "Classes in one data set.")
    packed_bytes: int = _limit(8 * GIB, "bytes", "A data set stored as pixels: 3 bytes each.")
    files_bytes: int = _limit(200 * GIB, "bytes", "A data set stored as files.")
    listed: int = _limit(1_000, "entries", "Entries of a list of ignored or unreadable files; the rest is counted.")
    memory_bytes: int = _limit(4 * GIB, "bytes", "Memory of the process that reads the data set.")
    seconds: int = _limit(1_800, "seconds", "Time to read one data set.")
    decoders: int = _limit(8, "threads", "Images decoded at the same time, at most.")
    open_files: int = _limit(256, "files", "Files the reading process may hold open.")


DEFAULT = Limits()
OPERATOR = replace(  # what the operator has put on the server: a known data set's files, a folder under the roots
    DEFAULT,
    archive_bytes=300 * GIB,
    members=5_000_000,
    member_bytes=4 * GIB,
    table_bytes=4 * GIB,
    expanded_bytes=400 * GIB,
    expanded_ratio=1_000,
    member_ratio=10_000,
    header_bytes=4 * GIB,
    packed_bytes=32 * GIB,
    files_bytes=400 * GIB,
    memory_bytes=16 * GIB,
    seconds=12 * 3_600,
)


def describe(limits: Limits = DEFAULT) -> dict[str, dict[str, Any]]:
    """name -> {value, unit, description}."""
    return {f.name: {"value": getattr(limits, f.name), **f.metadata} for f in fields(limits)}
