"""Paths that strangers wrote: checked, normalised, never used as a path on our disk."""

import re
import unicodedata
from pathlib import PurePosixPath

from core.intake.failures import rejected
from core.intake.limits import Limits

# Marks that make a name read differently from what it is, and the two separators that end a line.
_BIDI_AND_LINES = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029")
_DRIVE = re.compile(r"[A-Za-z]:")


def shown(name: str) -> str:
    """A name fit for a message: quoted, everything unprintable escaped, not endlessly long."""
    return repr(name if len(name) <= 200 else name[:200] + "…")


def clean(raw: str, limits: Limits) -> str:
    """The path in NFC, parts joined by single slashes; '' for the root itself. `archive_unsafe` names what is wrong."""
    if problem := _problem(raw):
        raise rejected("archive_unsafe", f"{shown(raw)} {problem}.", "Use plain relative paths like train/cat/1.png.")
    parts = [part for part in unicodedata.normalize("NFC", raw).split("/") if part not in ("", ".")]
    path = "/".join(parts)
    if len(path.encode()) > limits.path_bytes:
        raise rejected("archive_unsafe", f"The path {shown(raw)} is longer than {limits.path_bytes} bytes.")
    if len(parts) > limits.path_depth:
        raise rejected("archive_unsafe", f"The path {shown(raw)} is deeper than {limits.path_depth} levels.")
    return path


def _problem(raw: str) -> str:
    if not raw:
        return "is an empty name"
    if raw.startswith("/"):
        return "is an absolute path"
    if _DRIVE.match(raw):
        return "begins with a drive letter"
    if "\\" in raw:
        return "contains a backslash"
    if ".." in raw.split("/"):
        return "leaves the folder with '..'"
    if any(unicodedata.category(c) in ("Cc", "Cs") for c in raw):
        return "contains control characters or is not UTF-8"
    if not _BIDI_AND_LINES.isdisjoint(raw):
        return "contains characters that change the direction of text or end the line"
    return ""


def name_problem(name: str) -> str:
    """What keeps a text from being the name of a class; '' for nothing."""
    if len(name) > 200:
        return "is longer than 200 characters"
    if any(unicodedata.category(c) in ("Cc", "Cs") for c in name):
        return "contains control characters"
    if not _BIDI_AND_LINES.isdisjoint(name):
        return "contains characters that change the direction of text or end the line"
    return ""


def normal(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def folded(path: str) -> str:
    """Equal for paths that differ only in case or in Unicode form: one and the same on many file systems."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def is_junk(path: str) -> bool:
    """What operating systems leave behind: dot files, __MACOSX, Thumbs.db, desktop.ini."""
    return any(
        part.startswith(".") or part == "__MACOSX" or part.casefold() in ("thumbs.db", "desktop.ini")
        for part in PurePosixPath(path).parts
    )
