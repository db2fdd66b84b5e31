"""What weights look like, whatever their values and the number of classes: names and shapes as one short digest."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from torch import Tensor

COUNTERS = "num_batches_tracked"  # older files lack them
Head = tuple[tuple[str, int], ...]  # (entry, dimension) wherever the number of classes stands


def entries(state: Mapping[str, Tensor]) -> list[str]:
    """Names of the weights, counters left out, in their order."""
    return [name for name in state if not name.endswith(COUNTERS)]


def find_head(some: Mapping[str, Tensor], more: Mapping[str, Tensor]) -> Head:
    """Where two states of one network differ that know different numbers of classes."""
    return tuple(
        (name, dim)
        for name in entries(some)
        for dim, (a, b) in enumerate(zip(some[name].shape, more[name].shape, strict=True))
        if a != b
    )


def digest(state: Mapping[str, Tensor], head: Sequence[tuple[str, int]]) -> str:
    """Of all names and shapes, in any order; the head's classes stay open."""
    left_open = set(head)
    lines = []
    for name in sorted(entries(state)):
        sides = ("*" if (name, dim) in left_open else str(side) for dim, side in enumerate(state[name].shape))
        lines.append(f"{name}:{','.join(sides)}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def class_count(state: Mapping[str, Tensor], head: Iterable[tuple[str, int]]) -> int | None:
    """Outputs of the head in these weights; None where they have no such head, or two of different sizes."""
    sides = {int(state[name].shape[dim]) if name in state and state[name].ndim > dim else None for name, dim in head}
    return sides.pop() if len(sides) == 1 else None
