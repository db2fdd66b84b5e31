"""What weights look like, whatever their values and the number of classes: names and shapes as one short digest."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

COUNTERS = "num_batches_tracked"  # older files lack them
Head = tuple[tuple[str, int], ...]  # (entry, dimension) wherever the number of classes stands


def entries(state: Mapping[str, Tensor]) -> list[str]:
    """Names of the weights, counters left out, in their order."""
    return [name for name in state if not name.endswith(COUNTERS)]


def plain_head(state: Mapping[str, Tensor], classes: int) -> Head | None:
    """The head by its size alone, where nothing else has that size: matrices with their biases, and no side but their
    first is `classes`. None where that is not so clear."""
    found = [(name, dim) for name in entries(state) for dim, side in enumerate(state[name].shape) if side == classes]
    matrices = {name.rpartition(".")[0] for name, dim in found if dim == 0 and state[name].ndim > 1}
    named = {f"{matrix}.{part}" for matrix in matrices for part in ("weight", "bias")}
    clear = 0 < len(found) <= 4 and all(dim == 0 and name in named for name, dim in found)
    return tuple(found) if clear else None


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


def outline(build: Callable[[int], nn.Module], classes: int) -> nn.Module:
    """The network without memory for its weights."""
    try:
        with torch.device("meta"):
            return build(classes)
    except NotImplementedError:  # it computes its own sizes with tensors, as torchvision's regnets do
        return build(classes).to("meta")


def class_count(state: Mapping[str, Tensor], head: Iterable[tuple[str, int]]) -> int | None:
    """Outputs of the head in these weights; None where they have no such head, or two of different sizes."""
    sides = {int(state[name].shape[dim]) if name in state and state[name].ndim > dim else None for name, dim in head}
    return sides.pop() if len(sides) == 1 else None
