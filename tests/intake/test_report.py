"""What intake tells about a data set besides its images."""

import json
from dataclasses import replace
from pathlib import Path

from PIL import Image

from core.intake.limits import DEFAULT
from core.intake.report import EXAMPLES
from tests.intake.make import Tree, encoded, picture, pixels, write_zip
from tests.intake.reading import read
from tests.intake.test_images import with_alpha


def odd_tree() -> Tree:
    """Two classes with one image of every odd kind."""
    exif = Image.Exif()
    exif[0x0112] = 6
    plain = pixels(3, (16, 12))
    frames = [pixels(n, (16, 16)) for n in (4, 5)]
    odd = {
        "rotated.png": encoded(plain, exif=exif),
        "cmyk.jpg": encoded(pixels(6, (16, 16)).convert("CMYK"), "JPEG"),
        "deep.png": encoded(Image.linear_gradient("L").resize((16, 16)).convert("I;16")),
        "palette.png": encoded(pixels(7, (16, 16)).quantize(8)),
        "alpha.png": with_alpha(),
        "grey.png": encoded(pixels(8, (16, 16)).convert("L")),
        "moving.gif": encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]),
        "wrong.jpg": picture(9, (16, 16)),
    }
    tree = {f"train/odd/{name}": data for name, data in odd.items()}
    tree |= {f"train/plain/{i}.png": picture(100 + i, (16, 16)) for i in range(4)}
    return tree | {f"val/{c}/{i}.png": picture(200 + i, (20, 40)) for i, c in enumerate(("odd", "plain"))}


def test_every_odd_kind_is_counted_with_an_example(tmp_path: Path) -> None:
    report = read(tmp_path / "out", write_zip(tmp_path / "a.zip", odd_tree()))["report"]
    odd = {kind: (found["images"], found["examples"][0]) for kind, found in report["odd"].items()}
    assert odd == {
        "rotated": (1, "odd/rotated.png"),
        "cmyk": (1, "odd/cmyk.jpg"),
        "sixteen_bit": (1, "odd/deep.png"),
        "palette": (2, "odd/moving.gif"),
        "transparent": (1, "odd/alpha.png"),
        "greyscale": (1, "odd/grey.png"),
        "animated": (1, "odd/moving.gif"),
        "misnamed": (1, "train/odd/wrong.jpg"),
    }
    assert report["formats"] == {"PNG": 12, "JPEG": 1, "GIF": 1}
    assert report["sizes"] == {
        "width": {"min": 16, "median": 16, "max": 20},
        "height": {"min": 12, "median": 16, "max": 40},
        "most_common": [
            {"width": 16, "height": 16, "images": 11},
            {"width": 20, "height": 40, "images": 2},
            {"width": 16, "height": 12, "images": 1},
        ],
    }


def test_classes_and_their_balance(tmp_path: Path) -> None:
    tree = {f"train/{c}/{i}.png": picture(10 * n + i) for n, c in enumerate("abc") for i in range(2 + n)}
    report = read(tmp_path / "out", write_zip(tmp_path / "a.zip", tree | {"val/b/0.png": picture(99)}))["report"]
    assert report["per_class"] == {"train": [2, 3, 4], "val": [0, 1, 0]}
    assert report["imbalance"] == {
        "largest": {"name": "c", "images": 4},
        "smallest": {"name": "a", "images": 2},
        "ratio": 2.0,
    }
    assert report["empty"] == {"val": {"classes": 2, "examples": ["a", "c"]}}


def test_equal_pictures_are_found_whatever_their_files_are(tmp_path: Path) -> None:
    same = pixels(1)
    tree = {f"train/{c}/{i}.png": picture(10 * n + i + 20) for n, c in enumerate("ab") for i in range(3)}
    tree |= {
        "train/a/first.png": encoded(same),
        "train/a/again.bmp": encoded(same, "BMP"),
        "train/b/other-class.png": encoded(same, compress_level=0),
        "val/a/leak.png": encoded(same),
        "val/b/clean.png": picture(99),
    }
    result = read(tmp_path / "out", write_zip(tmp_path / "a.zip", tree))
    found = result["report"]["duplicates"]
    assert found["within"] == {
        "train": {
            "images": 2,
            "examples": [
                {"name": "a/first.png", "same_as": "a/again.bmp"},
                {"name": "b/other-class.png", "same_as": "a/again.bmp"},
            ],
        }
    }
    leak = {"name": "a/leak.png", "same_as": "a/again.bmp"}
    assert found["across"] == [{"split": "val", "also_in": "train", "images": 1, "examples": [leak]}]
    mixed = {"name": "b/other-class.png", "same_as": "a/again.bmp", "classes": ["b", "a"]}
    assert found["different_labels"] == {"images": 1, "examples": [mixed]}
    assert "Images of val that are in train too: 1. Its figures mislead." in result["warnings"]


def test_unreadable_images_with_their_reasons(tmp_path: Path) -> None:
    tree = {f"{c}/{i:02d}.png": picture(100 * n + i) for n, c in enumerate("ab") for i in range(20)}
    tree["a/07.png"] = tree["a/07.png"][:60]
    limits = replace(DEFAULT, unreadable_percent=5)
    result = read(tmp_path / "out", write_zip(tmp_path / "a.zip", tree), limits)
    broken = result["report"]["unreadable"]
    assert (broken["images"], broken["examples"][0]["name"]) == (1, "a/07.png")
    assert "truncated" in broken["examples"][0]["reason"]


def test_it_stays_small_whatever_comes(tmp_path: Path) -> None:
    """Hundreds of odd, equal and misnamed images: a few examples of each."""
    tree = {f"{c}/{'x' * 100}{i:03d}.jpg": encoded(pixels(i % 7).convert("L")) for c in "ab" for i in range(150)}
    report = read(tmp_path / "out", write_zip(tmp_path / "a.zip", tree))["report"]
    assert report["odd"]["greyscale"]["images"] == report["odd"]["misnamed"]["images"] == 300
    assert len(report["odd"]["greyscale"]["examples"]) == EXAMPLES
    assert len(json.dumps(report)) < 20_000
