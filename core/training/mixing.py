"""Mixup and CutMix: the images of a batch in pairs, and the labels that belong to what comes of them."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.augmentation import Mix
from core.training.randomness import Purpose, draw_number, draw_share
from core.training.windows import inside


@dataclass(frozen=True)
class Mixed:
    """What else is in each image of a batch."""

    labels: Tensor  # int64 (B,): of the other image, which has the smaller share; -1 where it has none
    share: Tensor  # float32 (B,): of the image's own label, from a half to 1

    def tensor_split(self, parts: int) -> "list[Mixed]":
        chunks = zip(self.labels.tensor_split(parts), self.share.tensor_split(parts), strict=True)
        return [Mixed(labels, share) for labels, share in chunks]


@dataclass(frozen=True)
class Pairs:
    """How each image of a batch is mixed with its partner; all but `partner` by draws of the image itself."""

    partner: NDArray[np.int64]  # (B,) its place in the batch
    blended: NDArray[np.float32]  # (B,) the image's own share where it is not cut; 1: all of it
    cut: NDArray[np.bool_]  # (B, side, side) what the partner covers


def draw_pairs(mix: Mix, seed: int, epoch: int, indices: NDArray[np.int64], side: int) -> Pairs:
    """For these images (indices in the train split) in this epoch (0-based).

    Neighbours make a pair, so that a batch may be divided at any even place; the last of an odd number stays alone.
    """
    count = len(indices)
    partner = np.minimum(np.arange(count) ^ 1, count - 1)
    mixed = draw_share(seed, Purpose.MIXED, epoch, indices) < mix.probability
    cutting = draw_share(seed, Purpose.MIXED_HOW, epoch, indices) < mix.share_of_cutmix
    uniform = draw_share(seed, Purpose.MIXED_SHARE, epoch, indices)
    alpha = np.where(cutting, mix.cutmix, mix.mixup)
    from scipy.special import betaincinv  # costs a start what most do not need

    share = betaincinv(np.maximum(alpha, 1e-6), np.maximum(alpha, 1e-6), uniform)
    # A rectangle of the image's own shape around a place drawn anywhere; what lies outside of the image is lost.
    length = np.where(mixed & cutting, np.rint(side * np.sqrt(1 - share)), 0).astype(np.int64)
    top = draw_number(side, seed, Purpose.MIXED_TOP, epoch, indices) - length // 2
    left = draw_number(side, seed, Purpose.MIXED_LEFT, epoch, indices) - length // 2
    blended = np.where(mixed & ~cutting, share, 1.0).astype(np.float32)
    return Pairs(partner, blended, inside(top, left, length, length, side))


def mix_images(images: Tensor, labels: Tensor, pairs: Pairs) -> tuple[Tensor, Tensor, Mixed]:
    """uint8 images (B, side, side, 3) and labels (B,) -> mixed images, the labels of the larger shares, the others."""
    device = images.device
    partner = torch.from_numpy(pairs.partner).to(device)
    own = torch.from_numpy(pairs.blended).to(device)
    other = images[partner]
    blended = torch.lerp(other.float(), images.float(), own.view(-1, 1, 1, 1)).add_(0.5).to(torch.uint8)
    cut = torch.from_numpy(pairs.cut).to(device)
    result = torch.where(cut[..., None], other, blended)
    share = own * (1 - cut.float().mean(dim=(1, 2)))
    smaller = share < 0.5
    first, second = torch.where(smaller, labels[partner], labels), torch.where(smaller, labels, labels[partner])
    return result, first, Mixed(second, torch.where(smaller, 1 - share, share))
