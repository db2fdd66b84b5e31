"""Transformed teacher matching (Zheng & Yang, ICLR 2024, arXiv:2402.11148)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from core.losses.arithmetic import divergence
from core.losses.base import Alpha, Distillation, Term, Terms, Weight, described

if TYPE_CHECKING:
    from torch import Tensor


class WttmLoss(Distillation):
    """Transformed teacher matching (Zheng & Yang, ICLR 2024): the teacher to a power, the student as it is."""

    model_config = described("WTTM", "{alpha} CE + {beta} U KL(p_teacher^{gamma} ‖ p_student)")

    kind: Literal["wttm"] = Field("wttm", description="Divergence to the teacher's probabilities to a power.")
    alpha: Alpha = 1.0
    beta: Weight = Field(4.0, title="Teacher β", description="Weight of the divergence; the authors use 2 to 45.")
    gamma: float = Field(
        0.2, gt=0, le=1, title="Power γ", description="Of the teacher's probabilities: one over a temperature."
    )
    weighted: bool = Field(
        True,
        title="Weigh images",
        description="By how unsure the teacher is: U, the sum of its powered probabilities. Off: TTM.",
    )

    def terms(self, student: Tensor, teacher: Tensor, labels: Tensor) -> Terms:  # noqa: ARG002 - needs none
        powered = self.gamma * teacher.log_softmax(1)
        each = divergence(student.log_softmax(1), powered.log_softmax(1))
        if self.weighted:
            each = powered.exp().sum(1) * each
        return {self.kind: Term(self.beta, each.mean())}
