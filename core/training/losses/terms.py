"""What a loss returns, and what is done around all of them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from core.packed import UNLABELLED
from core.training.mixing import Mixed

TINY = 1e-9  # instead of no labels at all


@dataclass(frozen=True)
class LossTerms:
    """`total` is a differentiable scalar, the sum of `weighted`; `parts` are the unweighted terms, detached."""

    total: Tensor
    parts: dict[str, Tensor]
    weighted: dict[str, Tensor]


def precise(logits: Tensor) -> Tensor:
    """float64 as it is, everything else in float32: half types lose the small differences that losses compare."""
    return logits if logits.dtype == torch.float64 else logits.float()


@contextmanager
def full_precision(logits: Tensor) -> Iterator[None]:
    """Autocast off: what it would do in half precision is torch's choice, another one per device and release."""
    with torch.autocast(logits.device.type, enabled=False):
        yield


def mean_of(terms: Sequence[LossTerms]) -> LossTerms:
    """Term by term."""

    def mean(rows: list[dict[str, Tensor]]) -> dict[str, Tensor]:
        return {name: torch.stack([row[name] for row in rows]).mean() for name in rows[0]}

    total = torch.stack([t.total for t in terms]).mean()
    return LossTerms(total, mean([t.parts for t in terms]), mean([t.weighted for t in terms]))


def weights_of(labels: Tensor, mixed: Mixed | None = None) -> Tensor:
    """float64 (B,): how much of each image has a label, from 0 to 1."""
    own = (labels != UNLABELLED).double()
    if mixed is None:
        return own
    return mixed.share * own + (1 - mixed.share) * (mixed.labels != UNLABELLED)


def task_loss(
    student_logits: Tensor, labels: Tensor, label_smoothing: float = 0.0, mixed: Mixed | None = None
) -> Tensor:
    """Cross-entropy with the labels: logits (B, C), labels (B,) int64, -1 where there is none -> scalar.

    The mean over the images that have a label; 0, without a gradient, where none has. Of a mixed image each label
    counts by its share.
    """

    def of(labels: Tensor) -> Tensor:
        return F.cross_entropy(
            precise(student_logits), labels, ignore_index=UNLABELLED, reduction="none", label_smoothing=label_smoothing
        )

    with full_precision(student_logits):
        each = of(labels) if mixed is None else mixed.share * of(labels) + (1 - mixed.share) * of(mixed.labels)
        return each.sum() / weights_of(labels, mixed).sum().clamp(min=TINY).to(each)


def check_teacher(kind: str, student_logits: Tensor, teacher_logits: Tensor | None) -> Tensor:
    """The teacher's logits; ValueError where they are missing or of another shape than the student's."""
    if teacher_logits is None:
        raise ValueError(f"the loss {kind!r} needs the teacher's logits")
    if teacher_logits.shape != student_logits.shape:
        shapes = f"student {tuple(student_logits.shape)}, teacher {tuple(teacher_logits.shape)}"
        raise ValueError(f"student and teacher logits must have the same shape (batch, classes): {shapes}")
    return teacher_logits
