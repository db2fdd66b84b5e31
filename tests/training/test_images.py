"""Batches from both forms of a data set: the same protocol, the same promises."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from core.errors import TrainingFailed
from core.training.data import open_split
from core.training.images import FileImages, Images, PixelImages, Wanted, Windows, decode, enlarge, middle
from tests.training.photos import as_files, encode, write_photos

CPU = torch.device("cpu")
Pixels = NDArray[np.uint8]


def noise(count: int, height: int, width: int) -> Pixels:
    return np.random.default_rng(1).integers(0, 256, (count, height, width, 3), dtype=np.uint8)


def files(images: list[Pixels], side: int, threads: int = 1, form: str = "PNG") -> FileImages:
    sizes = [(image.shape[1], image.shape[0]) for image in images]
    return FileImages(as_files([encode(i, form) for i in images], sizes), side, CPU, threads, lambda i: f"c/{i}.png")


def one(images: Images, wanted: Wanted) -> Tensor:
    (batch,) = images.prepare([wanted])
    return batch


def windows(*rows: tuple[int, int, int, int, bool]) -> Windows:
    top, left, height, width, mirrored = (np.array(column) for column in zip(*rows, strict=True))
    return Windows(top, left, height, width, mirrored.astype(np.bool_))


def test_both_forms_give_the_same_whole_images() -> None:
    pixels = noise(7, 12, 12)
    chosen = Wanted(np.array([6, 0, 3, 3]))
    stored, encoded = PixelImages(pixels, CPU), files(list(pixels), 12)
    assert torch.equal(one(stored, chosen), one(encoded, chosen))
    assert np.array_equal(one(stored, chosen).numpy(), pixels[[6, 0, 3, 3]])
    assert len(stored) == len(encoded) == 7
    assert np.array_equal(stored.sizes(chosen.indices), encoded.sizes(chosen.indices))


@pytest.mark.parametrize(("width", "height"), [(40, 20), (20, 40), (31, 20)])
def test_of_a_photograph_the_middle_is_prepared(width: int, height: int) -> None:
    (image,) = noise(1, height, width)
    batch = one(files([image], 10), Wanted(np.array([0])))
    expected = Image.fromarray(image).resize((10, 10), Image.Resampling.BILINEAR, box=middle(width, height))
    assert np.array_equal(batch[0].numpy(), np.asarray(expected))
    left, top, right, bottom = middle(width, height)
    assert (right - left, bottom - top) == (20, 20)
    assert (left + right, top + bottom) == (width, height)


def test_a_window_of_both_forms_is_the_same_to_a_rounding() -> None:
    pixels = noise(4, 16, 16)
    parts = windows((0, 0, 16, 16, False), (3, 5, 7, 9, False), (10, 1, 4, 15, True), (15, 0, 1, 1, True))
    wanted = Wanted(np.arange(4), parts)
    stored, encoded = one(PixelImages(pixels, CPU), wanted), one(files(list(pixels), 16), wanted)
    assert int((stored.int() - encoded.int()).abs().max()) <= 1
    assert np.array_equal(stored[0].numpy(), pixels[0])


def test_enlarging_is_bilinear_interpolation_done_by_hand() -> None:
    (image,) = pixels = noise(1, 8, 8)
    top, left, height, width = 2, 1, 3, 6
    result = enlarge(torch.from_numpy(pixels), windows((top, left, height, width, True)))[0].numpy()
    for row in range(8):
        for column in range(8):
            y = min(max(top + (row + 0.5) * height / 8 - 0.5, 0), 7)
            x = min(max(left + (7 - column + 0.5) * width / 8 - 0.5, 0), 7)  # mirrored
            y0, x0 = int(y), int(x)
            y1, x1 = min(y0 + 1, 7), min(x0 + 1, 7)
            upper = image[y0, x0] * (1 - (x - x0)) + image[y0, x1] * (x - x0)
            lower = image[y1, x0] * (1 - (x - x0)) + image[y1, x1] * (x - x0)
            value = upper * (1 - (y - y0)) + lower * (y - y0)
            assert np.abs(result[row, column] - value).max() <= 0.51


def test_what_is_mirrored_is_the_mirror_image() -> None:
    pixels = noise(2, 16, 16)
    for images in (PixelImages(pixels, CPU), files(list(pixels), 16)):
        plain = one(images, Wanted(np.arange(2), windows((2, 3, 9, 8, False), (0, 0, 16, 16, False))))
        mirrored = one(images, Wanted(np.arange(2), windows((2, 3, 9, 8, True), (0, 0, 16, 16, True))))
        assert torch.equal(plain.flip(2), mirrored)


def test_batches_depend_neither_on_threads_nor_on_company(tmp_path: Path) -> None:
    write_photos(tmp_path / "data", {"train": 60, "val": 6})
    order = np.random.default_rng(0).permutation(60)
    sizes = [7, 20, 1, 32]
    batches = [Wanted(part) for part in np.split(order, np.cumsum(sizes)[:-1])]
    single, several = (open_split(tmp_path / "data", "train", CPU, threads) for threads in (1, 5))
    assert single is not None and several is not None
    first = list(single.images.prepare(batches))
    again = list(several.images.prepare(iter(batches)))
    assert [len(batch) for batch in first] == sizes
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    for index, image in zip(order, torch.cat(first), strict=True):
        assert torch.equal(one(several.images, Wanted(np.array([index])))[0], image)


def test_only_a_few_batches_are_decoded_ahead() -> None:
    images = files(list(noise(1, 8, 8)), 8, threads=2)
    asked = 0

    def wanted() -> "list[Wanted]":
        nonlocal asked
        asked += 1
        return [Wanted(np.zeros(8, np.int64))]

    source = (batch for _ in range(50) for batch in wanted())
    batches = images.prepare(source)
    for number in range(1, 6):
        next(batches)
        assert number < asked <= number + 4
    batches.close()  # type: ignore[attr-defined]  # a generator
    assert asked < 10


def test_a_large_jpeg_is_decoded_small_and_looks_the_same() -> None:
    coarse = noise(1, 30, 40)[0]
    image = Image.fromarray(coarse).resize((800, 600), Image.Resampling.BICUBIC)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=95)
    data = np.frombuffer(out.getvalue(), np.uint8)
    for box in ((100.0, 0.0, 700.0, 600.0), (37.0, 111.0, 437.0, 411.0)):
        ours = decode(data, (800, 600), box, 64).astype(int)
        with Image.open(out) as full:
            plain = np.asarray(full.resize((64, 64), Image.Resampling.BILINEAR, box=box)).astype(int)
        assert np.abs(ours - plain).mean() < 1.0
        assert np.abs(ours - plain).max() < 16


@pytest.mark.parametrize("damage", ["garbage", "truncated", "another size"])
def test_a_damaged_file_is_named(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "data"
    write_photos(path, {"train": 12, "val": 6})
    split = open_split(path, "train", CPU, 2)
    assert split is not None and isinstance(split.images, FileImages)
    stored = split.images._files
    first, end = int(stored.offsets[5]), int(stored.offsets[6])
    if damage == "garbage":
        stored.data[first:end] = 7
    elif damage == "truncated":
        stored.data[(first + end) // 2 : end] = 0
        stored.offsets[6] = (first + end) // 2
    else:
        stored.sizes[5] += 1
    with pytest.raises(TrainingFailed) as failed:
        list(split.images.prepare([Wanted(np.arange(12))]))
    assert failed.value.code == "image_unreadable"
    assert "blau/0005.jpg" in failed.value.failure.detail
