"""Which networks exist, with their sizes and their published weights; loads without torch.

The figures are a table that `python -m core.training.models.survey` writes from the libraries; it is read when the
first network is looked up. The networks themselves are built by `core.training.models`.
"""

import json
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from core.errors import Invalid, Problem

TABLE = Path(__file__).with_name("networks.jsonl")
LIBRARIES = ("cifar", "torchvision", "timm")  # a bare name is looked up in this order
PUBLISHING = LIBRARIES[1:]  # those with published weights
NEAR = 3  # networks named where there is none of the name asked for

_CIFAR_FAMILIES = {
    "resnet": "ResNet for small images (He et al., 2016), in the literature's layout.",
    "wide_resnet": "Wide ResNet for small images (Zagoruyko and Komodakis, 2016), in the literature's layout.",
    "vgg": "VGG with batch norm for small images (Simonyan and Zisserman, 2015), in the literature's layout.",
    "mobilenetv2": "Half-width MobileNetV2 for small images (Sandler et al., 2018), in the literature's layout.",
    "shufflenet": "ShuffleNet for small images (Zhang et al., 2018), in the literature's layout.",
    "shufflenetv2": "ShuffleNet V2 for small images (Ma et al., 2018), in the literature's layout.",
}


@dataclass(frozen=True, slots=True)
class Weights:
    """One file of published weights, and the view that it was trained for."""

    tag: str  # IMAGENET1K_V2, a1_in1k
    classes: int  # outputs of its head; 0: it has none
    image_size: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    interpolation: str
    crop_pct: float | None  # side of the centre crop divided by the side of the resized image
    url: str
    file: str  # its name in the folder `<weights>/<library>/`


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """One network of the catalog. `name` is canonical: library/short, and library/short.tag where a tag was named."""

    name: str
    family: str
    image_size: int  # what it was made for
    fixed_size: bool = False  # it takes no other
    min_image_size: int = 4
    mean: tuple[float, ...] = ()  # of what it expects; empty: the data set's
    std: tuple[float, ...] = ()
    interpolation: str = "bilinear"
    crop_pct: float | None = None
    parameters_at_zero: int = 0  # with a head of no outputs
    parameters_per_class: int = 0
    drop_path: bool = False  # it can be built with stochastic depth
    multiply_adds: int = 0  # of one image of its own size, with 1,000 classes (cifar: 100)
    layout: str = ""  # digest of its weights' names and shapes; see core.training.models.layout
    head: tuple[tuple[str, int], ...] = ()  # (entry, dimension) wherever the number of classes stands
    weights: tuple[Weights, ...] = ()  # the library's own choice first

    @property
    def library(self) -> str:
        return self.name.partition("/")[0]

    @property
    def short(self) -> str:
        return self.name.partition("/")[2]

    @property
    def network(self) -> str:
        """The canonical name without a tag: what is built."""
        return self.name.partition(".")[0]

    @property
    def description(self) -> str:
        if self.library == "cifar":
            return _CIFAR_FAMILIES.get(self.family, "")
        exactly = " alone" if self.fixed_size else ""
        return f"{self.family} of {self.library}, for images of {self.image_size} px{exactly}."

    def parameters(self, classes: int) -> int:
        """Trainable parameters with a head of `classes` outputs."""
        return self.parameters_at_zero + self.parameters_per_class * classes


def _read_row(line: str) -> Architecture:
    """One line of the table; weights name only what differs from their network."""
    row: dict[str, Any] = json.loads(line)
    own = {
        "image_size": row["size"],
        "mean": tuple(row["mean"]),
        "std": tuple(row["std"]),
        "interpolation": row["interpolation"],
        "crop_pct": row["crop"],
    }
    return Architecture(
        name=row["name"],
        family=row["family"],
        fixed_size=row["fixed"],
        min_image_size=row["least"],
        parameters_at_zero=row["parameters"][0],
        parameters_per_class=row["parameters"][1],
        drop_path=row.get("drop_path", False),
        multiply_adds=row["multiply_adds"],
        layout=row["layout"],
        head=tuple((name, dim) for name, dim in row["head"]),
        weights=tuple(_read_weights(entry, own) for entry in row["weights"]),
        **own,
    )


def _read_weights(entry: dict[str, Any], own: dict[str, Any]) -> Weights:
    return Weights(
        tag=entry["tag"],
        classes=entry["classes"],
        image_size=entry.get("size", own["image_size"]),
        mean=tuple(entry["mean"]) if "mean" in entry else own["mean"],
        std=tuple(entry["std"]) if "std" in entry else own["std"],
        interpolation=entry.get("interpolation", own["interpolation"]),
        crop_pct=entry.get("crop", own["crop_pct"]),
        url=entry["url"],
        file=entry["file"],
    )


class Table(MutableMapping[str, Architecture]):
    """Canonical name -> network, of all libraries; read at the first look."""

    @cached_property
    def _rows(self) -> dict[str, Architecture]:
        with TABLE.open(encoding="utf-8") as lines:
            return {row.name: row for row in map(_read_row, lines)}

    def __getitem__(self, name: str) -> Architecture:
        return self._rows[name]

    def __setitem__(self, name: str, entry: Architecture) -> None:
        self._rows[name] = entry

    def __delitem__(self, name: str) -> None:
        del self._rows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


ARCHITECTURES = Table()


def find_architecture(name: str) -> Architecture | None:
    """By canonical or bare name, with or without a weights tag behind a dot; None where there is none."""
    plain, _, tag = name.partition(".")
    for candidate in (plain, *(f"{library}/{plain}" for library in LIBRARIES)):
        found = ARCHITECTURES.get(candidate)
        if found is not None:
            if not tag:
                return found
            for weights in found.weights:
                if weights.tag == tag:
                    return _as_published(found, weights)
    return None


def _as_published(network: Architecture, weights: Weights) -> Architecture:
    """The network with the view of these weights, which are then its only ones."""
    return replace(
        network,
        name=f"{network.name}.{weights.tag}",
        image_size=weights.image_size,
        mean=weights.mean,
        std=weights.std,
        interpolation=weights.interpolation,
        crop_pct=weights.crop_pct,
        weights=(weights,),
    )


def architecture(name: str, pointer: str = "") -> Architecture:
    """The architecture, or `Invalid` that names the nearest ones."""
    found = find_architecture(name)
    if found is None:
        detail = f"There is no architecture {name!r}.{_hint(name)}"
        raise Invalid([Problem(pointer, "unknown_architecture", detail)])
    return found


def _hint(name: str) -> str:
    plain, _, tag = name.partition(".")
    network = find_architecture(plain) if tag else None
    if network is not None and network.weights:
        return f" {network.name} has the weights {', '.join(w.tag for w in network.weights)}."
    near = nearest(name)
    return f" Did you mean {', '.join(near)}?" if near else ""


def nearest(name: str) -> list[str]:
    """Bare names like this one, best first; quick, whatever was asked for."""
    from difflib import get_close_matches

    bare = name[:80].rpartition("/")[2]
    asked = _threes(bare)
    # Comparing letter by letter takes long: only those that share most groups of three letters get so far.
    ranked = sorted(_short_names(), key=lambda s: -len(asked & _threes(s)) / len(asked | _threes(s)))
    folded = {short.casefold(): short for short in reversed(ranked[:40])}
    return [folded[near] for near in get_close_matches(bare.casefold(), folded, n=NEAR, cutoff=0.3)]


def _short_names() -> list[str]:
    return [entry.short for entry in ARCHITECTURES.values()]


@lru_cache(maxsize=4096)
def _threes(text: str) -> frozenset[str]:
    padded = f"  {text.casefold()} "
    return frozenset(padded[i : i + 3] for i in range(len(padded) - 2))


def canonical_name(name: str) -> str:
    """cifar/resnet20 for resnet20; an unknown name stays as it is (and is refused elsewhere)."""
    found = find_architecture(name)
    return found.name if found else name
