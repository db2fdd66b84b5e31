"""Random erasing (Zhong et al., 2020): a rectangle of some images is lost."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.augmentation import Erasing
from core.training.randomness import Purpose, draw_number, draw_seed, draw_share
from core.training.windows import draw_shapes, inside


class Eraser:
    """Erases from batches of one side; `mean` and `std` (3,) are the data set's colours, 0 to 1."""

    def __init__(self, spec: Erasing, side: int, seed: int, mean: Sequence[float], std: Sequence[float]) -> None:
        self._spec, self._side, self._seed = spec, side, seed
        colour = torch.tensor(mean)
        if spec.fill == "noise":
            # One sheet of noise, of which each image gets another part: as good as noise of its own, and cheaper.
            generator = torch.Generator().manual_seed(draw_seed(seed, Purpose.NOISE))
            colour = colour + torch.tensor(std) * torch.randn(side, side, 3, generator=generator)
        self._sheet = colour.mul(255).add(0.5).clamp(0, 255).to(torch.uint8).expand(side, side, 3)

    def mask(self, epoch: int, indices: NDArray[np.int64]) -> NDArray[np.bool_]:
        """bool (B, side, side): what these images (indices in the train split) lose in this epoch (0-based)."""
        sizes = np.full((len(indices), 2), self._side)
        purposes = Purpose.ERASED_AREA, Purpose.ERASED_RATIO
        shapes = draw_shapes(self._seed, purposes, epoch, indices, sizes, self._spec.scale, self._spec.ratio)
        chosen = draw_share(self._seed, Purpose.ERASED, epoch, indices) < self._spec.probability
        width = np.where(chosen & shapes.found, shapes.width, 0)
        height = np.where(chosen & shapes.found, shapes.height, 0)
        top = draw_number(self._side - height + 1, self._seed, Purpose.ERASED_TOP, epoch, indices)
        left = draw_number(self._side - width + 1, self._seed, Purpose.ERASED_LEFT, epoch, indices)
        return inside(top, left, height, width, self._side)

    def __call__(self, images: Tensor, epoch: int, indices: NDArray[np.int64]) -> Tensor:
        """uint8 (B, side, side, 3) as it came."""
        mask = torch.from_numpy(self.mask(epoch, indices)).to(images.device)
        shift = draw_number(self._side, self._seed, Purpose.NOISE, epoch, indices[:, None], np.arange(2))
        places = torch.from_numpy((np.arange(self._side) + shift[:, :, None]) % self._side).to(images.device)
        self._sheet = self._sheet.to(images.device)
        noise = self._sheet[places[:, 0, :, None], places[:, 1, None, :]]
        return torch.where(mask[..., None], noise, images)
