"""What a loss is: its settings, and its arithmetic on tensors. Nothing here, or in any loss, loads torch by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import ConfigDict, Field

from core.part import Part

if TYPE_CHECKING:
    from torch import Tensor

Weight = Annotated[float, Field(ge=0, le=1000)]
Temperature = Annotated[float, Field(gt=0, le=64, title="Temperature τ", description="Softens both predictions.")]
Alpha = Annotated[Weight, Field(title="Labels α", description="Weight of the cross-entropy with the labels.")]
Standardize = Annotated[
    bool,
    Field(title="Standardize logits", description="Give every image's logits mean 0 and deviation 1 first."),
]


class Term(NamedTuple):
    """A scalar, and what it counts in the loss."""

    weight: float
    value: Tensor


Terms = Mapping[str, Term]


class Loss(Part):
    """Base of all losses: the cross-entropy with the labels, weighed by alpha, and what `terms` adds to it."""

    kind: str
    if TYPE_CHECKING:  # each has it, most as a setting
        alpha: float

    needs_teacher: ClassVar[bool] = True

    @property
    def weightless(self) -> bool:
        """Whether no term has a weight."""
        return not any(getattr(self, name, 0.0) for name in ("alpha", "beta", "gamma"))

    @property
    def least_batch(self) -> int:
        """Images without which it has nothing to compare."""
        return 1

    @property
    def relational(self) -> bool:
        """Whether what one image teaches depends on the others of its step: such a loss wants all of them at once."""
        return False

    @property
    def local(self) -> bool:
        """Whether each process compares its own images alone."""
        return False

    def terms(self, student: Tensor, teacher: Tensor, labels: Tensor) -> Terms:
        """What is learnt from the teacher, by name, in the order in which it is reported.

        `student` and `teacher` are logits (B, C) in float32 or float64, outside autocast, the teacher's without a
        gradient; `labels` (B,) hold -1 where an image has none.
        """
        raise NotImplementedError

    def taught(self, student: Tensor, teacher: Tensor, labels: Tensor, epoch: int | None) -> Terms:  # noqa: ARG002
        """`terms` as they weigh in this epoch (0-based); None: after any warm-up."""
        return self.terms(student, teacher, labels)

    def doubts(self, classes: int, batch: int) -> list[str]:  # noqa: ARG002 - most have none
        """What to tell somebody who uses it with so many classes, on batches of so many images."""
        return []


class Distillation(Loss):
    """Base of the losses that listen to a teacher."""

    warmup_epochs: float = Field(
        0.0,
        ge=0,
        le=10_000,
        title="Teacher's warm-up",
        description="Epochs over which the teacher's weight rises to its full size.",
    )

    def ramp(self, epoch: int | None) -> float:
        """Share of the teacher's weight in this epoch (0-based); None: after the warm-up."""
        return 1.0 if epoch is None or self.warmup_epochs == 0 else min((epoch + 1) / self.warmup_epochs, 1.0)

    def taught(self, student: Tensor, teacher: Tensor, labels: Tensor, epoch: int | None) -> Terms:
        ramp = self.ramp(epoch)
        terms = self.terms(student, teacher, labels)
        return {name: Term(ramp * weight, value) for name, (weight, value) in terms.items()}


class Relational(Distillation):
    """Base of the losses that compare the images of a batch with one another."""

    batch: Literal["global", "local"] = Field(
        "global",
        title="Related images",
        description="global: all images of a step, on whatever GPU. local: those of one GPU or part, as published.",
    )

    @property
    def relational(self) -> bool:
        return self.batch == "global"

    @property
    def local(self) -> bool:
        return self.batch == "local"


def described(title: str, formula: str) -> ConfigDict:
    """A loss's title and its formula, for forms and documentation; what all losses have comes last there.

    In the formula `{field}` stands for a setting and `_word` for an index: `{alpha} CE + {beta} τ² KL(p_t ‖ p_s)`.
    """

    def extra(schema: dict[str, Any]) -> None:
        fields = schema["properties"]
        for shared in ("warmup_epochs", "batch"):
            if shared in fields:
                fields[shared] = fields.pop(shared)
        schema["formula"] = formula

    return ConfigDict(title=title, json_schema_extra=extra)
