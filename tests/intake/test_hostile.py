"""Hostile archives: refused as a whole, by the expected code, naming the member; nothing is written anywhere."""

import lzma
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import TrainingFailed
from tests.intake.hostile import ARCHIVES, GOOD_GZ, GOOD_TAR, GOOD_ZIP, GOOD_ZST, SMALL, TREE, flipped, special
from tests.intake.make import write_folder
from tests.intake.raw_zip import quoted_overlap
from tests.intake.reading import read, refused

GOOD = {"zip": GOOD_ZIP, "tar": GOOD_TAR, "gz": GOOD_GZ, "xz": lzma.compress(GOOD_TAR), "zst": GOOD_ZST}


@pytest.mark.parametrize("case", ARCHIVES)
def test_archive_refused(tmp_path: Path, case: str) -> None:
    code, make = ARCHIVES[case]
    (tmp_path / "archive").write_bytes(make())
    refused(tmp_path, tmp_path / "archive", code, limits=SMALL)


def test_the_good_ones_pass_under_the_same_limits(tmp_path: Path) -> None:
    for name, data in GOOD.items():
        (tmp_path / name).write_bytes(data)
        assert read(tmp_path / f"out-{name}", tmp_path / name, limits=SMALL)["counts"] == {"train": 2, "val": 2}


def test_the_overlap_bomb_is_a_bomb(tmp_path: Path) -> None:
    """Python's own reader takes it: without our check its members would all be read."""
    (tmp_path / "a.zip").write_bytes(quoted_overlap(20, bytes(3000)))
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert sum(info.file_size for info in archive.infolist()) > 60_000


@pytest.mark.parametrize(
    ("case", "cap"),
    [
        ("zip: bomb by ratio", "'x.png' unpacks to more than 200 times its packed size"),
        ("zip: bomb by size", "'x.png' has 70,000 bytes"),
        ("zip: bomb by sum", "Its files come to more than"),
        ("zip: bomb by count", "more than 50 files and folders"),
        ("zip: directory bomb", "Its directory declares"),
        ("zip: too many bytes", "The archive has"),
        ("tar: chain of headers", "Its headers alone"),
        ("tar: count", "more than 50 files and folders"),
        ("gzip: bomb", "Its files come to more than"),
        ("zstd: bomb", "Its files come to more than"),
        ("zstd: bomb of frames", "Its files come to more than"),
    ],
)
def test_each_cap_speaks_for_itself(tmp_path: Path, case: str, cap: str) -> None:
    """Several caps would refuse a bomb; the message must be about its own."""
    (tmp_path / "archive").write_bytes(ARCHIVES[case][1]())
    assert cap in refused(tmp_path, tmp_path / "archive", "archive_too_large", limits=SMALL).detail


def test_the_member_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(special(tarfile.SYMTYPE, name="train/cat/link.png", linkname="x"))
    assert "'train/cat/link.png' is a symbolic link" in refused(tmp_path, tmp_path / "a", "archive_unsafe").detail


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


@pytest.mark.parametrize("form", GOOD)
def test_no_damaged_byte_is_more_than_a_refusal(tmp_path: Path, form: str) -> None:
    good = GOOD[form]
    for number, at in enumerate(range(0, len(good), max(1, len(good) // 400))):
        (tmp_path / "archive").write_bytes(flipped(good, at))
        try:
            read(tmp_path / "out", tmp_path / "archive", limits=SMALL)
        except TrainingFailed as error:
            assert error.code.startswith(("archive_", "dataset_", "image_")), number
