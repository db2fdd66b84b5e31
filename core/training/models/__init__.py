"""Networks by the catalog's names, and the names of a network from its weights.

Weights start from torch's global generator: seed it for a reproducible start.
"""

from collections.abc import Callable, Mapping
from functools import partial

from torch import Tensor, nn

from core.catalog import ARCHITECTURES, LIBRARIES, architecture
from core.errors import Invalid, Problem
from core.training.models import layout
from core.training.models.cifar import CIFAR
from core.training.models.libraries import build_timm, build_torchvision

__all__ = ["BUILDERS", "build", "class_count", "identify"]

# canonical name -> builder by the number of classes, of the networks that are written here
BUILDERS: dict[str, Callable[[int], nn.Module]] = {f"cifar/{name}": builder for name, builder in CIFAR.items()}
_LIBRARIES = {"torchvision": build_torchvision, "timm": build_timm}


def build(name: str, classes: int, drop_path: float = 0.0) -> nn.Module:
    """The network with random weights: images (B, 3, H, W) -> logits (B, classes).

    `name` is canonical or bare; raises `Invalid` with the nearest names where there is no such architecture.
    `drop_path` is a chance for training alone; Invalid where the network knows none.
    """
    found = architecture(name, "/architecture")
    if classes < 1:
        raise Invalid([Problem("/classes", "out_of_range", f"A network needs at least one class, not {classes}.")])
    library, _, short = found.network.partition("/")
    if drop_path:
        if not found.drop_path:
            raise Invalid([Problem("/drop_path", "drop_path_unknown", f"{found.network} has no path to drop.")])
        return build_timm(short, classes, drop_path)
    builder = BUILDERS.get(found.network) or partial(_LIBRARIES[library], short)
    return builder(classes)


def identify(state: Mapping[str, Tensor]) -> list[str]:
    """Canonical names of all networks whose weights look like these, in the libraries' order; empty where none does.

    Equal names and shapes do not make equal networks: some differ in what they compute alone.
    """
    by_head: dict[layout.Head, dict[str, list[str]]] = {}
    for entry in ARCHITECTURES.values():
        by_head.setdefault(entry.head, {}).setdefault(entry.layout, []).append(entry.name)
    found: list[str] = []
    for head, names in by_head.items():
        if head and layout.class_count(state, head) is not None:
            found += names.get(layout.digest(state, head), [])
    return sorted(found, key=lambda name: (LIBRARIES.index(name.partition("/")[0]), name))


def class_count(state: Mapping[str, Tensor], name: str) -> int | None:
    """Outputs of the head in these weights of architecture `name`; None where it has no such head."""
    return layout.class_count(state, architecture(name).head)
