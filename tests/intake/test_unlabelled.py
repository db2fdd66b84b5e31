"""Images without a label, in folders: they train, and are never validated on."""

from pathlib import Path

import pytest

from core.packed import UNLABELLED, read_split
from tests.intake.make import class_tree, picture, split_tree, write_folder, write_tar, write_zip
from tests.intake.reading import read

BARE = {f"{i}.png": picture(700 + i) for i in range(4)}


@pytest.mark.parametrize("spelling", ["unlabelled", "Unlabeled", "unlabelled/of/last/year"])
def test_beside_train_and_val(tmp_path: Path, spelling: str) -> None:
    tree = split_tree() | {f"{spelling}/{name}": data for name, data in BARE.items()}
    report = read(tmp_path / "out", write_zip(tmp_path / "a.zip", tree))
    assert (report["counts"], report["classes"], report["unlabelled"]) == ({"train": 10, "val": 6}, ["cat", "dog"], 4)
    train = read_split(tmp_path / "out" / "data.safetensors", "train")
    assert train is not None
    assert [n for n, label in zip(train.names, train.labels, strict=True) if label == UNLABELLED] == [
        f"{spelling}/{name}" for name in BARE
    ]
    wrapped = write_tar(tmp_path / "b.tar", {f"wrap/{name}": data for name, data in tree.items()})
    assert read(tmp_path / "wrapped", wrapped)["sha256"] == report["sha256"]


def test_beside_classes_a_draw_never_takes_them(tmp_path: Path) -> None:
    source = write_folder(tmp_path / "set", class_tree(10) | {f"unlabelled/{n}": data for n, data in BARE.items()})
    report = read(tmp_path / "out", source, val_fraction=0.3, test_fraction=0.2)
    assert (report["counts"], report["unlabelled"]) == ({"train": 19, "val": 9, "test": 6}, 4)
    for split in ("val", "test"):
        packed = read_split(tmp_path / "out" / "data.safetensors", split)
        assert packed is not None and (packed.labels >= 0).all()


def test_photographs_too(tmp_path: Path) -> None:
    tree = {f"{c}/{i}.jpg": picture(10 * n + i, (90, 80), "JPEG") for n, c in enumerate("ab") for i in range(4)}
    report = read(
        tmp_path / "out", write_zip(tmp_path / "a.zip", tree | {"unlabelled/x.jpg": picture(9, (99, 99), "JPEG")})
    )
    assert (report["form"], report["unlabelled"]) == ("files", 1)
    train = read_split(tmp_path / "out" / "data.safetensors", "train")
    assert train is not None and train.labels.tolist().count(UNLABELLED) == 1
