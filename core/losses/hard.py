"""Hard-label distillation (Touvron et al., ICML 2021, arXiv:2012.12877)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from core.losses.base import Alpha, Distillation, Term, Terms, Weight, described

if TYPE_CHECKING:
    from torch import Tensor


class HardLoss(Distillation):
    """Hard-label distillation (DeiT, Touvron et al., ICML 2021): the teacher's decision is a second label."""

    model_config = described("hard labels", "{alpha} CE + {beta} CE(teacher's class)")

    kind: Literal["hard"] = Field("hard", description="Cross-entropy with the teacher's decision.")
    alpha: Alpha = 0.5
    beta: Weight = Field(0.5, title="Teacher β", description="Weight of the teacher's decision.")

    def terms(self, student: Tensor, teacher: Tensor, labels: Tensor) -> Terms:  # noqa: ARG002 - needs none
        chosen = teacher.argmax(1, keepdim=True)
        return {"hard": Term(self.beta, -student.log_softmax(1).gather(1, chosen).mean())}
