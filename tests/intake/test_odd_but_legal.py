"""Archives that real tools write and images that real cameras take: odd, and right all the same."""

import gzip
import io
import struct
import tarfile
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from core.packed import read_split
from tests.intake.make import (
    Tree,
    picture,
    split_tree,
    tar_member,
    write_folder,
    write_tar,
    write_zip,
)
from tests.intake.reading import read

TREE = split_tree()
LONG = "x" * 150


def macos_zip(path: Path) -> Path:
    """UTF-8 names without the flag that says so, and AppleDouble files beside them."""
    tree = {name.replace("cat", "kafer"): data for name, data in TREE.items()}
    write_zip(path, tree | {"__MACOSX/train/._kafer": b"apple", "train/.DS_Store": b"finder"})
    path.write_bytes(path.read_bytes().replace(b"kafer", "kä".encode() + b"fe"))
    return path


def streamed_zip(path: Path) -> Path:
    """Sizes and CRC after the data, because the writer could not seek."""

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.data = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:  # type: ignore[override]
            self.data += data
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in TREE.items():
            archive.writestr(name, data)
    path.write_bytes(pipe.data)
    return path


def zip64(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.comment = b"made for a test"
        for name, data in TREE.items():
            with archive.open(name, "w", force_zip64=True) as member:
                member.write(data)
    return path


def dotted_tar(path: Path) -> Path:
    """What `tar -C folder .` writes: ./ before everything, the folders as members."""
    with tarfile.open(path, "w") as archive:
        for folder in ("./", "./train/", "./train/cat/", "./train/dog/"):
            archive.addfile(tar_member(folder, type=tarfile.DIRTYPE))
        for name, data in TREE.items():
            archive.addfile(tar_member(f"./{name}", size=len(data)), io.BytesIO(data))
    return path


def git_archive(path: Path) -> Path:
    """A global pax header that holds a comment."""
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT, pax_headers={"comment": "f" * 40}) as archive:
        for name, data in TREE.items():
            info = tar_member(f"project-1.0/{name}", size=len(data), pax_headers={"SCHILY.xattr.user.note": "ü"})
            archive.addfile(info, io.BytesIO(data))
    return path


def labelled_tar(path: Path) -> Path:
    """GNU: a volume label first, old headers without a magic, twenty blocks of padding."""
    label = tar_member("backup", type=b"V").tobuf(tarfile.GNU_FORMAT)
    write_tar(path, TREE, form=tarfile.GNU_FORMAT)
    path.write_bytes(label + path.read_bytes())
    return path


def gzip_members(path: Path) -> Path:
    """Two gzip streams in a row, as parallel packers write them."""
    whole = write_tar(path, TREE).read_bytes()
    path.write_bytes(gzip.compress(whole[:1000]) + gzip.compress(whole[1000:]))
    return path


def long_names(tree: Tree) -> Tree:
    return {name.replace("cat/", f"cat/{LONG}/"): data for name, data in tree.items()}


CASES: dict[str, Callable[[Path], Path]] = {
    "wrapping folder beside a README": lambda p: write_zip(
        p, split_tree("my set/") | {"README.md": b"hello", "my set/labels.csv": b"1,2"}
    ),
    "valid": lambda p: write_zip(p, {n.replace("val/", "valid/"): d for n, d in TREE.items()}),
    "Validation and Train": lambda p: write_zip(
        p, {n.replace("val/", "Validation/").replace("train/", "Train/"): d for n, d in TREE.items()}
    ),
    "litter": lambda p: write_folder(
        p, TREE | {".git/config": b"", "Thumbs.db": b"", "train/cat/.x.png": b"", "train/Desktop.ini": b""}
    ),
    "outside the splits": lambda p: write_zip(
        p, TREE | {"extra/bird/0.png": picture(9), "train/cover.png": picture(8)}
    ),
    "text in a class": lambda p: write_zip(p, TREE | {"train/cat/notes.txt": b"text", "train/cat/labels": b""}),
    "macOS zip": macos_zip,
    "streamed zip": streamed_zip,
    "zip64": zip64,
    "stored": lambda p: write_zip(p, TREE, zipfile.ZIP_STORED),
    "dotted tar": dotted_tar,
    "git archive": git_archive,
    "labelled tar": labelled_tar,
    "gzip in two": gzip_members,
    "ustar": lambda p: write_tar(p, TREE, form=tarfile.USTAR_FORMAT),
    "long names, GNU": lambda p: write_tar(p, long_names(TREE), form=tarfile.GNU_FORMAT),
    "long names, pax": lambda p: write_tar(p, long_names(TREE), form=tarfile.PAX_FORMAT),
    "decomposed": lambda p: write_tar(
        p, {unicodedata.normalize("NFD", n.replace("cat", "Ångström")): d for n, d in TREE.items()}
    ),
    "other letters": lambda p: write_zip(p, {n.replace("cat", "猫 🐈‍⬛"): d for n, d in TREE.items()}),
    "upper case": lambda p: write_zip(p, {n.replace(".png", ".PNG"): d for n, d in TREE.items()}),
    "no suffix": lambda p: write_zip(p, {n.replace(".png", ""): d for n, d in TREE.items()}),
    "two names in two cases": lambda p: write_zip(
        p, TREE | {"train/cat/A.png": TREE["train/cat/0.png"], "train/cat/a.png": TREE["train/cat/0.png"]}
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_accepted(tmp_path: Path, case: str) -> None:
    report = read(tmp_path / "out", CASES[case](tmp_path / "source"))
    more = 2 if case == "two names in two cases" else 0
    assert report["counts"] == {"train": 6 + more, "val": 6}
    assert len(report["classes"]) == 2


def test_what_is_ignored_is_listed_with_the_reason(tmp_path: Path) -> None:
    extra = {
        "__MACOSX/x": b"",
        "README.md": b"",
        "extra/bird/0.png": picture(9),
        "train/cover.png": picture(8),
        "val/cat/notes.txt": b"",
    }
    report = read(tmp_path / "out", write_zip(tmp_path / "a.zip", TREE | extra))
    assert {entry["name"]: entry["reason"] for entry in report["ignored"]} == {
        "__MACOSX/x": "left behind by an operating system",
        "README.md": "not an image",
        "extra/bird/0.png": "outside the splits",
        "train/cover.png": "in no class folder",
        "val/cat/notes.txt": "not an image",
    }
    assert report["ignored_total"] == 5


def test_a_few_unreadable_images_are_left_out_and_listed(tmp_path: Path) -> None:
    tree = {f"{c}/{i:03d}.png": picture(i) for c in "ab" for i in range(100)}
    tree["a/007.png"] = tree["a/007.png"][:60]
    tree["b/050.png"] = b"text"
    report = read(tmp_path / "out", write_zip(tmp_path / "a.zip", tree), val_fraction=0.1)
    assert sum(report["counts"].values()) == 198
    assert [entry["name"] for entry in report["ignored"]] == ["a/007.png", "b/050.png"]
    assert all(entry["reason"].startswith("unreadable: ") for entry in report["ignored"])
    assert report["warnings"][0] == "Images that cannot be read and were left out: 2."
    packed = read_split(tmp_path / "out" / "data.safetensors", "train")
    assert packed is not None and not {"a/007.png", "b/050.png"} & set(packed.names)


def test_legal_but_suspicious_is_a_warning(tmp_path: Path) -> None:
    tree = {f"train/{c}/{i}.png": picture(10 * ord(c) + i) for c in "abc" for i in range(3)}
    tree |= {"val/a/0.png": tree["train/a/0.png"], "val/b/0.jpg": picture(50)}
    report = read(tmp_path / "out", write_zip(tmp_path / "a.zip", tree))
    assert report["warnings"] == [
        "Images of another format than their names say: 1, for example 'val/b/0.jpg'.",
        "Images of val that are in train too: 1. Its figures mislead.",
        "Classes without an image in val: 1, for example 'c'.",
    ]


def test_sizes_differ(tmp_path: Path) -> None:
    """The lower median of the shorter sides (12), at most the limit."""
    tree = dict(TREE)
    for name, size in zip(TREE, [(30, 10), (12, 40), (12, 12)] * 4, strict=True):
        tree[name] = picture(1, size)
    assert read(tmp_path / "out", write_zip(tmp_path / "a.zip", tree))["image_size"] == 12
    tree = {name: picture(1, (300, 260)) for name in TREE}
    assert read(tmp_path / "big", write_zip(tmp_path / "b.zip", tree))["image_size"] == 224
    tree = {name: picture(1, (260, 260)) for name in TREE}
    assert read(tmp_path / "same", write_zip(tmp_path / "c.zip", tree))["image_size"] == 224
    assert read(tmp_path / "asked", tmp_path / "c.zip", image_size=300)["image_size"] == 300


def test_an_old_zip_speaks_code_page_437(tmp_path: Path) -> None:
    write_zip(tmp_path / "a.zip", {n.replace("cat", "kXfer"): d for n, d in TREE.items()})
    (tmp_path / "a.zip").write_bytes((tmp_path / "a.zip").read_bytes().replace(b"kXfer", b"k\x84fer"))
    assert read(tmp_path / "out", tmp_path / "a.zip")["classes"] == ["dog", "käfer"]


def test_zip_made_on_unix_and_on_windows(tmp_path: Path) -> None:
    """Mode bits in the upper half, nothing there from DOS."""
    data = bytearray(write_zip(tmp_path / "a.zip", TREE).read_bytes())
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        data[at + 38 : at + 42] = struct.pack("<L", 0o100644 << 16 if at % 2 else 0x20)
        at = data.find(b"PK\x01\x02", at + 4)
    (tmp_path / "a.zip").write_bytes(data)
    assert read(tmp_path / "out", tmp_path / "a.zip")["counts"] == {"train": 6, "val": 6}
