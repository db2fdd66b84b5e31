"""Random changes to images: every draw depends on (seed, epoch, index) alone, the arithmetic is done by the batch."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from core.packed import Form
from core.recipe import Augment, CropFlip, ResizedCrop
from core.training.images import Windows
from core.training.randomness import Purpose, draw, draw_share

TRIES = 10  # for a window that fits into the image; after that the middle is taken


@dataclass(frozen=True)
class Crops:
    """What happens to each image of a batch; arrays of shape (B,)."""

    top: NDArray[np.int64]  # of the window in the padded image, 0 to 2 * padding
    left: NDArray[np.int64]
    mirrored: NDArray[np.bool_]


def draw_crops(seed: int, epoch: int, indices: NDArray[np.int64], padding: int, flip: bool) -> Crops:
    """The draws of these images (indices in the train split) in this epoch (0-based)."""

    def number(purpose: Purpose) -> NDArray[np.int64]:
        return (draw(seed, purpose, epoch, indices) % np.uint64(2 * padding + 1)).astype(np.int64)

    return Crops(number(Purpose.CROP_TOP), number(Purpose.CROP_LEFT), _mirrored(seed, epoch, indices, flip))


def _mirrored(seed: int, epoch: int, indices: NDArray[np.int64], flip: bool) -> NDArray[np.bool_]:
    if not flip:
        return np.zeros(len(indices), dtype=np.bool_)
    return (draw(seed, Purpose.FLIP, epoch, indices) % np.uint64(2)).astype(np.bool_)


def crop_flip(images: Tensor, crops: Crops, padding: int) -> Tensor:
    """uint8 images (B, side, side, 3), padded with black, cut out at the drawn places: the same shape again."""
    side = images.shape[1]
    offsets = np.arange(side)
    rows = crops.top[:, None] + offsets
    columns = crops.left[:, None] + np.where(crops.mirrored[:, None], offsets[::-1], offsets)
    padded = F.pad(images, (0, 0, padding, padding, padding, padding))
    width = side + 2 * padding
    places = torch.from_numpy(rows[:, :, None] * width + columns[:, None, :]).to(images.device)
    flat = padded.reshape(len(images), width * width, 3)
    numbers = torch.arange(len(images), device=images.device)[:, None]
    return flat[numbers, places.reshape(len(images), side * side)].reshape(images.shape)


def draw_windows(
    seed: int, epoch: int, indices: NDArray[np.int64], sizes: NDArray[np.int64], spec: ResizedCrop
) -> Windows:
    """Random windows as torchvision's RandomResizedCrop draws them (Szegedy et al., 2015); `sizes` (B, 2) are widths
    and heights.

    The area is uniform in `scale`, the logarithm of width / height in `ratio`; what does not fit into the image is
    drawn again. After ten tries it is the largest window in the middle whose shape is allowed.
    """
    width, height = sizes[:, :1], sizes[:, 1:]  # (B, 1)
    tries = indices[:, None], np.arange(TRIES)
    (least, greatest), (narrow, wide) = spec.scale, spec.ratio
    area = width * height * (least + (greatest - least) * draw_share(seed, Purpose.WINDOW_AREA, epoch, *tries))
    log_ratio = np.log(narrow) + np.log(wide / narrow) * draw_share(seed, Purpose.WINDOW_RATIO, epoch, *tries)
    widths = np.rint(np.sqrt(area * np.exp(log_ratio))).astype(np.int64)  # (B, TRIES)
    heights = np.rint(np.sqrt(area / np.exp(log_ratio))).astype(np.int64)
    fits = (widths > 0) & (widths <= width) & (heights > 0) & (heights <= height)
    first, rows = fits.argmax(axis=1), np.arange(len(indices))
    found = fits.any(axis=1)
    middle = _middle(sizes, narrow, wide)
    across, down = (np.where(found, drawn[rows, first], middle[:, i]) for i, drawn in enumerate((widths, heights)))
    free = sizes - np.stack([across, down], axis=1)
    left = (draw(seed, Purpose.WINDOW_LEFT, epoch, indices) % (free[:, 0] + 1).astype(np.uint64)).astype(np.int64)
    top = (draw(seed, Purpose.WINDOW_TOP, epoch, indices) % (free[:, 1] + 1).astype(np.uint64)).astype(np.int64)
    left, top = np.where(found, left, free[:, 0] // 2), np.where(found, top, free[:, 1] // 2)
    return Windows(top, left, down, across, _mirrored(seed, epoch, indices, spec.flip))


def _middle(sizes: NDArray[np.int64], narrow: float, wide: float) -> NDArray[np.int64]:
    """(B, 2): width and height of the largest window of an allowed shape."""
    width, height = sizes[:, 0], sizes[:, 1]
    across = np.minimum(width, np.rint(height * wide).astype(np.int64))
    down = np.minimum(height, np.rint(width / narrow).astype(np.int64))
    return np.stack([across, down], axis=1).clip(1)


def resolve(spec: Augment, form: Form) -> Augment:
    """`standard` becomes what suits the form of the data set."""
    if spec.kind != "standard":
        return spec
    return CropFlip() if form == "pixels" else ResizedCrop()


class Augmenter:
    """The recipe's augmentation (never `standard`), for batches of one side."""

    def __init__(self, spec: Augment, side: int, seed: int) -> None:
        self._seed = seed
        self._window = spec if spec.kind == "resized_crop" else None
        self._flip = spec.kind == "crop_flip" and spec.flip
        self._padding = 0
        if spec.kind == "crop_flip":
            self._padding = side // 8 if spec.padding is None else spec.padding

    def windows(self, epoch: int, indices: NDArray[np.int64], sizes: NDArray[np.int64]) -> Windows | None:
        """What is cut out of the images of the train split at `indices` (B,) while the batch is prepared."""
        if self._window is None:
            return None
        return draw_windows(self._seed, epoch, indices, sizes, self._window)

    def __call__(self, images: Tensor, epoch: int, indices: NDArray[np.int64]) -> Tensor:
        """A prepared batch, uint8 (B, side, side, 3), of the train split's `indices` (B,) as it looks in this epoch."""
        if not self._padding and not self._flip:
            return images
        crops = draw_crops(self._seed, epoch, indices, self._padding, self._flip)
        return crop_flip(images, crops, self._padding)
