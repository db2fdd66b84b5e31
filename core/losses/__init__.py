"""Losses, one file each: settings on top, arithmetic below. A file that is put here is a loss that can be asked for.

The registry is what the files hold; forms, OpenAPI, the command line and documentation follow from it.
"""

from collections.abc import Iterator
from functools import reduce
from importlib import import_module
from operator import or_
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from core.losses.base import Distillation, Loss, Relational, Term, Terms
from core.losses.dist import DistLoss
from core.losses.kd import KdLoss
from core.losses.sum import SumLoss, Summand
from core.losses.task import TaskLoss

__all__ = [
    "LOSSES",
    "AnyLoss",
    "DistLoss",
    "Distillation",
    "KdLoss",
    "Loss",
    "Relational",
    "SumLoss",
    "TaskLoss",
    "Term",
    "Terms",
]


def _found() -> Iterator[type[Loss]]:
    for info in iter_modules(__path__):
        module = import_module(f"{__name__}.{info.name}")
        for thing in vars(module).values():
            here = isinstance(thing, type) and issubclass(thing, Loss) and thing.__module__ == module.__name__
            if here and not thing.model_fields["kind"].is_required():  # else a base of losses
                yield thing


LOSSES: dict[str, type[Loss]] = {loss.model_fields["kind"].default: loss for loss in _found()}

if TYPE_CHECKING:
    AnyLoss = Loss
else:
    AnyLoss = Annotated[reduce(or_, LOSSES.values()), Field(discriminator="kind")]
    _single = [loss for loss in LOSSES.values() if loss not in (SumLoss, TaskLoss)]
    _single = Annotated[reduce(or_, _single), Field(discriminator="kind")]
    Summand.model_rebuild(_types_namespace={"Single": _single})
    SumLoss.model_rebuild()
