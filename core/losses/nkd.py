"""Normalized knowledge distillation (Yang et al., ICCV 2023, arXiv:2303.13005)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from core.losses.arithmetic import targets, without
from core.losses.base import Alpha, Distillation, Temperature, Term, Terms, Weight, described

if TYPE_CHECKING:
    from torch import Tensor


class NkdLoss(Distillation):
    """Normalized KD (Yang et al., ICCV 2023): the target class by the teacher's trust, the others apart."""

    model_config = described("NKD", "{alpha} CE − {beta} p_teacher log p_student + {gamma} τ² CE_others")

    kind: Literal["nkd"] = Field("nkd", description="Soft target class, and the others renormalised.")
    alpha: Alpha = 1.0
    beta: Weight = Field(1.0, title="Target class β", description="Weight of the target class; 1 in the paper.")
    gamma: Weight = Field(1.5, title="Other classes γ", description="Weight of the others among themselves.")
    temperature: Temperature = Field(1.0, description="Softens the other classes of both.")

    def terms(self, student: Tensor, teacher: Tensor, labels: Tensor) -> Terms:
        """Of an image without a label the target is the teacher's own class."""
        target, tau = targets(labels, teacher), self.temperature
        trust = teacher.softmax(1).gather(1, target[:, None])
        own = -(trust * student.log_softmax(1).gather(1, target[:, None]))
        wanted = (without(teacher, target) / tau).softmax(1)
        others = -(wanted * (without(student, target) / tau).log_softmax(1)).sum(1)
        return {"target": Term(self.beta, own.mean()), "others": Term(self.gamma * tau**2, others.mean())}

    def doubts(self, classes: int, batch: int) -> list[str]:  # noqa: ARG002
        if classes == 2 and self.gamma > 0:
            return ["With two classes there is one other class: NKD's weight γ has no effect."]
        return []
