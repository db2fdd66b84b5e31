"""DIST: knowledge distillation from a stronger teacher (Huang et al., NeurIPS 2022, arXiv:2205.10536).

The student need not copy the teacher's probabilities, only how they relate: between the classes of one image (rows)
and between the images of one class (columns). Both relations are measured by Pearson's correlation.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from core.recipe import DistLoss
from core.training.losses.terms import LossTerms, check_teacher, full_precision, precise, task_loss

EPSILON = 1e-8  # added to the product of the norms, as published: it also quiets columns that hardly vary


def pearson(a: Tensor, b: Tensor, dim: int) -> Tensor:
    """Pearson's correlation of a and b along `dim`; 0 where one of them does not vary."""
    a = a - a.mean(dim, keepdim=True)
    b = b - b.mean(dim, keepdim=True)
    norms: Tensor = torch.linalg.vector_norm(a, dim=dim) * torch.linalg.vector_norm(b, dim=dim)
    return (a * b).sum(dim) / (norms + EPSILON)


def dist_terms(student_logits: Tensor, teacher_logits: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """Logits (B, C) -> (inter, intra): 1 - the mean correlation of rows, and of columns. Scalars in 0..2, no weights.

    In float32 or better, whatever comes in and around; no gradient reaches the teacher.
    """
    with full_precision(student_logits):
        student = torch.softmax(precise(student_logits) / temperature, dim=1)
        teacher = torch.softmax(precise(teacher_logits.detach()) / temperature, dim=1)
        inter = 1 - pearson(student, teacher, dim=1).mean()
        intra = 1 - pearson(student, teacher, dim=0).mean()
    return inter, intra


def dist_loss(
    student_logits: Tensor, teacher_logits: Tensor, beta: float = 2.0, gamma: float = 2.0, temperature: float = 4.0
) -> Tensor:
    """beta · tau² · inter + gamma · tau² · intra, a scalar; logits are (B, C)."""
    teacher_logits = check_teacher("dist", student_logits, teacher_logits)
    inter, intra = dist_terms(student_logits, teacher_logits, temperature)
    return temperature**2 * (beta * inter + gamma * intra)


@dataclass(frozen=True)
class Dist:
    """alpha · cross-entropy + beta · tau² · inter + gamma · tau² · intra."""

    spec: DistLoss
    label_smoothing: float = 0.0

    def __call__(self, student_logits: Tensor, teacher_logits: Tensor | None, labels: Tensor) -> LossTerms:
        teacher_logits = check_teacher("dist", student_logits, teacher_logits)
        task = task_loss(student_logits, labels, self.label_smoothing)
        inter, intra = dist_terms(student_logits, teacher_logits, self.spec.temperature)
        distilled = self.spec.temperature**2 * (self.spec.beta * inter + self.spec.gamma * intra)
        parts = {"task": task.detach(), "inter": inter.detach(), "intra": intra.detach()}
        return LossTerms(self.spec.alpha * task + distilled, parts)
