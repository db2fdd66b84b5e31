"""A small data set of photographs: JPEG and PNG files of many sizes, three classes that colour tells apart."""

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.packed import UNLABELLED, EncodedImages, PackedMeta, PackedSplit, write_packed

CLASSES = ["rot", "grün", "blau"]


def encode(pixels: NDArray[np.uint8], form: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, form, quality=95)
    return out.getvalue()


def as_files(files: list[bytes], sizes: list[tuple[int, int]]) -> EncodedImages:
    """`sizes` are widths and heights."""
    offsets = np.cumsum([0, *(len(file) for file in files)]).astype(np.int64)
    return EncodedImages(np.frombuffer(b"".join(files), np.uint8), offsets, np.array(sizes, np.int32))


def photo(generator: np.random.Generator, label: int) -> NDArray[np.uint8]:
    """(height, width, 3): soft patches in which one channel is the strongest, with noise."""
    height, width = (int(n) for n in generator.integers(20, 70, 2))
    patches = generator.integers(0, 180, (4, 4, 3), dtype=np.uint8)
    patches[:, :, label] += 60
    soft = np.asarray(Image.fromarray(patches).resize((width, height), Image.Resampling.BICUBIC)).astype(np.int64)
    return (soft + generator.integers(-20, 21, soft.shape)).clip(0, 255).astype(np.uint8)


def write_photos(path: Path, counts: dict[str, int], side: int = 16, labelled: int | None = None) -> PackedMeta:
    """`labelled`: how many of train's have a label, the first ones; default all."""
    splits = {}
    for number, (name, count) in enumerate(counts.items()):
        generator = np.random.default_rng([7, number])
        labels = np.arange(count) % 3
        pixels = [photo(generator, int(label)) for label in labels]
        files = [encode(image, "PNG" if i % 4 == 0 else "JPEG") for i, image in enumerate(pixels)]
        if name == "train" and labelled is not None:
            labels[labelled:] = UNLABELLED
        names = [f"{CLASSES[i % 3]}/{i:04d}.jpg" for i in range(count)]
        images = as_files(files, [(image.shape[1], image.shape[0]) for image in pixels])
        splits[name] = PackedSplit(images, labels.astype(np.int64), names)
    statistics = ([0.4, 0.4, 0.4], [0.25, 0.25, 0.25])
    return write_packed(path, CLASSES, splits, image_size=side, statistics=statistics)
