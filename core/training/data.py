"""A packed data set on the device: all images stay there as bytes, batches are made by arithmetic alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.packed import PackedMeta, read_meta, read_split
from core.recipe import Training
from core.training.augment import Augmenter
from core.training.randomness import epoch_order

PIXELS_AT_ONCE = 2**20  # of an evaluation batch; decided by the data alone, so that figures repeat


@dataclass(frozen=True)
class View:
    """How a network wants its images: each model gets a view of its own."""

    mean: tuple[float, ...]  # per channel, of values scaled to 0..1
    std: tuple[float, ...]

    def of(self, images: Tensor) -> Tensor:
        """uint8 (B, side, side, 3) -> float32 (B, 3, side, side), normalised, channels last in memory."""
        mean = torch.tensor(self.mean, device=images.device)
        std = torch.tensor(self.std, device=images.device)
        return images.float().div_(255).sub_(mean).div_(std).permute(0, 3, 1, 2)


@dataclass(frozen=True)
class Split:
    images: Tensor  # uint8 (N, side, side, 3)
    labels: Tensor  # int64 (N,)

    def __len__(self) -> int:
        return len(self.labels)

    def chunks(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Images and labels in their stored order, a bounded number at a time."""
        size = max(1, PIXELS_AT_ONCE // (self.images.shape[1] * self.images.shape[2]))
        for start in range(0, len(self), size):
            yield self.images[start : start + size], self.labels[start : start + size]


class Data:
    """The splits of a packed data set. `test` is None where it has none."""

    def __init__(self, path: Path, device: torch.device) -> None:
        self.meta: PackedMeta = read_meta(path)
        self.view = View(tuple(self.meta.mean), tuple(self.meta.std))
        loaded = {name: _load(path, name, device) for name in ("train", "val", "test")}
        train, val = loaded["train"], loaded["val"]
        if train is None or val is None:
            raise ValueError(f"the packed data set {path} lacks its train or val split")
        self.train, self.val, self.test = train, val, loaded["test"]


def _load(path: Path, name: str, device: torch.device) -> Split | None:
    split = read_split(path, name)
    if split is None:
        return None
    return Split(torch.from_numpy(split.pixels()).to(device), torch.from_numpy(split.labels).to(device))


class TrainBatches:
    """The batches of every epoch, each a pure function of the training seed and its number."""

    def __init__(self, split: Split, training: Training) -> None:
        self._split = split
        self._seed = training.seed
        self._augment = Augmenter(training.augment, int(split.images.shape[1]), training.seed)
        self.size = min(training.batch_size, len(split))
        self.per_epoch = len(split) // self.size  # the last, short batch is dropped

    def of_epoch(self, epoch: int, first: int) -> Iterator[tuple[Tensor, Tensor]]:
        """(uint8 images (B, side, side, 3), labels (B,)) from batch `first` of this epoch (both 0-based) on."""
        order = epoch_order(self._seed, epoch, len(self._split))
        for number in range(first, self.per_epoch):
            indices = order[number * self.size : (number + 1) * self.size].astype(np.int64)
            places = torch.from_numpy(indices).to(self._split.images.device)
            images = self._augment(self._split.images[places], epoch, indices)
            yield images, self._split.labels[places]
