"""Photographs: stored as files of our own writing."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from core.packed import EncodedImages, PackedSplit, read_meta, read_split
from tests.intake.make import Tree, encoded, pixels, write_folder, write_tar, write_zip
from tests.intake.reading import read


def photo(number: int, size: tuple[int, int]) -> Image.Image:
    """Smooth, so that JPEG is close to it; another one for each number."""
    return pixels(number, (5, 4)).resize(size, Image.Resampling.BICUBIC)


def photographs() -> Tree:
    """Many sizes and kinds, each picture its own."""
    tree: Tree = {}
    for n, size in enumerate([(300, 200), (200, 320), (700, 900), (640, 480), (260, 260), (1200, 530)]):
        for c in ("cat", "dog"):
            tree[f"train/{c}/{n}.jpg"] = encoded(photo(10 * n + len(tree), size), "JPEG", quality=90)
            tree[f"val/{c}/{n}.png"] = encoded(photo(10 * n + len(tree), (120, 140)))
    exif = Image.Exif()
    exif[0x0112] = 6
    tree["train/cat/rotated.jpg"] = encoded(photo(900, (300, 200)), "JPEG", exif=exif)
    tree["train/dog/cmyk.jpg"] = encoded(photo(901, (300, 200)).convert("CMYK"), "JPEG")
    tree["train/dog/profile.png"] = encoded(photo(902, (90, 90)), icc_profile=b"a stranger's profile")
    return tree


def files(folder: Path, split: str) -> PackedSplit:
    packed = read_split(folder / "data.safetensors", split)
    assert packed is not None and isinstance(packed.images, EncodedImages)
    return packed


def opened(packed: PackedSplit, name: str) -> Image.Image:
    return Image.open(io.BytesIO(packed.images[packed.names.index(name)]))


def test_photographs_become_upright_rgb_files(tmp_path: Path) -> None:
    tree = photographs()
    report = read(tmp_path / "out", write_zip(tmp_path / "a.zip", tree))
    meta = read_meta(tmp_path / "out" / "data.safetensors")
    assert report["form"] == meta.form == "files"
    train, val = files(tmp_path / "out", "train"), files(tmp_path / "out", "val")
    assert isinstance(train.images, EncodedImages) and len(train.images) == 15 and len(val.images) == 12
    for packed in (train, val):
        assert isinstance(packed.images, EncodedImages)
        for i in range(len(packed.images)):
            image = Image.open(io.BytesIO(packed.images[i]))
            image.load()
            assert image.mode == "RGB" and image.size == tuple(packed.images.sizes[i])
            assert min(image.size) <= 512 and not image.getexif() and "icc_profile" not in image.info
    assert opened(train, "cat/rotated.jpg").size == (200, 300)
    assert opened(train, "cat/2.jpg").size == (512, 658)
    assert opened(train, "cat/0.jpg").format == "JPEG" and opened(val, "cat/0.png").format == "PNG"
    lossless = np.asarray(Image.open(io.BytesIO(tree["val/dog/3.png"])))
    assert (np.asarray(opened(val, "dog/3.png")) == lossless).all()
    close = np.asarray(Image.open(io.BytesIO(tree["train/dog/0.jpg"]))).astype(int) - np.asarray(
        opened(train, "dog/0.jpg")
    )
    assert np.abs(close).mean() < 1.5
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["data.safetensors"]


def test_the_same_files_whatever_they_come_in_and_however_many_threads(tmp_path: Path) -> None:
    tree = photographs()
    sources = [
        write_folder(tmp_path / "folder", dict(reversed(tree.items()))),
        write_zip(tmp_path / "a.zip", tree),
        write_tar(tmp_path / "a.tar", {f"wrap/{name}": data for name, data in tree.items()}, "xz"),
    ]
    hashes = {read(tmp_path / f"out{n}", s, threads=1 + 3 * n)["sha256"] for n, s in enumerate(sources)}
    assert len(hashes) == 1


def test_statistics_are_those_of_the_canvas(tmp_path: Path) -> None:
    tree = {name: encoded(photo(n, (100, 100))) for n, name in enumerate(photographs())}
    report = read(tmp_path / "out", write_zip(tmp_path / "a.zip", tree))
    train = files(tmp_path / "out", "train")
    assert report["image_size"] == 100
    views = np.stack([np.asarray(opened(train, name)) for name in train.names])
    assert np.allclose(report["mean"], views.mean((0, 1, 2)) / 255, atol=1e-6)
    assert np.allclose(report["std"], views.std((0, 1, 2)) / 255, atol=1e-6)


def test_the_canvas_as_asked_decides_the_form(tmp_path: Path) -> None:
    source = write_zip(tmp_path / "a.zip", photographs())
    small = read(tmp_path / "small", source, image_size=64)
    assert (small["image_size"], small["form"]) == (64, "pixels")
    large = read(tmp_path / "large", source, image_size=600)
    assert (large["image_size"], large["form"]) == (600, "files")
    assert opened(files(tmp_path / "large", "train"), "cat/2.jpg").size == (600, 771)
    assert abs(small["mean"][0] - large["mean"][0]) < 0.03
