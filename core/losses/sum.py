"""Several losses at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, JsonValue, model_validator

from core.losses.base import Loss, Term, Terms, Weight, described
from core.losses.dist import DistLoss
from core.losses.kd import KdLoss
from core.part import Part

if TYPE_CHECKING:
    from torch import Tensor

    Single = Loss  # one of all losses but this; filled in by core.losses, which knows them


class Summand(Part):
    """One of several losses."""

    weight: Weight = Field(1.0, description="What it counts.")
    loss: Single = Field(description="The loss.")


_START: list[JsonValue] = [{"weight": 1.0, "loss": loss.model_dump(mode="json")} for loss in (KdLoss(), DistLoss())]


class SumLoss(Loss):
    """A weighted sum of losses, their cross-entropies with the labels included."""

    model_config = described("sum", "Σ_k w_k L_k")

    kind: Literal["sum"] = Field("sum", description="Several losses at once.")
    summands: list[Summand] = Field(
        default_factory=lambda: [Summand.model_validate(start) for start in _START],
        min_length=1,
        max_length=8,
        title="Losses",
        description="The losses that are added.",
        json_schema_extra={"default": _START},
    )

    @model_validator(mode="after")
    def _of_one_mind(self) -> Self:
        if self.relational and self.local:
            raise ValueError("losses that relate images must do so over the same ones: give all of them the same batch")
        return self

    @property  # type: ignore[misc]
    def alpha(self) -> float:
        """Weight of the cross-entropy with the labels, of all together."""
        return sum(summand.weight * summand.loss.alpha for summand in self.summands)

    @property
    def relational(self) -> bool:
        return any(summand.loss.relational for summand in self.summands)

    @property
    def local(self) -> bool:
        return any(summand.loss.local for summand in self.summands)

    @property
    def weightless(self) -> bool:
        return all(summand.weight == 0 or summand.loss.weightless for summand in self.summands)

    @property
    def least_batch(self) -> int:
        return max(summand.loss.least_batch for summand in self.summands)

    def taught(self, student: Tensor, teacher: Tensor, labels: Tensor, epoch: int | None) -> Terms:
        """The terms of all; where two are called alike, the later ones are numbered."""
        terms: dict[str, Term] = {}
        for summand in self.summands:
            for name, (weight, value) in summand.loss.taught(student, teacher, labels, epoch).items():
                same = sum(known.split("-")[0] == name for known in terms)
                key = f"{name}-{same + 1}" if same else name
                terms[key] = Term(summand.weight * weight, value)
        return terms

    def doubts(self, classes: int, batch: int) -> list[str]:
        return [doubt for summand in self.summands for doubt in summand.loss.doubts(classes, batch)]
