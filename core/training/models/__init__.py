"""Networks by the catalog's names, and the name of a network from its weights.

Weights start from torch's global generator: seed it for a reproducible start.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor, nn

from core.catalog import ARCHITECTURES, Architecture, architecture
from core.errors import Invalid, Problem
from core.training.models.cifar_resnet import build_cifar_resnet

__all__ = ["BUILDERS", "build", "class_count", "identify"]

# canonical name -> builder
BUILDERS: dict[str, Callable[[Architecture, int], nn.Module]] = {
    name: build_cifar_resnet for name, entry in ARCHITECTURES.items() if entry.library == "cifar"
}


def build(name: str, classes: int) -> nn.Module:
    """The network with random weights: images (B, 3, H, W) -> logits (B, classes).

    `name` is canonical or bare; raises `Invalid` with the nearest names where there is no such architecture.
    """
    found = architecture(name, "/architecture")
    if classes < 1:
        raise Invalid([Problem("/classes", "out_of_range", f"A network needs at least one class, not {classes}.")])
    return BUILDERS[found.name](found, classes)


@dataclass(frozen=True)
class Fingerprint:
    """What tells the weights of one architecture from all others, whatever the order of their names."""

    count: int  # entries, batch norms' counters left out: older files lack them
    first: str
    first_shape: tuple[int, ...]
    head: str
    head_inputs: int

    def fits(self, state: Mapping[str, Tensor]) -> bool:
        if self.first not in state or self.head not in state or count_entries(state) != self.count:
            return False
        head = state[self.head].shape
        return tuple(state[self.first].shape) == self.first_shape and len(head) == 2 and head[1] == self.head_inputs


def count_entries(state: Mapping[str, Tensor]) -> int:
    return sum(not key.endswith("num_batches_tracked") for key in state)


@cache
def fingerprints() -> dict[str, Fingerprint]:
    """Canonical name -> fingerprint, of every architecture; built without memory for the weights."""
    found = {}
    for name in BUILDERS:
        with torch.device("meta"):
            state = build(name, 1).state_dict()
        weights = [key for key in state if not key.endswith("num_batches_tracked")]
        first, head = weights[0], next(key for key in reversed(weights) if state[key].ndim == 2)
        shape = tuple(state[first].shape)
        found[name] = Fingerprint(len(weights), first, shape, head, int(state[head].shape[1]))
    return found


def identify(state: Mapping[str, Tensor]) -> str | None:
    """The canonical name of the architecture these weights belong to; None where no architecture fits."""
    return next((name for name, fingerprint in fingerprints().items() if fingerprint.fits(state)), None)


def class_count(state: Mapping[str, Tensor], name: str) -> int | None:
    """Outputs of the head in these weights of architecture `name` (canonical); None where it has no such head."""
    head = state.get(fingerprints()[name].head)
    return int(head.shape[0]) if head is not None and head.ndim == 2 else None
