"""Networks of the catalog by words, in an order that pages exactly."""

from dataclasses import dataclass

from core.catalog import ARCHITECTURES, Architecture, find_architecture
from core.errors import Invalid, Problem

Place = tuple[int, int, str]


@dataclass(frozen=True)
class Wanted:
    q: str
    library: str | None
    max_parameters: int | None
    max_image_size: int | None
    pretrained: bool | None
    classes: int

    def fits(self, network: Architecture) -> bool:
        text = _joined(f"{network.name} {network.family} {network.description}".casefold())
        least = network.image_size if network.fixed_size else network.min_image_size
        return (
            (self.library is None or network.library == self.library)
            and (self.max_parameters is None or network.parameters(self.classes) <= self.max_parameters)
            and (self.max_image_size is None or least <= self.max_image_size)
            and (self.pretrained is None or bool(network.weights) == self.pretrained)
            and all(_joined(word) in text for word in _plain(self.q).split())
        )

    def place(self, network: Architecture) -> Place:
        """Called so, beginning so, anything else; then by size, then by name: no two networks share a place."""
        q = _joined(_plain(self.q).strip())
        names = [_joined(name.casefold()) for name in (network.name, network.short)]
        if q and q in names:
            rank = 0
        elif q and any(name.startswith(q) for name in names):
            rank = 1
        else:
            rank = 2
        return rank, network.parameters(self.classes), network.name


def _plain(q: str) -> str:
    """Without a tag: timm/resnet50.a1_in1k finds timm/resnet50."""
    plain = q.casefold().strip()
    found = find_architecture(q.strip()) if "." in plain else None
    return found.network.casefold() if found else plain


def _joined(text: str) -> str:
    """torchvision's mobilenet_v3_small and timm's mobilenetv3_small_100 are found by the same word."""
    return text.replace("_", "").replace("-", "")


def search(wanted: Wanted, after: str | None, limit: int) -> tuple[list[Architecture], bool]:
    """At most `limit` networks behind the one named `after` (none: from the start); are there more?"""
    found = sorted(filter(wanted.fits, ARCHITECTURES.values()), key=wanted.place)
    last = ARCHITECTURES.get(after) if after is not None else None
    if after is not None and last is None:
        raise Invalid([Problem("/query/after", "unknown_after", f"There is no {after!r} in this list.")])
    behind = found if last is None else [n for n in found if wanted.place(n) > wanted.place(last)]
    return behind[:limit], len(behind) > limit
