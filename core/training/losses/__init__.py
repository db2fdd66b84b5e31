"""Losses, one file each, behind one registry: `build_loss({"kind": "dist", ...})`."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from core.errors import Invalid, Problem
from core.recipe import DistLoss, KdLoss, TaskLoss
from core.recipe import Loss as LossSpec
from core.training.losses.dist import Dist
from core.training.losses.kd import Kd
from core.training.losses.task import Task
from core.training.losses.terms import Loss, LossTerms

__all__ = ["LOSSES", "Loss", "LossTerms", "build_loss"]

# kind (as in core.catalog.LOSSES) -> what makes the loss of its settings and a label smoothing
LOSSES: dict[str, Callable[[Any, float], Loss]] = {"task": Task, "dist": Dist, "kd": Kd}

_SPEC: TypeAdapter[TaskLoss | DistLoss | KdLoss] = TypeAdapter(LossSpec)


def build_loss(spec: Mapping[str, Any] | TaskLoss | DistLoss | KdLoss, label_smoothing: float = 0.0) -> Loss:
    """The loss of a recipe, as a model or a plain mapping; `label_smoothing` belongs to its cross-entropy.

    Raises `Invalid`, naming each field, where the mapping does not describe a loss.
    """
    if isinstance(spec, Mapping):
        try:
            spec = _SPEC.validate_python(dict(spec))
        except ValidationError as error:
            raise Invalid([_problem(e["loc"], e["type"], e["msg"]) for e in error.errors()]) from error
    if not 0 <= label_smoothing < 1:
        raise Invalid([Problem("/label_smoothing", "out_of_range", "Label smoothing lies between 0 and 1.")])
    return LOSSES[spec.kind](spec, label_smoothing)


def _problem(place: tuple[int | str, ...], code: str, detail: str) -> Problem:
    if code.startswith("union_tag"):
        return Problem("/kind", "unknown_loss", f"There is no such loss; there are: {', '.join(LOSSES)}.")
    fields = place[1:]  # the first is the kind
    return Problem("".join(f"/{field}" for field in fields), code, detail)
