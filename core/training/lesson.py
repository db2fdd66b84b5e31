"""What one student is taught in one step."""

from dataclasses import dataclass

from torch import Tensor

from core.training.mixing import Mixed


@dataclass(frozen=True)
class Lesson:
    images: Tensor  # (B, 3, side, side), normalised
    teacher_logits: Tensor | None  # (B, C)
    labels: Tensor  # (B,)
    epoch: int  # 0-based
    mixed: Mixed | None = None  # what else is in the images
    views: int = 1  # of each image: the B rows are so many blocks of equal length
