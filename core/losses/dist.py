"""DIST: knowledge distillation from a stronger teacher (Huang et al., NeurIPS 2022, arXiv:2205.10536).

The student need not copy the teacher's probabilities, only how they relate: between the classes of one image (rows)
and between the images of one class (columns). Both relations are measured by Pearson's correlation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from core.losses.arithmetic import correlation
from core.losses.base import Alpha, Relational, Temperature, Term, Terms, Weight, described

if TYPE_CHECKING:
    from torch import Tensor

EPSILON = 1e-8  # as published; it also quiets columns that hardly vary


class DistLoss(Relational):
    """DIST (Huang et al., NeurIPS 2022): match the Pearson correlation of predictions between and within classes."""

    model_config = described("DIST", "{alpha} CE + {beta} τ² (1 − ρ̄_rows) + {gamma} τ² (1 − ρ̄_columns)")

    kind: Literal["dist"] = Field("dist", description="Relations between classes and within classes.")
    alpha: Alpha = 1.0
    beta: Weight = Field(2.0, title="Between classes β", description="Weight of the relation in each image's row.")
    gamma: Weight = Field(2.0, title="Within classes γ", description="Weight of the relation in each class's column.")
    temperature: Temperature = Field(1.0, description="Softens both predictions. Easy data sets want 4.")
    tau_squared: bool = Field(
        True,
        title="Times τ²",
        description="Weigh both relations by temperature², as the authors' code does; their paper does not.",
    )
    epsilon: float = Field(
        EPSILON, gt=0, le=1, title="Epsilon ε", description="Added to the product of the norms; 1e-8 as published."
    )

    @property
    def least_batch(self) -> int:
        return 3  # the columns of two images correlate with 1 or -1, and have no gradient

    def terms(self, student: Tensor, teacher: Tensor, labels: Tensor) -> Terms:  # noqa: ARG002 - needs none
        inter, intra = relations(student, teacher, self.temperature, self.epsilon)
        scale = self.temperature**2 if self.tau_squared else 1.0
        return {"inter": Term(self.beta * scale, inter), "intra": Term(self.gamma * scale, intra)}

    def doubts(self, classes: int, batch: int) -> list[str]:
        told = []
        if classes == 2 and self.beta > 0:
            told.append("With two classes the relation between classes teaches nothing; only the one within does.")
        if batch < 32 and self.gamma > 0:
            told.append(f"DIST on batches of {batch}: 32 and more give it more to compare.")
        if self.temperature > 8 and self.tau_squared:
            told.append(
                "DIST's temperature² is only a weight: above 8 it drowns the labels. Lower β and γ, or leave τ² out."
            )
        return told


def relations(student: Tensor, teacher: Tensor, temperature: float, epsilon: float = EPSILON) -> tuple[Tensor, Tensor]:
    """Logits (B, C) -> (inter, intra): 1 - the mean correlation of rows, and of columns. In 0..2, no weights."""
    student, teacher = (student / temperature).softmax(1), (teacher / temperature).softmax(1)
    inter = 1 - correlation(student, teacher, 1, epsilon).mean()
    intra = 1 - correlation(student, teacher, 0, epsilon).mean()
    return inter, intra
