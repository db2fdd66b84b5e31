"""Knowledge distillation (Hinton et al., 2015, arXiv:1503.02531)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from core.losses.arithmetic import TWO_STANDARDIZED, divergence, standardized
from core.losses.base import Alpha, Distillation, Standardize, Temperature, Term, Terms, Weight, described

if TYPE_CHECKING:
    from torch import Tensor


class KdLoss(Distillation):
    """Knowledge distillation (Hinton et al., 2015): match the teacher's softened probabilities exactly."""

    model_config = described("KD", "{alpha} CE + {beta} τ² KL(p_teacher ‖ p_student)")

    kind: Literal["kd"] = Field("kd", description="Kullback-Leibler divergence to the teacher.")
    alpha: Alpha = 0.1
    beta: Weight = Field(
        0.9, title="Teacher β", description="Weight of the divergence, which is scaled by temperature²."
    )
    temperature: Temperature = 4.0
    standardize: Standardize = Field(
        False,
        description="Give every image's logits mean 0 and deviation 1 first (Sun et al., CVPR 2024; with "
        "temperature 2 and β 9 there).",
    )

    def terms(self, student: Tensor, teacher: Tensor, labels: Tensor) -> Terms:  # noqa: ARG002 - needs none
        if self.standardize:
            student, teacher = standardized(student), standardized(teacher)
        tau = self.temperature
        kl = divergence((student / tau).log_softmax(1), (teacher / tau).log_softmax(1))
        return {"kd": Term(self.beta * tau**2, kl.mean())}

    def doubts(self, classes: int, batch: int) -> list[str]:  # noqa: ARG002
        return [TWO_STANDARDIZED] if classes == 2 and self.standardize and self.beta > 0 else []
