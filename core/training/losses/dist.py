"""DIST as a bare function of logits, for training loops of one's own. Its definition stands in core.losses.dist."""

from torch import Tensor

from core.losses.dist import relations
from core.training.losses.terms import check_teacher, full_precision, precise


def dist_terms(student_logits: Tensor, teacher_logits: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """Logits (B, C) -> (inter, intra): 1 - the mean correlation of rows, and of columns. Scalars in 0..2, no weights.

    In float32 or better, whatever comes in and around; no gradient reaches the teacher.
    """
    with full_precision(student_logits):
        return relations(precise(student_logits), precise(teacher_logits.detach()), temperature)


def dist_loss(
    student_logits: Tensor, teacher_logits: Tensor, beta: float = 2.0, gamma: float = 2.0, temperature: float = 4.0
) -> Tensor:
    """beta · tau² · inter + gamma · tau² · intra, a scalar; logits are (B, C)."""
    teacher_logits = check_teacher("dist", student_logits, teacher_logits)
    inter, intra = dist_terms(student_logits, teacher_logits, temperature)
    return temperature**2 * (beta * inter + gamma * intra)
