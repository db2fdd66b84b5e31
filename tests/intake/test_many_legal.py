"""Names that people give to folders, in every container: odd, and right all the same. None is refused or bent."""

import unicodedata
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tarfile import GNU_FORMAT, PAX_FORMAT, USTAR_FORMAT

import pytest

from core.packed import read_split
from tests.intake.make import Tree, split_tree, write_folder, write_tar, write_zip, write_zst
from tests.intake.reading import read

CLASSES = {
    "spaces": "golden retriever",
    "many spaces": "  a   b  ",
    "dots inside": "v1.0.final",
    "a dot at the end": "etc.",
    "dots in a row": "a..b",
    "a hyphen first": "-rf",
    "quotes": 'it\'s "it"',
    "shell": "$(id) `id` ; rm & | > <",
    "SQL": "'; DROP TABLE jobs; --",
    "HTML": "<script>alert(1)<",
    "per cent": "100%2e%2e",
    "a Windows device": "CON",
    "a wildcard": "*?[a]",
    "a colon inside": "cats: big",
    "letters of Japan": "猫と犬",
    "letters of Arabia": "قطة",
    "decomposed": unicodedata.normalize("NFD", "Übergröße é"),
    "an emoji of several": "👩‍👩‍👧‍👦",
    "a plane above": "𓀀𓀁",
    "digits": "007",
    "a tilde": "~root",
    "hash and at": "#1@home",
    "long": "x" * 90,
}
FORMS: dict[str, Callable[[Path, Tree], object]] = {
    "folder": write_folder,
    "zip": write_zip,
    "stored zip": partial(write_zip, method=zipfile.ZIP_STORED),
    "ustar": partial(write_tar, form=USTAR_FORMAT),
    "GNU tar": partial(write_tar, form=GNU_FORMAT),
    "pax tar in gzip": partial(write_tar, packing="gz", form=PAX_FORMAT),
    "tar in xz": partial(write_tar, packing="xz"),
    "tar in zstd": write_zst,
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("what", CLASSES)
def test_accepted(tmp_path: Path, what: str, form: str) -> None:
    name = CLASSES[what]
    tree = {path.replace("cat", name): data for path, data in split_tree().items()}
    FORMS[form](tmp_path / "source", tree)
    report = read(tmp_path / "out", tmp_path / "source")
    assert report["counts"] == {"train": 6, "val": 6} and report["ignored"] == []
    assert set(report["classes"]) == {"dog", unicodedata.normalize("NFC", name)}
    packed = read_split(tmp_path / "out" / "data.safetensors", "train")
    assert packed is not None and len(packed.names) == 6
