"""Random changes to images: every draw depends on (seed, epoch, index) alone, the arithmetic is done by the batch."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from core.recipe import Augment, CropFlip
from core.training.randomness import Purpose, draw


@dataclass(frozen=True)
class Crops:
    """What happens to each image of a batch; arrays of shape (B,)."""

    top: NDArray[np.int64]  # of the window in the padded image, 0 to 2 * padding
    left: NDArray[np.int64]
    mirrored: NDArray[np.bool_]


def draw_crops(seed: int, epoch: int, indices: NDArray[np.int64], padding: int, flip: bool) -> Crops:
    """The draws of these images (indices in the train split) in this epoch (0-based)."""

    def number(purpose: Purpose, below: int) -> NDArray[np.int64]:
        return (draw(seed, purpose, epoch, indices) % np.uint64(below)).astype(np.int64)

    top, left = (number(purpose, 2 * padding + 1) for purpose in (Purpose.CROP_TOP, Purpose.CROP_LEFT))
    mirrored = number(Purpose.FLIP, 2) == 1 if flip else np.zeros(len(indices), dtype=np.bool_)
    return Crops(top, left, mirrored)


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


class Augmenter:
    """The recipe's augmentation, for images of one size."""

    def __init__(self, spec: Augment, side: int, seed: int) -> None:
        self._seed = seed
        spec = CropFlip() if spec.kind == "standard" else spec
        self._flip = spec.kind == "crop_flip" and spec.flip
        self._padding = 0
        if spec.kind == "crop_flip":
            self._padding = side // 8 if spec.padding is None else spec.padding

    def __call__(self, images: Tensor, epoch: int, indices: NDArray[np.int64]) -> Tensor:
        """uint8 images (B, side, side, 3) of the train split at `indices` (B,), as they look in this epoch."""
        if not self._padding and not self._flip:
            return images
        crops = draw_crops(self._seed, epoch, indices, self._padding, self._flip)
        return crop_flip(images, crops, self._padding)
