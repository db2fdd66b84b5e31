"""What several losses compute. Logits are (B, C); all of it works on tensors alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


TWO_STANDARDIZED = "Two logits with mean 0 and deviation 1 are always 0.7 and -0.7: without `standardize` they teach."


def standardized(logits: Tensor) -> Tensor:
    """Each row with mean 0 and standard deviation 1; zeros, with no gradient, where it varies by no more than rounding.

    Logit standardization (Sun et al., CVPR 2024, arXiv:2403.01427).
    """
    centred = logits - logits.mean(1, keepdim=True)
    std = logits.std(1, keepdim=True)
    return (centred / (std + 1e-7)).masked_fill(std <= _rounding(logits, 1)[:, None], 0.0)


def divergence(student: Tensor, teacher: Tensor) -> Tensor:
    """KL(teacher || student) of each row, (B,), from log-probabilities (B, C)."""
    return (teacher.exp() * (teacher - student)).sum(1)


def targets(labels: Tensor, teacher: Tensor) -> Tensor:
    """(B,) the label of each image; where it has none, what the teacher says."""
    return labels.where(labels >= 0, teacher.argmax(1))


def without(logits: Tensor, classes: Tensor) -> Tensor:
    """Logits (B, C - 1) of all classes but one of each row, (B,)."""
    batch, count = logits.shape
    kept = logits.new_ones(batch, count).scatter(1, classes[:, None], 0.0).bool()
    return logits.masked_select(kept).view(batch, count - 1)


def correlation(a: Tensor, b: Tensor, dim: int, epsilon: float) -> Tensor:
    """Pearson's correlation of a and b along `dim`, with `epsilon` added to the product of the norms.

    0, with no gradient, where one of them varies by no more than rounding does.
    """
    flat_a, flat_b = _rounding(a, dim), _rounding(b, dim)
    a = a - a.mean(dim, keepdim=True)
    b = b - b.mean(dim, keepdim=True)
    norm_a, norm_b = a.norm(dim=dim), b.norm(dim=dim)
    found: Tensor = (a * b).sum(dim) / (norm_a * norm_b + epsilon)
    return found.masked_fill((norm_a <= flat_a) | (norm_b <= flat_b), 0.0)


def _rounding(values: Tensor, dim: int) -> Tensor:
    """What the deviations of equal values may come to along `dim`, by rounding alone."""
    rounding: Tensor = 4 * _EPSILON[str(values.dtype)] * values.norm(dim=dim)
    return rounding


_EPSILON = {"torch.float32": 2.0**-23, "torch.float64": 2.0**-52}
