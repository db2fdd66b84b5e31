"""Colour jitter: the arithmetic of torchvision's ColorJitter, with factors of its own for each image of a batch."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.augmentation import Jitter
from core.training.randomness import Purpose, draw, draw_share

CHANGES = ("brightness", "contrast", "saturation", "hue")
LUMA = (0.2989, 0.587, 0.114)  # of red, green and blue, as in torchvision


@dataclass(frozen=True)
class Colours:
    """What happens to each image of a batch."""

    amount: NDArray[np.float32]  # (B, 4): the factors, and the turn of the hue
    order: NDArray[np.int64]  # (B, 4): numbers in CHANGES


def draw_colours(jitter: Jitter, seed: int, epoch: int, indices: NDArray[np.int64]) -> Colours:
    """The draws of these images (indices in the train split) in this epoch (0-based)."""
    at = epoch, indices[:, None], np.arange(len(CHANGES))
    reach = np.array([getattr(jitter, name) for name in CHANGES])
    amount = np.array([1.0, 1.0, 1.0, 0.0]) + reach * (2 * draw_share(seed, Purpose.JITTER, *at) - 1)
    order = np.argsort(draw(seed, Purpose.JITTER_ORDER, *at), axis=1)
    return Colours(amount.astype(np.float32), order)


def recolour(images: Tensor, colours: Colours) -> Tensor:
    """uint8 (B, side, side, 3) as it came."""
    result = images.permute(0, 3, 1, 2).float().div_(255)
    for turn in range(len(CHANGES)):
        for number, name in enumerate(CHANGES):
            rows = np.flatnonzero(colours.order[:, turn] == number)
            if len(rows):
                places = torch.from_numpy(rows).to(images.device)
                amount = torch.from_numpy(colours.amount[rows, number]).to(images.device).view(-1, 1, 1, 1)
                result[places] = _changed(result[places], name, amount)
    return result.mul_(255).add_(0.5).to(torch.uint8).permute(0, 2, 3, 1)


def _changed(images: Tensor, name: str, amount: Tensor) -> Tensor:
    """float32 (N, 3, side, side), 0 to 1; `amount` (N, 1, 1, 1)."""
    if name == "hue":
        return turned(images, amount)
    if name == "brightness":
        other = torch.zeros_like(images)
    else:
        other = (images * images.new_tensor(LUMA).view(3, 1, 1)).sum(dim=1, keepdim=True)
        if name == "contrast":
            other = other.mean(dim=(2, 3), keepdim=True)
    return torch.lerp(other.expand_as(images), images, amount).clamp_(0, 1)


def turned(images: Tensor, turn: Tensor) -> Tensor:
    """The hue of float32 images (N, 3, side, side), 0 to 1, turned by shares of the colour wheel (N, 1, 1, 1)."""
    most, strongest = images.max(dim=1, keepdim=True)
    span = most - images.amin(dim=1, keepdim=True)
    red, green, blue = images[:, 0:1], images[:, 1:2], images[:, 2:3]
    between = torch.cat([green - blue, blue - red, red - green], dim=1).gather(1, strongest)
    sixth = torch.where(span > 0, between / span.clamp(min=1e-12), 0.0) + 2 * strongest  # hue, 6 to the wheel
    # Smith, 1978: each channel is the maximum, less the span where the hue is far from it
    channel = torch.tensor([5.0, 3.0, 1.0], device=images.device).view(3, 1, 1)
    place = (channel + sixth + 6 * turn).remainder(6)
    return most - span * torch.minimum(place, 4 - place).clamp(0, 1)
