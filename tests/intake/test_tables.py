"""Images that a CSV or parquet file lists."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.packed import UNLABELLED, PackedSplit, read_split
from tests.intake.make import Tree, picture, write_folder, write_tar, write_zip
from tests.intake.reading import read, refused

IMAGES: Tree = {f"images/{n}.png": picture(n) for n in range(12)}
LABELS = ["cat", "dog", "cat", "dog", "cat", "dog", "cat", "dog", "cat", "dog", "cat", "dog"]


def csv(header: str, rows: list[str], end: str = "\n") -> bytes:
    return end.join([header, *rows, ""]).encode()


PLAIN = csv("path,label", [f"images/{n}.png,{label}" for n, label in enumerate(LABELS)])


def parquet(columns: dict[str, Any], metadata: dict[str, Any] | None = None) -> bytes:
    table = pa.table(columns)
    if metadata is not None:
        table = table.replace_schema_metadata({"huggingface": json.dumps(metadata)})
    out = io.BytesIO()
    pq.write_table(table, out, row_group_size=5)
    return out.getvalue()


def packed(folder: Path, split: str) -> PackedSplit:
    found = read_split(folder / "data.safetensors", split)
    assert found is not None
    return found


EQUAL: dict[str, Tree] = {
    "plain": {"labels.csv": PLAIN},
    "mark, semicolons, windows": {
        "labels.csv": b"\xef\xbb\xbf" + PLAIN.replace(b",", b";").replace(b"\n", b"\r\n"),
    },
    "tabs": {"labels.tsv": PLAIN.replace(b",", b"\t")},
    "other names, more columns": {
        "all.csv": csv("Id,Class,Filename", [f'"{n}, no", {c} ,images/{n}.png' for n, c in enumerate(LABELS)])
    },
    "beside the table": {"images/labels.csv": PLAIN.replace(b"images/", b"./")},
    "names without folder": {"labels.csv": PLAIN.replace(b"images/", b"")},
    "names without suffix": {"labels.csv": PLAIN.replace(b"images/", b"").replace(b".png", b"")},
    "parquet": {"labels.parquet": parquet({"path": [f"images/{n}.png" for n in range(12)], "label": LABELS})},
    "parquet with class names": {
        "labels.parquet": parquet(
            {"file_name": [f"images/{n}.png" for n in range(12)], "label": [int(c == "dog") for c in LABELS]},
            {"info": {"features": {"label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}}},
        )
    },
    "a table of other things beside it": {"labels.csv": PLAIN, "prices.csv": b"thing,price\nx,3\n"},
}


@pytest.mark.parametrize("case", EQUAL)
def test_the_same_data_set_however_it_is_listed(tmp_path: Path, case: str) -> None:
    plain = read(tmp_path / "plain", write_folder(tmp_path / "set", IMAGES | EQUAL["plain"]), test_fraction=0.2)
    tree = {f"wrapped/{name}": data for name, data in (EQUAL[case] | IMAGES).items()}
    report = read(tmp_path / "out", write_tar(tmp_path / "a.tar", tree), test_fraction=0.2)
    assert report["sha256"] == plain["sha256"]
    assert (report["classes"], report["counts"]) == (["cat", "dog"], {"train": 8, "val": 2, "test": 2})
    train = packed(tmp_path / "out", "train")
    assert [LABELS[int(Path(name).stem)] for name in train.names] == [report["classes"][n] for n in train.labels]


def test_a_table_that_is_asked_for(tmp_path: Path) -> None:
    tree = IMAGES | {"a.csv": PLAIN, "deep/er/x.csv": PLAIN.replace(b"path,label", b"where,what")}
    source = write_zip(tmp_path / "a.zip", tree)
    wanted = {"file": "deep/er/x.csv", "path": "where", "label": "what"}
    assert read(tmp_path / "out", source, table=wanted)["counts"] == {"train": 10, "val": 2}
    assert read(tmp_path / "plain", source, table={"file": "a.csv"})["counts"] == {"train": 10, "val": 2}


def test_given_splits_numbers_and_missing_labels(tmp_path: Path) -> None:
    """Numbers sort by value; without a label it is train's alone."""
    rows = [f"images/{n}.png,{label},{split}" for n, (label, split) in enumerate(
        [("10", "train"), ("9", "Train"), ("10", "train"), ("9", "training"[:5]), ("", "train"), ("", "train"),
         ("10", "valid"), ("9", "val"), ("", "val"), ("9", "test"), ("10", "TEST"), ("", "test")]
    )]  # fmt: skip
    report = read(tmp_path / "out", write_zip(tmp_path / "a.zip", IMAGES | {"l.csv": csv("path,label,split", rows)}))
    assert (report["classes"], report["unlabelled"]) == (["9", "10"], 2)
    assert report["counts"] == {"train": 6, "val": 2, "test": 2}
    train = packed(tmp_path / "out", "train")
    assert dict(zip(train.names, train.labels.tolist(), strict=True)) == {
        "images/0.png": 1, "images/1.png": 0, "images/2.png": 1, "images/3.png": 0,
        "images/4.png": UNLABELLED, "images/5.png": UNLABELLED,
    }  # fmt: skip
    assert {entry["name"]: entry["reason"] for entry in report["ignored"]} == {
        "images/8.png": "without a label in val",
        "images/11.png": "without a label in test",
    }
    assert any(warning.startswith("Images without a label: 2.") for warning in report["warnings"])


def test_drawing_looks_at_labelled_images_alone(tmp_path: Path) -> None:
    rows = [f"images/{n}.png,{'' if n >= 8 else LABELS[n]}" for n in range(12)]
    tree = IMAGES | {"l.csv": csv("path,label", rows), "unlabelled/x.png": picture(50), "other/y.png": picture(51)}
    report = read(tmp_path / "out", write_zip(tmp_path / "a.zip", tree), val_fraction=0.5)
    assert (report["counts"], report["unlabelled"]) == ({"train": 9, "val": 4}, 5)
    assert "unlabelled/x.png" in packed(tmp_path / "out", "train").names
    assert report["ignored"] == [{"name": "other/y.png", "reason": "not listed in the table"}]


def test_one_table_for_each_split(tmp_path: Path) -> None:
    lines = PLAIN.splitlines(keepends=True)
    tree = IMAGES | {"train.csv": b"".join(lines[:9]), "val.csv": b"".join([lines[0], *lines[9:]])}
    assert read(tmp_path / "out", write_zip(tmp_path / "a.zip", tree))["counts"] == {"train": 8, "val": 4}


def hugging_face(split: str, numbers: range, labels: list[int]) -> bytes:
    images = [{"bytes": picture(n), "path": f"{n}.png"} for n in numbers]
    features = {"image": {"_type": "Image"}, "label": {"names": ["zebra", "ant"], "_type": "ClassLabel"}}
    return parquet({"image": images, "label": labels}, {"info": {"features": features}})


def test_images_inside_parquet(tmp_path: Path) -> None:
    """The layout of Hugging Face: the classes keep the order of their metadata, -1 is no label."""
    tree = {
        "data/train-00000-of-00002.parquet": hugging_face("train", range(7), [0, 1, 0, 1, 0, 1, -1]),
        "data/train-00001-of-00002.parquet": hugging_face("train", range(7, 10), [0, 1, 0]),
        "data/validation-00000-of-00001.parquet": hugging_face("validation", range(10, 12), [1, 0]),
        "README.md": b"about",
    }
    report = read(tmp_path / "out", write_folder(tmp_path / "set", tree))
    assert (report["classes"], report["counts"]) == (["zebra", "ant"], {"train": 10, "val": 2})
    train = packed(tmp_path / "out", "train")
    assert train.labels.tolist() == [0, 1, 0, 1, 0, 1, -1, 0, 1, 0]
    assert (train.pixels()[1] == np.asarray(__import__("PIL.Image").Image.open(io.BytesIO(picture(1))))).all()
    assert read(tmp_path / "zip", write_zip(tmp_path / "a.zip", tree))["sha256"] == report["sha256"]


def change(row: int, text: str) -> bytes:
    lines = PLAIN.decode().splitlines()
    lines[row - 1] = text
    return "\n".join(lines).encode()


BAD: dict[str, tuple[bytes, dict[str, str], str]] = {
    "missing file": (change(4, "images/77.png,cat"), {}, "'labels.csv', row 4: there is no such image 'images/77.png'"),
    "twice": (change(9, "images/0.png,cat"), {}, "row 9 lists 'images/0.png' again; 'labels.csv', row 2 has it"),
    "outside": (change(3, "../x.png,cat"), {}, "row 3: '../x.png' leaves the folder"),
    "empty path": (change(3, ",cat"), {}, "row 3: '' is an empty name"),
    "control character": (change(3, "images/1.png,ca\x07t"), {}, "row 3: the label 'ca\\x07t' contains control"),
    "long label": (change(3, "images/1.png," + "x" * 201), {}, "row 3: the label"),
    "cells": (change(5, "images/3.png,cat,dog"), {}, "row 5 has 3 cells; the first row has 2"),
    "open quote": (change(5, 'images/3.png,"cat'), {}, "'labels.csv', line"),
    "not UTF-8": (PLAIN.replace(b"dog", b"d\xf6g"), {"label": "label"}, "row 3 is not UTF-8"),
    "no such column": (PLAIN, {"label": "breed"}, "'labels.csv' has no column 'breed'"),
    "no such table": (PLAIN, {"file": "other.csv"}, "There is no table 'other.csv'"),
    "no usual name": (PLAIN.replace(b"path", b"where"), {"file": "labels.csv"}, "has the columns 'where', 'label'"),
    "unknown split": (
        csv("path,label,split", ["images/0.png,cat,train", "images/1.png,dog,later"]), {}, "row 3: 'later' in the",
    ),
    "ambiguous": (change(3, "same.png,cat"), {}, "'same.png' may be 'a/same.png' or 'b/same.png'"),
    "one class": (csv("path,label", [f"images/{n}.png,cat" for n in range(12)]), {}, "The only class is 'cat'"),
    "no label at all": (csv("path,label", [f"images/{n}.png," for n in range(12)]), {}, "no images with a label"),
    "class in val alone": (
        csv("path,label,split", [f"images/{n}.png,{n},{'val' if n == 2 else 'train'}" for n in range(3)]),
        {}, "val has 1 classes that train has not, for example '2'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("write", [write_zip, write_folder])
def test_refused(tmp_path: Path, case: str, write: Callable[[Path, Tree], Path]) -> None:
    table, wanted, sentence = BAD[case]
    tree = IMAGES | {"labels.csv": table, "a/same.png": picture(60), "b/same.png": picture(61)}
    code = {"one class": "dataset_classes_invalid", "class in val alone": "dataset_classes_invalid"}.get(case)
    code = code or ("dataset_empty" if case == "no label at all" else "table_invalid")
    failure = refused(tmp_path, write(tmp_path / "source", tree), code, table=wanted or None).failure
    assert sentence in failure.detail and failure.hint


def test_several_tables_that_may_be_meant(tmp_path: Path) -> None:
    source = write_zip(tmp_path / "a.zip", IMAGES | {"a.csv": PLAIN, "b.csv": PLAIN})
    assert "'a.csv', 'b.csv'" in refused(tmp_path, source, "table_invalid").detail


def test_images_in_no_class_and_a_table_with_other_columns(tmp_path: Path) -> None:
    """The refusal shows the columns that are there."""
    source = write_zip(tmp_path / "a.zip", {f"{n}.png": picture(n) for n in range(4)} | {"t.csv": b"where,what\n0,a\n"})
    assert "'t.csv' has the columns 'where', 'what'" in refused(tmp_path, source, "dataset_empty").failure.hint


def test_broken_parquet(tmp_path: Path) -> None:
    good = parquet({"path": [f"images/{n}.png" for n in range(12)], "label": LABELS})
    for name, data in {"cut": good[:-30], "text": b"hello", "empty": b"", "nested": parquet(
        {"path": [f"images/{n}.png" for n in range(12)], "label": [[1]] * 12})}.items():  # fmt: skip
        source = write_zip(tmp_path / f"{name}.zip", IMAGES | {"l.parquet": data})
        (folder := tmp_path / name).mkdir()
        refused(folder, source, "table_invalid", table={"file": "l.parquet"})


def test_every_damaged_byte_of_a_parquet_is_survived(tmp_path: Path) -> None:
    from core.errors import TrainingFailed

    good = parquet({"path": [f"images/{n}.png" for n in range(12)], "label": LABELS})
    for at in range(0, len(good), 7):
        data = good[:at] + bytes([good[at] ^ 0x55]) + good[at + 1 :]
        source = write_folder(tmp_path / "set", IMAGES | {"l.parquet": data})
        try:
            read(tmp_path / "out", source, table={"file": "l.parquet"})
        except TrainingFailed as error:
            assert error.code in ("table_invalid", "dataset_classes_invalid", "archive_too_large"), error
