"""Losses at work: `build_loss({"kind": "dist", ...})`. What each one computes stands in core.losses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from pydantic import TypeAdapter, ValidationError
from torch import Tensor

from core.errors import Invalid, Problem
from core.losses import LOSSES, AnyLoss, Loss
from core.training.losses.terms import LossTerms, check_teacher, full_precision, precise, task_loss
from core.training.mixing import Mixed

__all__ = ["LOSSES", "LossTerms", "Objective", "build_loss"]

NOTHING = 1e-6  # a gradient, for a weight of 1, that teaches nothing

_SPEC: TypeAdapter[Loss] = TypeAdapter(AnyLoss)


@dataclass(frozen=True)
class Objective:
    """A loss, and the label smoothing of its cross-entropy.

    The task's term is that of the labelled images (label not -1), a distillation that of all. In float32 or better,
    whatever comes in and around; no gradient reaches the teacher.
    """

    spec: Loss
    label_smoothing: float = 0.0

    def __call__(
        self,
        student_logits: Tensor,
        teacher_logits: Tensor | None,
        labels: Tensor,
        epoch: int | None = None,
        mixed: Mixed | None = None,
    ) -> LossTerms:
        """Logits (B, C), labels (B,) int64; the teacher may be None where it is not needed.

        `epoch` (0-based) decides how much of a warm-up is done; None: all. `mixed`: what else is in the images, for the
        cross-entropy. ValueError where the shapes do not fit.
        """
        task = task_loss(student_logits, labels, self.label_smoothing, mixed)
        weighted, parts = {"task": self.spec.alpha * task}, {"task": task.detach()}
        if self.spec.needs_teacher:
            teacher_logits = check_teacher(self.spec.kind, student_logits, teacher_logits)
            with full_precision(student_logits):
                student, teacher = precise(student_logits), precise(teacher_logits.detach()).to(precise(student_logits))
                taught = self.spec.taught(student, teacher, labels, epoch)
            weighted |= {name: weight * value for name, (weight, value) in taught.items()}
            parts |= {name: value.detach() for name, (_, value) in taught.items()}
        return LossTerms(sum(weighted.values(), start=task.new_zeros(())), parts, weighted)

    def moves_equal_logits(self, classes: int) -> bool:
        """Whether a student that answers every image alike, as one with a head of zeros does, has a gradient."""
        return self._pull(torch.zeros(4, classes, dtype=torch.float64)) > 0

    def teaches(self, classes: int) -> bool:
        """Whether a student can learn from it at all: whether its gradient is more than what an epsilon leaves."""
        few = min(classes, 8)  # what many classes say, eight do
        student = torch.arange(4.0 * few, dtype=torch.float64).square().remainder(11).view(4, few) / 4
        return self._pull(student) > NOTHING

    def _pull(self, student: Tensor) -> float:
        """The largest gradient at these logits (4, C) beside some teacher's, for a weight of 1 in all."""
        teacher = torch.arange(4.0 * student.shape[1], dtype=torch.float64).square().remainder(7).view_as(student)
        labels = torch.zeros(4, dtype=torch.int64)
        terms = self.spec.taught(student, teacher, labels, None) if self.spec.needs_teacher else {}
        weight = self.spec.alpha + sum(weight for weight, _ in terms.values())
        student = student.requires_grad_()
        (gradient,) = torch.autograd.grad(self(student, teacher, labels).total, student)
        return float(gradient.abs().max()) / weight if weight > 0 else 0.0


def build_loss(spec: Mapping[str, Any] | Loss, label_smoothing: float = 0.0) -> Objective:
    """The loss of a recipe, as a model or a plain mapping; `label_smoothing` belongs to its cross-entropy.

    Raises `Invalid`, naming each field, where the mapping does not describe a loss.
    """
    if isinstance(spec, Mapping):
        try:
            spec = _SPEC.validate_python(dict(spec))
        except ValidationError as error:
            raise Invalid([_problem(e["loc"], e["type"], e["msg"]) for e in error.errors()]) from error
    if not 0 <= label_smoothing < 1:
        raise Invalid([Problem("/label_smoothing", "out_of_range", "Label smoothing lies between 0 and 1.")])
    return Objective(spec, label_smoothing)


def _problem(place: tuple[int | str, ...], code: str, detail: str) -> Problem:
    if code.startswith("union_tag"):
        return Problem("/kind", "unknown_loss", f"There is no such loss; there are: {', '.join(LOSSES)}.")
    fields = place[1:]  # the first is the kind
    return Problem("".join(f"/{field}" for field in fields), code, detail)
