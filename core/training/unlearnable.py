"""Why a student cannot learn as it is asked to: nothing to learn, or too few images to learn it from."""

from core.errors import Failure, TrainingFailed
from core.plan import StudentPlan


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
