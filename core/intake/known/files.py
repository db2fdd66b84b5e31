"""The published files of one known data set: found, unpacked as a stream, never onto the disk."""

import bz2
import zlib
from collections.abc import Iterator
from pathlib import Path

from core.catalog import BuiltinDataset
from core.catalog.datasets import PublishedFile
from core.intake.failures import rejected
from core.intake.limits import Limits
from core.intake.members import Member, check_size, corrupt
from core.intake.names import is_junk
from core.intake.sources import is_archive, read_archive, read_file, read_folder
from core.intake.tars import read_tar_bytes

_NOT_UNPACKED = (".gz", ".bz2")  # of a single file


class Files:
    def __init__(self, known: BuiltinDataset, folder: Path, limits: Limits) -> None:
        """`TrainingFailed` names each file that is missing, its address and the folder it belongs in."""
        self._known, self._limits = known, limits
        self._places: list[tuple[PublishedFile, Path]] = []
        missing = known.missing(folder)
        if missing:
            what = ", ".join(f"{file.name} ({file.url})" for file in missing)
            detail = f"{known.name} is read from files that are not in {folder}: {what}."
            errors = [{"name": f.name, "url": f.url, "folder": str(folder), "reason": "not there"} for f in missing]
            hint = f"Download and put them into {folder}, packed as they are; then register the data set again."
            raise rejected("dataset_files_missing", detail, hint, errors)
        for file in known.files:
            if (place := file.find(folder)) is not None:
                self._places.append((file, place))

    def all_members(self) -> Iterator[Member]:
        """Files and folders of all that was published; what lies in one tar inside another one too."""
        seen: list[Path] = []
        for _, place in self._places:
            if not any(place.is_relative_to(other) for other in seen):
                yield from self._members(place)
            seen.append(place)

    def _members(self, place: Path) -> Iterator[Member]:
        if place.is_dir():
            folder = place.resolve()
            for member in read_folder(folder, self._limits):
                yield Member(f"{folder.name}/{member.path}", member.raw, member.data)
        elif is_archive(place):
            for member in read_archive(place, self._limits):
                if member.data is not None and member.path.endswith((".tar", ".tar.gz")) and not is_junk(member.path):
                    yield from self._inner(member, member.data)
                else:
                    yield member
        else:
            yield Member(place.name, place.name, read_file(place, place.name, self._limits))

    def _inner(self, outer: Member, data: bytes) -> Iterator[Member]:
        """Images of `n01440764.tar` lie in `n01440764/`."""
        folder = outer.path.rpartition("/")[2].partition(".")[0]
        packing = "gzip" if outer.path.endswith(".gz") else "none"
        for member in read_tar_bytes(data, packing, self._limits):
            path = member.path if member.path.startswith(f"{folder}/") else f"{folder}/{member.path}"
            yield Member(path, member.raw, member.data)

    def blobs(self) -> dict[str, bytes]:
        """Every file whole, by the last part of its path, single packed files unpacked."""
        found: dict[str, bytes] = {}
        for member in self.all_members():
            if member.data is not None and not is_junk(member.path):
                name = member.path.rpartition("/")[2]
                found[name.removesuffix(".gz").removesuffix(".bz2")] = self._unpacked(name, member.data)
        return found

    def _unpacked(self, name: str, data: bytes) -> bytes:
        if not name.endswith(_NOT_UNPACKED):
            return data
        limit = self._limits.member_bytes + 1
        try:
            if name.endswith(".gz"):
                inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
                data, whole = inflate.decompress(data, limit), inflate.eof
            else:
                bunzip = bz2.BZ2Decompressor()
                data, whole = bunzip.decompress(data, limit), bunzip.eof
        except (zlib.error, OSError) as error:
            raise corrupt(f"{name} cannot be unpacked: {error}") from error
        check_size(name, len(data), self._limits)
        if not whole:
            raise corrupt(f"{name} is cut off")
        return data
