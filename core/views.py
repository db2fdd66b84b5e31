"""Which view of a prepared batch a network gets. No torch: the checks before a job ask the same.

A batch is prepared once, at the side that the data set fixes. Every network then sees it at a side and with a
normalisation of its own; a student's files say which.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from core.catalog import Architecture, Weights, architecture
from core.errors import Invalid, Problem
from core.packed import PackedMeta
from core.plan import StudentPlan
from core.recipe import Pretrained

Interpolation = Literal["bilinear", "bicubic"]


@dataclass(frozen=True)
class ViewSpec:
    """What a network wants its images to be; equal views are made once."""

    image_size: int  # side in pixels
    mean: tuple[float, ...]  # per channel, subtracted from values scaled to 0..1
    std: tuple[float, ...]  # divided by
    interpolation: Interpolation = "bilinear"  # how the prepared images are brought to `image_size`, antialiased


def student_view(plan: StudentPlan, data: PackedMeta) -> ViewSpec:
    """Size: asked for, else the network's where it is fixed, else the data's. Normalisation: that of the published
    weights it starts from, else the data's."""
    network = architecture(plan.architecture)
    side = student_side(network, plan.image_size, data.image_size)
    weights = published_weights(network, plan.init) if isinstance(plan.init, Pretrained) else None
    if weights is None:
        return ViewSpec(side, tuple(data.mean), tuple(data.std))
    mean, std = weights.mean or data.mean, weights.std or data.std
    return ViewSpec(side, tuple(mean), tuple(std), known_mode(weights.interpolation))


def student_side(network: Architecture, asked: int | None, canvas: int) -> int:
    return asked or fixed_side(network) or canvas


def fixed_side(network: Architecture) -> int | None:
    """The only side that the network takes; None where it takes many."""
    return network.image_size if network.fixed_size else None


def published_weights(network: Architecture, init: Pretrained, pointer: str = "/init") -> Weights:
    """The weights that a start names, the library's own where it names none; `Invalid` with the ones there are."""
    tags = [weights.tag for weights in network.weights]
    if not tags:
        detail = f"There are no published weights of {network.name}; start it from scratch."
        raise Invalid([Problem(pointer, "no_published_weights", detail)])
    if init.weights is None:
        return network.weights[0]
    for weights in network.weights:
        if weights.tag == init.weights:
            return weights
    detail = f"{network.name} has no weights {init.weights!r}; there are: {', '.join(tags)}."
    raise Invalid([Problem(f"{pointer}/weights", "unknown_weights", detail)])


def teacher_view(
    data: PackedMeta, *, image_size: int, mean: Sequence[float], std: Sequence[float], interpolation: str
) -> ViewSpec:
    """What is recorded at the teacher; the data's where nothing is (0, empty)."""
    known = bool(mean)
    return ViewSpec(
        image_size or data.image_size,
        tuple(mean if known else data.mean),
        tuple(std if known else data.std),
        known_mode(interpolation),
    )


def known_mode(interpolation: str) -> Interpolation:
    """Libraries name a few more, for single networks: the smoothest of ours is nearest to them."""
    return "bilinear" if interpolation == "bilinear" else "bicubic"
