"""A packed data set on its way into the networks: batches are prepared once, and each network has its view of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from core.packed import UNLABELLED, EncodedImages, PackedMeta, read_meta, read_split
from core.recipe import Training
from core.training.augment import Augmenter
from core.training.images import FileImages, Images, PixelImages, Wanted
from core.training.mixing import Mixed, draw_pairs, mix_images
from core.training.randomness import epoch_order
from core.views import ViewSpec

PIXELS_AT_ONCE = 2**20  # of an evaluation batch; decided by the data alone, so that figures repeat


@dataclass(frozen=True)
class View:
    """How a network wants its images. Equal views are equal objects."""

    spec: ViewSpec

    def of(self, images: Tensor) -> Tensor:
        """uint8 (B, S, S, 3) -> float32 (B, 3, side, side), normalised, channels last in memory.

        Each image by itself: what else is in the batch changes nothing.
        """
        side, mode = self.spec.image_size, self.spec.interpolation
        mean = torch.tensor(self.spec.mean, device=images.device)
        std = torch.tensor(self.spec.std, device=images.device)
        scaled = images.float()
        if images.shape[1] != side:
            scaled = F.interpolate(scaled.permute(0, 3, 1, 2), (side, side), mode=mode, antialias=True)
            scaled = scaled.clamp_(0, 255).permute(0, 2, 3, 1)  # a bicubic overshoots at edges
        return scaled.div_(255).sub_(mean).div_(std).permute(0, 3, 1, 2)


@dataclass(frozen=True)
class Places:
    """Which images of the data set those of a batch are."""

    split: str
    indices: NDArray[np.int64]  # (B,)


class Batch:
    """Prepared images, and what each network sees of them: equal views are made once, for whoever asks first."""

    def __init__(self, images: Tensor, places: Places | None = None) -> None:
        """uint8 (B, S, S, 3)."""
        self.images, self.places = images, places
        self._seen: dict[View, Tensor] = {}

    def seen(self, view: View) -> Tensor:
        """float32 (B, 3, side, side); shared, so nobody may change it."""
        if view not in self._seen:
            self._seen[view] = view.of(self.images)
        return self._seen[view]


@dataclass(frozen=True)
class Split:
    images: Images
    labels: Tensor  # int64 (N,) on the device; -1 for an image of train without a label
    name: str = ""

    def __len__(self) -> int:
        return len(self.labels)

    def chunks(self) -> Iterator[tuple[Batch, Tensor]]:
        """Images and their labels (B,) in their stored order, a bounded number at a time."""
        size = max(1, PIXELS_AT_ONCE // self.images.side**2)
        chosen = [np.arange(start, min(start + size, len(self))) for start in range(0, len(self), size)]
        chunks = self.images.prepare(map(Wanted, chosen))
        for indices, images in zip(chosen, chunks, strict=True):
            yield Batch(images, Places(self.name, indices)), self.labels[indices[0] : indices[-1] + 1]


def open_split(path: Path, name: str, device: torch.device, threads: int) -> Split | None:
    """A split of a packed data set, whatever its form, or None where it has none of that name.

    Files are decoded by `threads` threads.
    """
    split = read_split(path, name)
    if split is None:
        return None
    labels = torch.from_numpy(split.labels).to(device)
    if not isinstance(split.images, EncodedImages):
        return Split(PixelImages(split.images, device), labels, name)

    def name_of(index: int) -> str:
        read = read_split(path, name)  # once, for a message: a million names are not kept for it
        return read.names[index] if read is not None else str(index)

    return Split(FileImages(split.images, read_meta(path).image_size, device, threads, name_of), labels, name)


def some_of(split: Split, at_most: int) -> Split:
    """Of a larger split `at_most` images, evenly spread; they are a split of their own, without a name."""
    if len(split) <= at_most:
        return split
    some = np.linspace(0, len(split) - 1, at_most).astype(np.int64)
    (images,) = split.images.prepare(iter([Wanted(some)]))
    places = torch.from_numpy(some).to(split.labels.device)
    return Split(PixelImages(images.cpu().numpy(), images.device), split.labels[places])


class Data:
    """The splits of a packed data set. `test` is None where it has none."""

    def __init__(self, path: Path, device: torch.device, threads: int) -> None:
        self.meta: PackedMeta = read_meta(path)
        self._path = path
        train, val, test = (open_split(path, name, device, threads) for name in ("train", "val", "test"))
        if train is None or val is None:
            raise ValueError(f"the packed data set {path} lacks its train or val split")
        self.train, self.val, self.test = train, val, test

    def names(self, split: str, indices: NDArray[np.int64]) -> list[str]:
        """Of the images at these places of a split: read when asked for, as a million are not kept."""
        read = read_split(self._path, split)
        assert read is not None
        return [read.names[index] for index in indices.tolist()]


@dataclass(frozen=True)
class Prepared:
    """The images of a step. With two views of each (V = 2) the first B are one view of all, then comes the other."""

    images: Tensor  # uint8 (V * B, side, side, 3)
    labels: Tensor  # int64 (V * B,), -1 where there is none
    indices: NDArray[np.int64]  # (V * B,), in train
    mixed: Mixed | None = None  # what else is in them


class TrainBatches:
    """The batches of every epoch, each a pure function of the training seed and its number."""

    def __init__(
        self, split: Split, training: Training, views: Sequence[Augmenter], share: Callable[[int], slice] = slice
    ) -> None:
        """`share`: which rows of a batch of so many are this process's; `slice` itself: all of them."""
        self._split, self._views = split, views
        self._seed, self._mix, self._share = training.seed, training.mix, share
        self.size = min(training.batch_size, len(split))
        self.per_epoch = len(split) // self.size  # the last, short batch is dropped

    def of_epoch(self, epoch: int, first: int) -> Iterator[Prepared]:
        """From batch `first` of this epoch (both 0-based) on."""
        order = epoch_order(self._seed, epoch, len(self._split)).astype(np.int64)
        own = self._share(self.size)
        chosen = [order[n * self.size : (n + 1) * self.size][own] for n in range(first, self.per_epoch)]
        wanted = (self._wanted(view, epoch, indices) for indices in chosen for view in self._views)
        images = self._split.images.prepare(wanted)
        for indices in chosen:
            views = [self._seen(view, next(images), epoch, indices) for view in self._views]
            yield views[0] if len(views) == 1 else _together(views)

    def _wanted(self, view: Augmenter, epoch: int, indices: NDArray[np.int64]) -> Wanted:
        return Wanted(indices, view.windows(epoch, indices, self._split.images.sizes(indices)))

    def _seen(self, view: Augmenter, images: Tensor, epoch: int, indices: NDArray[np.int64]) -> Prepared:
        labels = self._split.labels[torch.from_numpy(indices).to(self._split.labels.device)]
        images = view(images, epoch, indices)
        if self._mix is None:
            return Prepared(images, labels, indices)
        pairs = draw_pairs(self._mix, view.seed, epoch, indices, images.shape[1])
        images, labels, mixed = mix_images(images, labels, pairs)
        return Prepared(images, labels, indices, mixed)


def _together(views: Sequence[Prepared]) -> Prepared:
    mixed = [view.mixed for view in views if view.mixed is not None]
    return Prepared(
        torch.cat([view.images for view in views]),
        torch.cat([view.labels for view in views]),
        np.concatenate([view.indices for view in views]),
        Mixed(torch.cat([m.labels for m in mixed]), torch.cat([m.share for m in mixed])) if mixed else None,
    )


def labelled(labels: Tensor) -> Tensor:
    """bool (B,): which of the images have a label."""
    return labels != UNLABELLED
