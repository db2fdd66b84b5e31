"""The same images give the same bytes, whatever they come in."""

import io
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.packed import read_split
from tests.intake.make import class_tree, split_tree, write_folder, write_tar, write_zip, write_zst
from tests.intake.reading import read


def names(folder: Path, split: str) -> list[str]:
    packed = read_split(folder / "data.safetensors", split)
    return packed.names if packed else []


TREES = {
    "split": split_tree() | {"test/dog/z.png": split_tree()["train/dog/0.png"]},
    "no split": class_tree(),
    "unicode": {
        unicodedata.normalize("NFC", name.replace("cat", "Käfer")): data for name, data in split_tree().items()
    },
}


@pytest.mark.parametrize("kind", TREES)
def test_every_form_gives_the_same_bytes(tmp_path: Path, kind: str) -> None:
    tree = TREES[kind]
    backwards = dict(reversed(tree.items()))
    decomposed = {unicodedata.normalize("NFD", name): data for name, data in tree.items()}
    sources = [
        write_folder(tmp_path / "folder", backwards),
        write_folder(tmp_path / "wrapped", {f"some set/{name}": data for name, data in tree.items()}),
        write_folder(tmp_path / "decomposed", decomposed),
        write_zip(tmp_path / "a.zip", tree),
        write_zip(tmp_path / "b.zip", backwards, method=0),
        write_zip(tmp_path / "c.zip", decomposed),
        write_tar(tmp_path / "a.tar", tree),
        write_tar(tmp_path / "b.tgz", backwards, "gz"),
        write_tar(tmp_path / "c.xz", {f"wrap/{name}": data for name, data in tree.items()}, "xz"),
        write_tar(tmp_path / "name-says-nothing", decomposed, "gz"),
        write_zst(tmp_path / "d.tar.zst", backwards),
    ]
    reports = [read(tmp_path / f"out{n}", source, test_fraction=0.2) for n, source in enumerate(sources)]
    assert len({report["sha256"] for report in reports}) == 1
    assert len({(tmp_path / f"out{n}" / "data.safetensors").read_bytes() for n in range(len(sources))}) == 1
    assert all([p.name for p in (tmp_path / f"out{n}").iterdir()] == ["data.safetensors"] for n in range(len(sources)))


def test_pixels_labels_and_order_are_the_source_s(tmp_path: Path) -> None:
    tree = split_tree()
    report = read(tmp_path / "out", write_zip(tmp_path / "a.zip", tree))
    assert report["classes"] == ["cat", "dog"]
    assert report["counts"] == {"train": 6, "val": 6}
    assert (report["image_size"], report["ignored"], report["warnings"]) == (8, [], [])
    for split in ("train", "val"):
        packed = read_split(tmp_path / "out" / "data.safetensors", split)
        assert packed is not None
        assert packed.names == sorted(name.partition("/")[2] for name in tree if name.startswith(split))
        for image, label, name in zip(packed.images, packed.labels, packed.names, strict=True):
            assert (image == np.asarray(Image.open(io.BytesIO(tree[f"{split}/{name}"])))).all()
            assert label == (0 if name.startswith("cat") else 1)
    train = read_split(tmp_path / "out" / "data.safetensors", "train")
    assert train is not None
    assert np.allclose(report["mean"], train.images.mean((0, 1, 2)) / 255, atol=1e-6)
    assert np.allclose(report["std"], train.images.std((0, 1, 2)) / 255, atol=1e-6)


def test_a_drawn_split_is_stratified_whole_and_depends_on_seed_and_names_alone(tmp_path: Path) -> None:
    source = write_folder(tmp_path / "set", class_tree(10))
    report = read(tmp_path / "one", source, val_fraction=0.2, test_fraction=0.1, seed=7)
    assert report["counts"] == {"train": 21, "val": 6, "test": 3}
    drawn = {split: names(tmp_path / "one", split) for split in ("train", "val", "test")}
    assert sorted(name for members in drawn.values() for name in members) == sorted(class_tree(10))
    assert [sum(n.startswith(c) for n in drawn["val"]) for c in "abc"] == [2, 2, 2]
    read(tmp_path / "other", source, val_fraction=0.2, test_fraction=0.1, seed=8)
    assert names(tmp_path / "other", "val") != drawn["val"]
    recoloured = {name: class_tree(11)[f"{name[0]}/10.png"] for name in class_tree(10)}
    read(tmp_path / "new", write_folder(tmp_path / "new-set", recoloured), val_fraction=0.2, test_fraction=0.1, seed=7)
    assert names(tmp_path / "new", "val") == drawn["val"]


def test_a_split_without_val_draws_it_from_train_and_leaves_test_alone(tmp_path: Path) -> None:
    tree = {f"train/{name}": data for name, data in class_tree(10).items()} | {"test/a/0.png": class_tree()["a/00.png"]}
    report = read(tmp_path / "out", write_folder(tmp_path / "set", tree), val_fraction=0.3, test_fraction=0.5)
    assert report["counts"] == {"train": 21, "val": 9, "test": 1}
