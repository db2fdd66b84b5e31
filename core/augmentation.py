"""Random changes to the images of a training: their settings. The draws and the arithmetic are core.training's."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from core.part import Part

Probability = Annotated[float, Field(gt=0, le=1)]
Range = tuple[float, float]
RATIO = (0.1, 10.0)  # of width and height, at most


def _check_window(scale: Range, ratio: Range) -> None:
    if not 0 < scale[0] <= scale[1] <= 1:
        raise ValueError("scale must rise, from above 0 to at most 1")
    if not RATIO[0] <= ratio[0] <= ratio[1] <= RATIO[1]:
        raise ValueError(f"ratio must rise, from {RATIO[0]:g} to at most {RATIO[1]:g}")


# --- policies: operations drawn for each image ---------------------------------------------------------------------


class RandAugment(Part):
    """RandAugment (Cubuk et al., 2020), with torchvision's operations and strengths."""

    kind: Literal["randaugment"] = Field("randaugment", description="A few operations, all of one strength.")
    operations: int = Field(2, ge=1, le=8, description="How many are drawn for an image, one after the other.")
    magnitude: int = Field(9, ge=0, le=30, description="Their strength: 0 is none, 30 the greatest.")
    deviation: float = Field(0.0, ge=0, le=30, description="Standard deviation of the strength around it.")
    probability: Probability = Field(1.0, description="Chance that a drawn operation is done.")


class AutoAugment(Part):
    """AutoAugment (Cubuk et al., 2019): one of 25 pairs of operations, found for a data set."""

    kind: Literal["autoaugment"] = Field("autoaugment", description="One of 25 pairs of operations.")
    found_on: Literal["imagenet", "cifar10", "svhn"] = Field(
        "imagenet", description="The data set that the pairs were found for: photographs, small photographs, numbers."
    )


class TrivialAugment(Part):
    """TrivialAugment, wide (Müller and Hutter, 2021): one operation of any strength; nothing to tune."""

    kind: Literal["trivialaugment"] = Field("trivialaugment", description="One operation of any strength.")


Policy = Annotated[RandAugment | AutoAugment | TrivialAugment, Field(discriminator="kind")]
POLICIES = ("randaugment", "autoaugment", "trivialaugment")


class Jitter(Part):
    """Colour jitter: each factor is uniform around 1, the hue around 0, and their order is drawn too."""

    brightness: float = Field(0.4, ge=0, le=1, description="Factor from 1 less this to 1 plus this.")
    contrast: float = Field(0.4, ge=0, le=1, description="Likewise.")
    saturation: float = Field(0.4, ge=0, le=1, description="Likewise.")
    hue: float = Field(0.0, ge=0, le=0.5, description="Turn of the colour wheel, at most, to either side.")


class Erasing(Part):
    """Random erasing (Zhong et al., 2020): a rectangle of the image is lost."""

    probability: Probability = Field(0.25, description="Chance that an image loses something.")
    scale: Range = Field((0.02, 1 / 3), description="Least and greatest share of the image's area.")
    ratio: Range = Field((0.3, 3.3), description="Least and greatest width divided by height.")
    fill: Literal["noise", "mean"] = Field(
        "noise", description="What is left: noise like the data set's colours, or their mean."
    )

    @model_validator(mode="after")
    def _ranges(self) -> Self:
        _check_window(self.scale, self.ratio)
        return self


# --- the window ----------------------------------------------------------------------------------------------------


class Windowed(Part):
    """Base of all kinds: what may be done to what the window shows."""

    policy: Policy | None = Field(None, description="Operations on colour and shape, drawn for each image.")
    jitter: Jitter | None = Field(None, title="Colour jitter", description="Random brightness, contrast, colours.")
    erasing: Erasing | None = Field(None, title="Random erasing", description="A rectangle of the image is lost.")


class Standard(Windowed):
    """What suits the data set: crop_flip for small images, resized_crop for photographs."""

    kind: Literal["standard"] = Field("standard", description="crop_flip for small images, resized_crop for others.")


class NoAugment(Windowed):
    """The whole image, as it is."""

    kind: Literal["none"] = Field("none", description="The whole image, as it is.")


class CropFlip(Windowed):
    """The CIFAR standard: pad, crop at a random place, mirror every other image."""

    kind: Literal["crop_flip"] = Field("crop_flip", description="Random crop of the padded image, random mirror.")
    padding: int | None = Field(
        None, ge=0, le=64, description="Pixels added on each side before the crop; default: an eighth of the side."
    )
    flip: bool = Field(True, description="Mirror half of the images. Wrong for digits and text.")


class ResizedCrop(Windowed):
    """The ImageNet standard: a window of random area and shape, brought to the side; half of them mirrored."""

    kind: Literal["resized_crop"] = Field("resized_crop", description="Random window of the image, random mirror.")
    scale: Range = Field((0.08, 1.0), description="Least and greatest share of the image's area.")
    ratio: Range = Field((3 / 4, 4 / 3), description="Least and greatest width divided by height.")
    flip: bool = Field(True, description="Mirror half of the images.")

    @model_validator(mode="after")
    def _ranges(self) -> Self:
        _check_window(self.scale, self.ratio)
        return self


def _policy_alone(value: Any) -> Any:
    """{"kind": "randaugment", …} is short for the standard window with that policy."""
    if isinstance(value, dict) and value.get("kind") in POLICIES:
        beside = {key: value[key] for key in ("jitter", "erasing") if key in value}
        return {"kind": "standard", "policy": {k: v for k, v in value.items() if k not in beside}} | beside
    return value


Augment = Annotated[
    Standard | NoAugment | CropFlip | ResizedCrop, Field(discriminator="kind"), BeforeValidator(_policy_alone)
]


# --- images mixed with each other ----------------------------------------------------------------------------------


class Mix(Part):
    """Mixup (Zhang et al., 2018) and CutMix (Yun et al., 2019): each image is mixed with another one of its batch.

    Teacher and student see the mixed image. The cross-entropy asks for both labels, each by its image's share; a loss
    that needs one label takes that of the larger share.
    """

    mixup: float = Field(
        0.8, ge=0, le=10, title="Mixup α", description="Two images blended; their shares are Beta(α, α). 0: never."
    )
    cutmix: float = Field(
        1.0,
        ge=0,
        le=10,
        title="CutMix α",
        description="A rectangle of the other image; its area is Beta(α, α). 0: never.",
    )
    probability: Probability = Field(1.0, description="Chance that a pair of images is mixed at all.")
    switch: float = Field(0.5, ge=0, le=1, description="Chance of CutMix where both are asked for.")

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if not self.mixup and not self.cutmix:
            raise ValueError("mixup and cutmix are both 0: leave mix away, or set one of them")
        return self

    @property
    def share_of_cutmix(self) -> float:
        """Chance that a pair that is mixed is so by CutMix."""
        return self.switch if self.mixup and self.cutmix else float(self.cutmix > 0)
