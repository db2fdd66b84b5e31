"""Where images come from: a folder, or an archive, told by its content and not by its name."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from core.intake.failures import rejected
from core.intake.limits import Limits
from core.intake.members import Budget, Member, allowed_size, check_size, unsafe, without_clashes
from core.intake.names import clean, is_junk, shown
from core.intake.tars import read_tar
from core.intake.zips import read_zip

_HINT = "Upload a zip, tar, tar.gz, tar.xz or tar.zst."
_OTHER_ARCHIVES = {b"BZh": "bzip2", b"7z\xbc\xaf\x27\x1c": "7-Zip", b"Rar!": "RAR"}
_TAR_PACKINGS = {b"\x1f\x8b": "gzip", b"\xfd7zXZ\0": "xz", b"\x28\xb5\x2f\xfd": "zstd"}


def members(path: Path, limits: Limits) -> Iterator[Member]:
    """Every file and folder, checked, in the source's own order; errors come while it is read."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise _unreachable(path, error) from error
    if stat.S_ISDIR(mode):
        return without_clashes(read_folder(path, limits))
    if stat.S_ISREG(mode):
        return without_clashes(read_archive(path, limits))
    raise rejected("archive_unsupported", f"{path.name} is neither a file nor a folder.")


def is_archive(path: Path) -> bool:
    """By its name: a zip, or a tar in any packing that is read here."""
    return path.name.lower().endswith((".zip", ".tar", ".tgz", ".tar.gz", ".tar.xz", ".tar.zst"))


def read_archive(path: Path, limits: Limits) -> Iterator[Member]:
    with path.open("rb") as file:
        head = file.read(512)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return read_zip(path, limits)
    for magic, packing in _TAR_PACKINGS.items():
        if head.startswith(magic):
            return read_tar(path, packing, limits)
    for magic, kind in _OTHER_ARCHIVES.items():
        if head.startswith(magic):
            raise rejected("archive_unsupported", f"The file is {kind}.", _HINT)
    if len(head) < 512:  # the least that a tar has
        raise rejected("archive_unsupported", "The file is no archive.", _HINT)
    return read_tar(path, "none", limits)


def read_folder(root: Path, limits: Limits) -> Iterator[Member]:
    """A folder on our side; like in an archive, links and special files reject the whole."""
    budget = Budget(limits)
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            found = sorted(folder.iterdir())
        except OSError as error:
            raise _unreachable(folder, error) from error
        for path in found:
            raw = path.relative_to(root).as_posix()
            budget.member(raw)
            name = clean(raw, limits)
            mode = path.lstat().st_mode
            if stat.S_ISDIR(mode):
                yield Member(name, raw, None)
                if not is_junk(name):
                    waiting.append(path)
            elif is_junk(name):
                yield Member(name, raw, b"")
            elif stat.S_ISREG(mode):
                data = read_file(path, raw, limits)
                budget.produced(len(data))
                yield Member(name, raw, data)
            else:
                raise unsafe(raw, "is a link or a special file")


def read_file(path: Path, raw: str, limits: Limits) -> bytes:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            data = file.read(allowed_size(raw, limits) + 1)
    except OSError as error:
        raise _unreachable(path, error) from error
    check_size(raw, len(data), limits)
    return data


def _unreachable(path: Path, error: OSError) -> Exception:
    return rejected("dataset_not_found", f"{shown(path.name)} cannot be read: {error.strerror}.")
