"""AutoAugment, RandAugment and TrivialAugment: our draws, torchvision's operations.

torchvision's own transforms draw once for a whole batch and take no generator. Operations, their strengths and the
tables of AutoAugment are torchvision's.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import ndtri
from torch import Tensor
from torchvision.transforms import AutoAugment as Tables
from torchvision.transforms import AutoAugmentPolicy, InterpolationMode
from torchvision.transforms.v2 import functional as F

from core.augmentation import AutoAugment, Policy, RandAugment
from core.training.randomness import Purpose, draw_number, draw_share

OPERATIONS = (
    *("Identity", "ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate", "Brightness", "Color", "Contrast"),
    *("Sharpness", "Posterize", "Solarize", "AutoContrast", "Equalize", "Invert"),
)
DRAWN = len(OPERATIONS) - 1  # all but Invert, which AutoAugment's tables alone know
LEVELS = 31  # of strength, 0 to 30
LEVELS_OF_TABLES = 10
SIGNED = [name in OPERATIONS[1:10] for name in OPERATIONS]


@dataclass(frozen=True)
class Operations:
    """One operation for each image of a batch; arrays of shape (B,)."""

    number: NDArray[np.int64]  # its place in OPERATIONS
    level: NDArray[np.float64]  # strength, 0 to 1
    sign: NDArray[np.int64]  # 1 or -1


def draw_policy(policy: Policy, seed: int, epoch: int, indices: NDArray[np.int64]) -> list[Operations]:
    """What is done to these images (indices in the train split) in this epoch (0-based), one after the other."""
    count = policy.operations if isinstance(policy, RandAugment) else 2 if isinstance(policy, AutoAugment) else 1
    at = epoch, indices[:, None], np.arange(count)
    done = draw_share(seed, Purpose.OPERATION_DONE, *at)
    sign = 1 - 2 * draw_number(2, seed, Purpose.OPERATION_SIGN, *at)
    if isinstance(policy, AutoAugment):
        table = _table(policy.found_on)  # (pairs, 2, 3)
        number, probability, level = np.moveaxis(
            table[draw_number(len(table), seed, Purpose.OPERATION, epoch, indices)], 2, 0
        )
    elif isinstance(policy, RandAugment):
        number = draw_number(DRAWN, seed, Purpose.OPERATION, *at).astype(np.float64)
        spread = policy.deviation * ndtri(draw_share(seed, Purpose.OPERATION_STRENGTH, *at) + 2.0**-54)
        level = np.rint(policy.magnitude + spread).clip(0, LEVELS - 1) / (LEVELS - 1)
        probability = np.full_like(level, policy.probability)
    else:
        number = draw_number(DRAWN, seed, Purpose.OPERATION, *at).astype(np.float64)
        level = draw_number(LEVELS, seed, Purpose.OPERATION_STRENGTH, *at) / (LEVELS - 1)
        probability = np.ones_like(level)
    number = np.where(done < probability, number, 0).astype(np.int64)
    return [Operations(number[:, i], level[:, i], sign[:, i]) for i in range(count)]


@cache
def _table(found_on: str) -> NDArray[np.float64]:
    """(pairs, 2, 3): number, probability and level of each operation."""
    pairs = Tables(AutoAugmentPolicy(found_on)).policies
    rows = [
        [(OPERATIONS.index(name), chance, (level or 0) / (LEVELS_OF_TABLES - 1)) for name, chance, level in pair]
        for pair in pairs
    ]
    return np.array(rows, dtype=np.float64)


def apply_policy(policy: Policy, images: Tensor, seed: int, epoch: int, indices: NDArray[np.int64]) -> Tensor:
    """uint8 (B, side, side, 3), the train split's `indices` (B,), as they look in this epoch: the same shape again."""
    for operations in draw_policy(policy, seed, epoch, indices):
        images = distort(images, operations, wide=policy.kind == "trivialaugment")
    return images


def distort(images: Tensor, operations: Operations, wide: bool) -> Tensor:
    """uint8 (B, side, side, 3) as it came; `wide`: the greater strengths of TrivialAugment.

    Each image by itself; those of equal operation and strength are done together.
    """
    result = images.permute(0, 3, 1, 2).clone()
    for rows, name, value in _groups(operations, images.shape[1], wide):
        places = torch.from_numpy(rows).to(images.device)
        result[places] = apply(name, result[places], value)
    return result.permute(0, 2, 3, 1)


def _groups(operations: Operations, side: int, wide: bool) -> Iterator[tuple[NDArray[np.int64], str, float]]:
    keys = np.stack([operations.number, operations.level, operations.sign], axis=1)
    different, which = np.unique(keys, axis=0, return_inverse=True)
    for group, (number, level, sign) in enumerate(different):
        name = OPERATIONS[int(number)]
        if name != "Identity":
            value = strength(name, level, side, wide) * (sign if SIGNED[int(number)] else 1)
            yield np.flatnonzero(which.ravel() == group), name, float(value)


def strength(name: str, level: float, side: int, wide: bool) -> float:
    """What `apply` takes at a level of 0 to 1: a slope, pixels, degrees, a factor less 1, bits or a share."""
    match name:
        case "ShearX" | "ShearY":
            return level * (0.99 if wide else 0.3)
        case "TranslateX" | "TranslateY":
            return level * (32.0 if wide else 150.0 / 331.0 * side)
        case "Rotate":
            return level * (135.0 if wide else 30.0)
        case "Brightness" | "Color" | "Contrast" | "Sharpness":
            return level * (0.99 if wide else 0.9)
        case "Posterize":
            return float(round(8 - level * (6 if wide else 4)))
        case "Solarize":
            return 1 - level
    return 0.0


def apply(name: str, images: Tensor, value: float) -> Tensor:
    """uint8 (N, 3, side, side), all by the same operation and strength; what comes in from outside is black."""
    degrees = math.degrees(math.atan(value))
    bilinear = InterpolationMode.BILINEAR
    still = {"angle": 0.0, "translate": [0, 0], "scale": 1.0, "shear": [0.0, 0.0], "interpolation": bilinear}
    match name:
        case "Identity":
            result = images
        case "ShearX":
            result = F.affine(images, **still | {"shear": [degrees, 0.0], "center": [0, 0]})
        case "ShearY":
            result = F.affine(images, **still | {"shear": [0.0, degrees], "center": [0, 0]})
        case "TranslateX":
            result = F.affine(images, **still | {"translate": [int(value), 0]})
        case "TranslateY":
            result = F.affine(images, **still | {"translate": [0, int(value)]})
        case "Rotate":
            result = F.rotate(images, value, bilinear)
        case "Brightness":
            result = F.adjust_brightness(images, 1 + value)
        case "Color":
            result = F.adjust_saturation(images, 1 + value)
        case "Contrast":
            result = F.adjust_contrast(images, 1 + value)
        case "Sharpness":
            result = F.adjust_sharpness(images, 1 + value)
        case "Posterize":
            result = F.posterize(images, int(value))
        case "Solarize":
            result = F.solarize(images, 255 * value)
        case "AutoContrast":
            result = F.autocontrast(images)
        case "Equalize":
            result = F.equalize(images)
        case "Invert":
            result = F.invert(images)
        case _:
            raise ValueError(f"there is no operation {name!r}; there are: {', '.join(OPERATIONS)}")
    assert isinstance(result, Tensor)
    return result
