"""Images per second on the way into a network, against torch's DataLoader with torchvision's transforms.

32 px: packed pixels, cropped and mirrored; the other side as torchvision's CIFAR does it. 224 px: JPEG files, a random
window each, mirrored; the other side reads the same files from a folder. Both end as normalised float batches. The
loader's workers are processes that have started before the clock does; the core's are threads. A measurement is a whole
epoch: of less the other side's turn would prepare a part.
"""

import gc
import io
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

from benchmarks.measure import Row, Scale, compare
from core.assignment import ReadDatasetAssignment
from core.intake.dataset import PACKED, read_dataset
from core.packed import EncodedImages, PackedSplit, read_split, write_packed
from core.recipe import Training
from core.training.augment import augmenters
from core.training.data import Data, TrainBatches, View
from core.views import ViewSpec
from tests.fixtures.shapes200 import make_shapes

SMALL = 20  # batches in an epoch of small images
BATCH, MEAN, STD = 64, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
END: tuple[v2.Transform, ...] = (v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD))


class _Pixels(Dataset[tuple[Tensor, int]]):
    """An array in memory, image by image through Pillow, as torchvision's CIFAR."""

    def __init__(self, split: PackedSplit, transform: Callable[[Any], Tensor]) -> None:
        self._images, self._labels, self._transform = split.pixels(), split.labels, transform

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, i: int) -> tuple[Tensor, int]:
        return self._transform(Image.fromarray(self._images[i])), int(self._labels[i])


class _Endless:
    """`count` batches at a time, epoch after epoch."""

    def __init__(self, epoch: Callable[[int], Iterator[Any]]) -> None:
        self._batches = self._all(epoch)

    def _all(self, epoch: Callable[[int], Iterator[Any]]) -> Iterator[Any]:
        number = 0
        while True:
            yield from epoch(number)
            number += 1

    def take(self, count: int) -> None:
        for _ in range(count):
            next(self._batches)


def _core(path: Path, side: int, threads: int) -> _Endless:
    data = Data(path, torch.device("cpu"), threads)
    training = Training(batch_size=BATCH)
    batches = TrainBatches(data.train, training, augmenters(training, data.meta))
    view = View(ViewSpec(side, MEAN, STD, "bilinear"))
    return _Endless(lambda epoch: (view.of(prepared.images) for prepared in batches.of_epoch(epoch, 0)))


def _loader(dataset: Dataset[Any], workers: int) -> _Endless:
    loader = DataLoader(
        dataset, BATCH, shuffle=True, drop_last=True, num_workers=workers, persistent_workers=workers > 0
    )
    return _Endless(lambda _: iter(loader))


def rows(scale: Scale) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="distillery-bench-") as name:
        yield _small(Path(name), scale)
        yield from _large(Path(name), scale)


def _row(what: str, ours: _Endless, against: str, theirs: _Endless, batches: int, pairs: int) -> Row:
    return compare(
        what,
        lambda: ours.take(batches),
        against,
        lambda: theirs.take(batches),
        pairs=pairs,
        show=lambda seconds: f"{batches * BATCH / seconds:,.0f} images/s",
    )


def _small(folder: Path, scale: Scale) -> Row:
    rng = np.random.default_rng(0)
    pixels: NDArray[np.uint8] = rng.integers(0, 256, (SMALL * BATCH, 32, 32, 3), dtype=np.uint8)
    split = PackedSplit(pixels, rng.integers(0, 10, len(pixels)), [f"{n}.png" for n in range(len(pixels))])
    path = folder / "small.safetensors"
    write_packed(path, [str(n) for n in range(10)], {"train": split, "val": split})
    transform = v2.Compose([v2.RandomCrop(32, padding=4), v2.RandomHorizontalFlip(), *END])
    theirs = _loader(_Pixels(split, transform), workers=0)
    what = "pixels at 32 px, no extra process"
    return _row(what, _core(path, 32, 1), "torchvision v2 on Pillow, no worker", theirs, SMALL, scale.pairs(7))


def _large(folder: Path, scale: Scale) -> Iterator[Row]:
    archive, images = folder / "shapes.zip", BATCH if scale.quick else 16 * BATCH
    make_shapes(archive, 4, images // 4, 1, odd=False, max_side=640)
    read_dataset(
        ReadDatasetAssignment(folder=folder, threads=scale.threads, path=archive, image_size=224), lambda _: None
    )
    split = read_split(folder / PACKED, "train")
    assert split is not None and isinstance(split.images, EncodedImages)
    for n, label in enumerate(split.labels):
        file = folder / "files" / str(label) / f"{n:06}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(split.images[n])
    with Image.open(io.BytesIO(split.images[0])) as first:
        assert first.format == "JPEG"
    transform = v2.Compose([v2.RandomResizedCrop(224, antialias=True), v2.RandomHorizontalFlip(), *END])
    for threads in (1, 2):
        ours = _core(folder / PACKED, 224, threads)
        theirs = _loader(ImageFolder(folder / "files", transform), workers=threads)
        yield _row(
            f"files at 224 px, {threads} decoding {'threads' if threads > 1 else 'thread'}",
            ours,
            f"DataLoader and ImageFolder, {threads} {'workers' if threads > 1 else 'worker'}",
            theirs,
            len(split.labels) // BATCH,
            scale.pairs(7),
        )
        del ours, theirs
        gc.collect()  # ends these worker processes here, not in a copy of this process
