"""Trees that make no data set, the same refusal whatever they come in."""

from dataclasses import replace
from pathlib import Path

import pytest

from core.intake.limits import DEFAULT
from tests.intake.make import Tree, picture, split_tree, write_folder, write_tar, write_zip
from tests.intake.reading import refused

TREE = split_tree(per_class=1)
PNG = picture(5)

LAYOUTS: dict[str, tuple[str, Tree]] = {
    "no file": ("dataset_empty", {}),
    "no image": ("dataset_empty", {"train/cat/a.txt": b"x"}),
    "images at the root": ("dataset_empty", {"a.png": PNG, "b.png": PNG}),
    "no train": ("dataset_empty", {"val/cat/a.png": PNG, "val/dog/a.png": PNG}),
    "one class": ("dataset_classes_invalid", {"train/cat/a.png": PNG, "val/cat/a.png": PNG}),
    "wrapped twice": ("dataset_classes_invalid", {f"a/b/{name}": data for name, data in TREE.items()}),
    "class in val alone": ("dataset_classes_invalid", TREE | {"val/bird/0.png": PNG}),
    "class in test alone": ("dataset_classes_invalid", TREE | {"test/bird/0.png": PNG}),
    "class without images": ("dataset_classes_invalid", TREE | {"train/bird/notes.txt": b"x"}),
    "classes equal but for case": ("dataset_classes_invalid", TREE | {"train/Cat/0.png": PNG}),
    "classes equal after NFC": (
        "dataset_classes_invalid",
        TREE | {"train/é/0.png": PNG, "train/e\u0301/1.png": PNG},
    ),
    "val twice": ("dataset_classes_invalid", TREE | {"valid/cat/0.png": PNG}),
    "too few to draw from": ("dataset_empty", {"cat/0.png": PNG, "dog/0.png": PNG}),
    "unreadable": ("dataset_images_unreadable", TREE | {"train/cat/1.png": PNG[:50]}),
    "all of a split unreadable": ("dataset_images_unreadable", dict.fromkeys(TREE, PNG[:50])),
    "all of a class unreadable": (
        "dataset_classes_invalid",
        {f"{c}/{i}.png": PNG for c in "ab" for i in range(60)} | {"c/0.png": PNG[:50]},
    ),
    "TIFF": ("dataset_images_unreadable", {n: picture(1, kind="TIFF") for n in TREE if n.endswith("png")}),
    "pixel bomb": ("image_too_large", TREE | {"train/cat/1.png": picture(1, (300, 2))}),
    "too many pixels": ("dataset_too_large", {n: picture(1, (50, 50)) for n in TREE}),
    "too many bytes of files": ("dataset_too_large", {n: picture(i, (150, 150)) for i, n in enumerate(TREE)}),
    "nothing has a label": ("dataset_empty", {"unlabelled/a.png": PNG, "unlabelled/b.png": PNG}),
    "only val has labels": ("dataset_empty", {"unlabelled/a.png": PNG, "val/cat/b.png": PNG, "val/dog/b.png": PNG}),
}


@pytest.mark.parametrize("case", LAYOUTS)
@pytest.mark.parametrize("form", ["folder", "zip", "tar"])
def test_layout_refused(tmp_path: Path, form: str, case: str) -> None:
    code, tree = LAYOUTS[case]
    write = {"folder": write_folder, "zip": write_zip, "tar": write_tar}[form]
    (tmp_path / "source").mkdir() if form == "folder" else None
    limits = replace(DEFAULT, max_side=250, packed_bytes=4 * 50 * 50 * 3 - 1, files_bytes=100_000)
    refused(tmp_path, write(tmp_path / "source", tree), code, limits=limits)


def test_every_unreadable_image_is_listed(tmp_path: Path) -> None:
    source = write_zip(tmp_path / "a.zip", TREE | {"train/cat/1.png": PNG[:50], "val/dog/1.png": b"no"})
    failure = refused(tmp_path, source, "dataset_images_unreadable").failure
    assert [entry["name"] for entry in failure.errors] == ["train/cat/1.png", "val/dog/1.png"]


def test_an_empty_class_folder(tmp_path: Path) -> None:
    source = write_folder(tmp_path / "set", TREE)
    (source / "train" / "bird").mkdir()
    assert "'train/bird'" in refused(tmp_path, source, "dataset_classes_invalid").detail
