"""Cross-entropy with the labels: what a control learns from."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from core.losses.base import Loss, Terms, described

if TYPE_CHECKING:
    from torch import Tensor


class TaskLoss(Loss):
    """Learn from the labels alone: cross-entropy. What a control uses."""

    model_config = described("labels only", "{alpha} CE")
    needs_teacher: ClassVar[bool] = False

    kind: Literal["task"] = Field("task", description="Cross-entropy with the labels, no teacher.")
    alpha: float = Field(1.0, gt=0, le=1000, title="Labels α", description="Weight of the cross-entropy.")

    def terms(self, student: Tensor, teacher: Tensor, labels: Tensor) -> Terms:  # noqa: ARG002 - all are called alike
        return {}
