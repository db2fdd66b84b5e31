"""Cross-entropy with the labels: what a control learns from."""

from dataclasses import dataclass

from torch import Tensor

from core.recipe import TaskLoss
from core.training.losses.terms import LossTerms, task_loss


@dataclass(frozen=True)
class Task:
    """alpha · cross-entropy. The teacher is not looked at."""

    spec: TaskLoss
    label_smoothing: float = 0.0

    def __call__(
        self,
        student_logits: Tensor,
        teacher_logits: Tensor | None,  # noqa: ARG002 - all losses are called alike
        labels: Tensor,
    ) -> LossTerms:
        task = task_loss(student_logits, labels, self.label_smoothing)
        return LossTerms(self.spec.alpha * task, {"task": task.detach()})
