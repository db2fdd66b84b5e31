"""Decoupled knowledge distillation (Zhao et al., CVPR 2022, arXiv:2203.08679)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from core.losses.arithmetic import TWO_STANDARDIZED, divergence, standardized, targets, without
from core.losses.base import Alpha, Distillation, Standardize, Temperature, Term, Terms, Weight, described

if TYPE_CHECKING:
    from torch import Tensor


class DkdLoss(Distillation):
    """Decoupled KD (Zhao et al., CVPR 2022): the target class and all others are matched apart."""

    model_config = described("DKD", "{alpha} CE + {beta} τ² KL_target + {gamma} τ² KL_others")

    kind: Literal["dkd"] = Field("dkd", description="Divergence in the target class, and among the others.")
    alpha: Alpha = 1.0
    beta: Weight = Field(1.0, title="Target class β", description="Weight of target against rest; α in the paper.")
    gamma: Weight = Field(
        8.0, title="Other classes γ", description="Weight of the others among themselves; β in the paper, 0.5 to 8."
    )
    temperature: Temperature = 4.0
    standardize: Standardize = False

    def terms(self, student: Tensor, teacher: Tensor, labels: Tensor) -> Terms:
        """Of an image without a label the target is the teacher's own class."""
        target = targets(labels, teacher)
        if self.standardize:
            student, teacher = standardized(student), standardized(teacher)
        tau = self.temperature
        student, teacher = student / tau, teacher / tau
        own = _binary(student, teacher, target)
        others = divergence(without(student, target).log_softmax(1), without(teacher, target).log_softmax(1))
        return {
            "target": Term(self.beta * tau**2, own.mean()),
            "others": Term(self.gamma * tau**2, others.mean()),
        }

    def doubts(self, classes: int, batch: int) -> list[str]:  # noqa: ARG002
        told = []
        if classes == 2 and self.gamma > 0:
            told.append("With two classes there is one other class: DKD's weight γ has no effect.")
        if classes == 2 and self.standardize and self.beta > 0:
            told.append(TWO_STANDARDIZED)
        return told


def _binary(student: Tensor, teacher: Tensor, target: Tensor) -> Tensor:
    """Logits (B, C) -> (B,) the divergence of (target class, all others together)."""
    own_student, rest_student = _shares(student, target)
    own, rest = _shares(teacher, target)
    return own.exp() * (own - own_student) + rest.exp() * (rest - rest_student)


def _shares(logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Logits (B, C) -> log-probabilities (B,) of the target class, and of all others together."""
    whole = logits.logsumexp(1)
    own = logits.gather(1, target[:, None])[:, 0]
    return own - whole, without(logits, target).logsumexp(1) - whole
