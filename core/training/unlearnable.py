"""Why a student cannot learn as it is asked to: nothing to learn, too few images to learn it from, or too few steps."""

import math

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from core.errors import Failure, TrainingFailed
from core.plan import StudentPlan
from core.recipe import Scratch

UNSETTLED = 0.05  # share of their first values that running averages may keep to the end


def nothing_to_learn(plan: StudentPlan, classes: int) -> TrainingFailed:
    """Of a loss without a gradient: all its weights are 0, or what has a weight says nothing of so few classes."""
    detail = f"With these weights, and {classes} classes, the loss of {plan.label} teaches nothing: it has no gradient."
    hint = "Give alpha, the weight of the labels, or the weight of another term more than 0."
    where = {"pointer": "/loss", "code": "nothing_to_learn", "detail": plan.label}
    return TrainingFailed(Failure("nothing_to_learn", "There is nothing to learn", detail, hint, errors=[where]))


def too_few_to_relate(plan: StudentPlan, least: int, images: int) -> TrainingFailed:
    """Of a loss that compares the images of each part of a step by themselves."""
    return _batch_too_small(
        f"The loss of {plan.label} compares {least} images or more; with batch: local it is given {images} at a time.",
        "Use a larger batch_size, fewer parts (accumulate) or GPUs, or batch: global.",
        plan,
    )


def too_few_to_normalize(plan: StudentPlan, images: int, side: int) -> TrainingFailed:
    """A batch norm that sees one number per channel has nothing to normalise."""
    return _batch_too_small(
        f"{plan.architecture} normalises over the batch, and {images} image of {side} px leaves it one number per "
        "channel.",
        "Use a batch_size of 2 or more, or a larger image_size.",
        plan,
    )


def _batch_too_small(detail: str, hint: str, plan: StudentPlan) -> TrainingFailed:
    where = {"pointer": "/training/batch_size", "code": "batch_too_small", "detail": plan.label}
    return TrainingFailed(Failure("batch_too_small", "The batch is too small", detail, hint, errors=[where]))


def too_few_steps(plan: StudentPlan, network: nn.Module, steps: int) -> str | None:
    """What to know where `steps` do not bring the running averages of batch norms to what they average."""
    norms = (m for m in network.modules() if isinstance(m, _BatchNorm))
    momentum = min((norm.momentum for norm in norms if norm.momentum), default=1.0)
    kept = (1 - momentum) ** steps
    if kept <= UNSETTLED or not isinstance(plan.init, Scratch):
        return None
    enough = math.ceil(math.log(UNSETTLED) / math.log(1 - momentum))
    return (
        f"{plan.architecture} is measured with running averages that move by {momentum * 100:g}% a step: "
        f"after {steps:,} steps they still are {kept:.0%} what they began with, and its accuracy stays below what "
        f"it has learned. Train it for {enough:,} steps or more: more epochs, or a smaller batch."
    )
