"""Multi-level logit distillation (Jin et al., CVPR 2023).

Instances (KL), the batch (which images are predicted alike) and the classes (which classes are predicted together) are
aligned over several temperatures. As in the paper a training with `views: 2` shows each image twice, the second time
distorted more, and every term is the mean of what both views give; with one view it is the same loss, and labelled so.

The released code departs from the paper: it multiplies its terms by masks of the teacher's confidence, which, since
they meet a divergence that is already a single number, only scale it by about one half; and it computes the batch and
class terms of the strong view and then leaves them away. Neither is done here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from core.losses.arithmetic import TWO_STANDARDIZED, divergence, standardized
from core.losses.base import Alpha, Relational, Standardize, Term, Terms, Weight, described

if TYPE_CHECKING:
    from torch import Tensor


class MlkdLoss(Relational):
    """Multi-level logit distillation (Jin et al., CVPR 2023): images, batch and classes are aligned.

    One view of each image, unless the training's `views` is 2, as in the paper.
    """

    model_config = described("MLKD", "{alpha} CE + {beta} Σ_τ τ² KL + {gamma} Σ_τ batch + {delta} Σ_τ classes")

    kind: Literal["mlkd"] = Field("mlkd", description="Alignment on three levels, over several temperatures.")
    alpha: Alpha = 1.0
    beta: Weight = Field(1.0, title="Images β", description="Weight of each image's divergence.")
    gamma: Weight = Field(1.0, title="Batch γ", description="Weight of which images are predicted alike.")
    delta: Weight = Field(1.0, title="Classes δ", description="Weight of which classes are predicted together.")
    temperatures: list[Annotated[float, Field(gt=0, le=64)]] = Field(
        [2.0, 3.0, 4.0, 5.0, 6.0], min_length=1, max_length=16, description="Each softens both predictions once."
    )
    standardize: Standardize = False

    def doubts(self, classes: int, batch: int) -> list[str]:  # noqa: ARG002
        told = ["MLKD's class term grows with the square of the batch: clip the gradient's norm, at 5 say."]
        return [*told, TWO_STANDARDIZED] if classes == 2 and self.standardize else told

    def terms(self, student: Tensor, teacher: Tensor, labels: Tensor) -> Terms:  # noqa: ARG002 - needs none
        """Sums over the temperatures of tau² KL; |P_t P_tᵀ - P_s P_sᵀ|² / B; |P_tᵀ P_t - P_sᵀ P_s|² / C."""
        if self.standardize:
            student, teacher = standardized(student), standardized(teacher)
        images = batch = classes = student.new_zeros(())
        for tau in self.temperatures:
            log_s, log_t = (student / tau).log_softmax(1), (teacher / tau).log_softmax(1)
            s, t = log_s.exp(), log_t.exp()
            images = images + tau**2 * divergence(log_s, log_t).mean()
            batch = batch + (t @ t.T - s @ s.T).square().sum() / len(s)
            classes = classes + (t.T @ t - s.T @ s).square().sum() / s.shape[1]
        return {
            "images": Term(self.beta, images),
            "batch": Term(self.gamma, batch),
            "classes": Term(self.delta, classes),
        }
