"""Random changes to images: every draw depends on (seed, epoch, index) alone, the arithmetic is done by the batch."""

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from core.augmentation import Augment, CropFlip, RandAugment, ResizedCrop
from core.packed import Form, PackedMeta
from core.recipe import Training
from core.training.colour import draw_colours, recolour
from core.training.erasing import Eraser
from core.training.images import Windows
from core.training.randomness import Purpose, draw_seed
from core.training.windows import crop_flip, draw_crops, draw_windows


def resolve(spec: Augment, form: Form) -> Augment:
    """`standard` becomes what suits the form of the data set."""
    if spec.kind != "standard":
        return spec
    beside = {"policy": spec.policy, "jitter": spec.jitter, "erasing": spec.erasing}
    return CropFlip(**beside) if form == "pixels" else ResizedCrop(**beside)


def second_view(spec: Augment) -> Augment:
    """The strong view beside the usual one: with RandAugment, if no other policy is asked for."""
    return spec if spec.policy is not None else spec.model_copy(update={"policy": RandAugment()})


def augmenters(training: Training, data: PackedMeta) -> "list[Augmenter]":
    """One for each view of an image that a step shows."""
    spec = resolve(training.augment, data.form)
    views = [Augmenter(spec, data, training.seed)]
    if training.views == 2:
        views.append(Augmenter(second_view(spec), data, draw_seed(training.seed, Purpose.VIEW)))
    return views


class Augmenter:
    """The recipe's augmentation (never `standard`), for the batches of a data set."""

    def __init__(self, spec: Augment, data: PackedMeta, seed: int) -> None:
        self.seed = seed
        self._spec = spec
        self._window = spec if isinstance(spec, ResizedCrop) else None
        self._flip = isinstance(spec, CropFlip) and spec.flip
        self._padding = 0
        if isinstance(spec, CropFlip):
            self._padding = data.image_size // 8 if spec.padding is None else spec.padding
        self._erase = Eraser(spec.erasing, data.image_size, seed, data.mean, data.std) if spec.erasing else None

    def windows(self, epoch: int, indices: NDArray[np.int64], sizes: NDArray[np.int64]) -> Windows | None:
        """What is cut out of the images of the train split at `indices` (B,) while the batch is prepared."""
        if self._window is None:
            return None
        return draw_windows(self.seed, epoch, indices, sizes, self._window)

    def __call__(self, images: Tensor, epoch: int, indices: NDArray[np.int64]) -> Tensor:
        """A prepared batch, uint8 (B, side, side, 3), of the train split's `indices` (B,) as it looks in this epoch."""
        spec, at = self._spec, (self.seed, epoch, indices)
        if self._padding or self._flip:
            images = crop_flip(images, draw_crops(*at, self._padding, self._flip), self._padding)
        if spec.policy is not None:
            from core.training.policies import apply_policy  # torchvision costs a start what most do not need

            images = apply_policy(spec.policy, images, *at)
        if spec.jitter is not None:
            images = recolour(images, draw_colours(spec.jitter, *at))
        if self._erase is not None:
            images = self._erase(images, epoch, indices)
        return images
