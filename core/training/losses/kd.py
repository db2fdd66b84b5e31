"""Knowledge distillation (Hinton et al., 2015, arXiv:1503.02531)."""

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

from core.recipe import KdLoss
from core.training.losses.terms import LossTerms, check_teacher, full_precision, precise, task_loss


def kd_divergence(student_logits: Tensor, teacher_logits: Tensor, temperature: float) -> Tensor:
    """Logits (B, C) -> KL(teacher || student) of the softened probabilities, averaged over the batch; no weights."""
    with full_precision(student_logits):
        student = F.log_softmax(precise(student_logits) / temperature, dim=1)
        teacher = F.log_softmax(precise(teacher_logits.detach()) / temperature, dim=1)
        return F.kl_div(student, teacher, reduction="batchmean", log_target=True)


@dataclass(frozen=True)
class Kd:
    """alpha · cross-entropy + beta · tau² · KL(teacher || student)."""

    spec: KdLoss
    label_smoothing: float = 0.0

    def __call__(self, student_logits: Tensor, teacher_logits: Tensor | None, labels: Tensor) -> LossTerms:
        teacher_logits = check_teacher("kd", student_logits, teacher_logits)
        task = task_loss(student_logits, labels, self.label_smoothing)
        divergence = kd_divergence(student_logits, teacher_logits, self.spec.temperature)
        total = self.spec.alpha * task + self.spec.beta * self.spec.temperature**2 * divergence
        return LossTerms(total, {"task": task.detach(), "kd": divergence.detach()})
