"""Which part of each image a network sees: random draws, and the arithmetic of whole batches."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from core.augmentation import Range, ResizedCrop
from core.training.images import Windows
from core.training.randomness import Purpose, draw, draw_number, draw_share

TRIES = 10  # for a window that fits into the image


@dataclass(frozen=True)
class Crops:
    """What happens to each image of a batch; arrays of shape (B,)."""

    top: NDArray[np.int64]  # of the window in the padded image, 0 to 2 * padding
    left: NDArray[np.int64]
    mirrored: NDArray[np.bool_]


def draw_crops(seed: int, epoch: int, indices: NDArray[np.int64], padding: int, flip: bool) -> Crops:
    """The draws of these images (indices in the train split) in this epoch (0-based)."""

    def number(purpose: Purpose) -> NDArray[np.int64]:
        return draw_number(2 * padding + 1, seed, purpose, epoch, indices)

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


@dataclass(frozen=True)
class Shapes:
    """The size of a window in each image of a batch; arrays of shape (B,)."""

    width: NDArray[np.int64]
    height: NDArray[np.int64]
    found: NDArray[np.bool_]  # whether one of the tries fits into the image


def draw_shapes(
    seed: int,
    purposes: tuple[Purpose, Purpose],
    epoch: int,
    indices: NDArray[np.int64],
    sizes: NDArray[np.int64],
    scale: Range,
    ratio: Range,
) -> Shapes:
    """Random shapes, after Szegedy et al., 2015; `sizes` (B, 2) are the images' widths and heights.

    The area is uniform in `scale`, the logarithm of width / height in `ratio`; what does not fit into the image is
    drawn again, up to ten times. `purposes` are those of area and ratio.
    """
    width, height = sizes[:, :1], sizes[:, 1:]  # (B, 1)
    tries = indices[:, None], np.arange(TRIES)
    (least, greatest), (narrow, wide) = scale, ratio
    area = width * height * (least + (greatest - least) * draw_share(seed, purposes[0], epoch, *tries))
    log_ratio = np.log(narrow) + np.log(wide / narrow) * draw_share(seed, purposes[1], epoch, *tries)
    widths = np.rint(np.sqrt(area * np.exp(log_ratio))).astype(np.int64)  # (B, TRIES)
    heights = np.rint(np.sqrt(area / np.exp(log_ratio))).astype(np.int64)
    fits = (widths > 0) & (widths <= width) & (heights > 0) & (heights <= height)
    first, rows = fits.argmax(axis=1), np.arange(len(indices))
    return Shapes(widths[rows, first], heights[rows, first], fits.any(axis=1))


def draw_windows(
    seed: int, epoch: int, indices: NDArray[np.int64], sizes: NDArray[np.int64], spec: ResizedCrop
) -> Windows:
    """Random windows as torchvision's RandomResizedCrop draws them; `sizes` (B, 2) are widths and heights.

    Where no try fits it is the largest window in the middle whose shape is allowed.
    """
    purposes = Purpose.WINDOW_AREA, Purpose.WINDOW_RATIO
    shapes = draw_shapes(seed, purposes, epoch, indices, sizes, spec.scale, spec.ratio)
    middle = _middle(sizes, *spec.ratio)
    across = np.where(shapes.found, shapes.width, middle[:, 0])
    down = np.where(shapes.found, shapes.height, middle[:, 1])
    free = sizes - np.stack([across, down], axis=1)
    left = draw_number(free[:, 0] + 1, seed, Purpose.WINDOW_LEFT, epoch, indices)
    top = draw_number(free[:, 1] + 1, seed, Purpose.WINDOW_TOP, epoch, indices)
    left, top = np.where(shapes.found, left, free[:, 0] // 2), np.where(shapes.found, top, free[:, 1] // 2)
    return Windows(top, left, down, across, _mirrored(seed, epoch, indices, spec.flip))


def _middle(sizes: NDArray[np.int64], narrow: float, wide: float) -> NDArray[np.int64]:
    """(B, 2): width and height of the largest window of an allowed shape."""
    width, height = sizes[:, 0], sizes[:, 1]
    across = np.minimum(width, np.rint(height * wide).astype(np.int64))
    down = np.minimum(height, np.rint(width / narrow).astype(np.int64))
    return np.stack([across, down], axis=1).clip(1)


def inside(
    top: NDArray[np.int64], left: NDArray[np.int64], height: NDArray[np.int64], width: NDArray[np.int64], side: int
) -> NDArray[np.bool_]:
    """bool (B, side, side): the places of each image that lie in its rectangle; arrays of shape (B,)."""
    places = np.arange(side)
    rows = (places >= top[:, None]) & (places < (top + height)[:, None])
    columns = (places >= left[:, None]) & (places < (left + width)[:, None])
    mask: NDArray[np.bool_] = rows[:, :, None] & columns[:, None, :]
    return mask
