"""Which networks exist, with their sizes; loads without torch.

The networks themselves are built by `core.training.models`; a test holds both against each other.
"""

from dataclasses import dataclass

from core.errors import Invalid, Problem


@dataclass(frozen=True)
class Architecture:
    """One network of the catalog. `name` is canonical: library/short."""

    name: str
    family: str
    depth: int
    widths: tuple[int, int, int, int]  # channels of the stem and of the three stages
    description: str

    @property
    def library(self) -> str:
        return self.name.partition("/")[0]

    @property
    def short(self) -> str:
        return self.name.partition("/")[2]

    @property
    def min_image_size(self) -> int:
        return 4  # two halvings; the average pool takes what is left

    def parameters(self, classes: int) -> int:
        """Trainable parameters with a head of `classes` outputs."""
        stem, *stages = self.widths
        blocks = (self.depth - 2) // 6
        total, before = 3 * stem * 9 + 2 * stem, stem
        for stage, width in enumerate(stages):
            for block in range(blocks):
                total += before * width * 9 + width * width * 9 + 4 * width
                if block == 0 and (stage > 0 or before != width):
                    total += before * width + 2 * width  # projection shortcut with its batch norm
                before = width
        return total + (before + 1) * classes


def _cifar_resnets() -> list[Architecture]:
    thin = [8, 14, 20, 32, 44, 56, 110]
    text = "ResNet for small images (He et al., 2016, section 4.2), in the literature's layout."
    return [Architecture(f"cifar/resnet{d}", "resnet", d, (16, 16, 32, 64), text) for d in thin] + [
        Architecture(f"cifar/resnet{d}x4", "resnet", d, (32, 64, 128, 256), text + " Four times as wide.")
        for d in (8, 32)
    ]


ARCHITECTURES: dict[str, Architecture] = {a.name: a for a in _cifar_resnets()}
LIBRARIES = ("cifar", "torchvision", "timm")  # a bare name is looked up in this order


def find_architecture(name: str) -> Architecture | None:
    """By canonical or bare name; None where there is none."""
    for candidate in (name, *(f"{library}/{name}" for library in LIBRARIES)):
        if candidate in ARCHITECTURES:
            return ARCHITECTURES[candidate]
    return None


def architecture(name: str, pointer: str = "") -> Architecture:
    """The architecture, or `Invalid` that names the nearest ones."""
    found = find_architecture(name)
    if found is None:
        from difflib import get_close_matches

        near = get_close_matches(name, [a.short for a in ARCHITECTURES.values()], n=3, cutoff=0.3)
        hint = f" Did you mean {', '.join(near)}?" if near else ""
        raise Invalid([Problem(pointer, "unknown_architecture", f"There is no architecture {name!r}.{hint}")])
    return found


def canonical_name(name: str) -> str:
    """cifar/resnet20 for resnet20; an unknown name stays as it is (and is refused elsewhere)."""
    found = find_architecture(name)
    return found.name if found else name
