"""What one student is taught in one step."""

from dataclasses import dataclass, replace

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

    def split(self, parts: int) -> "list[Lesson]":
        """Its rows in so many parts, each taken as one view."""
        teacher = [None] * parts if self.teacher_logits is None else self.teacher_logits.tensor_split(parts)
        mixed = [None] * parts if self.mixed is None else self.mixed.tensor_split(parts)
        rows = zip(self.images.tensor_split(parts), teacher, self.labels.tensor_split(parts), mixed, strict=True)
        if parts == 1:
            return [self]
        return [
            replace(self, images=images, teacher_logits=taught_by, labels=labels, mixed=others, views=1)
            for images, taught_by, labels, others in rows
        ]
