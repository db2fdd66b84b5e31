"""What intake tells about a data set besides its images: counted while they are stored, bounded whatever comes.

Two images count as the same picture when they are stored as the same bytes: equal pixels, whatever their files were.
"""

from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.intake.inventory import Found
from core.intake.layout import Sample
from core.intake.members import Listed
from core.intake.storing import Stored
from core.packed import SPLITS, UNLABELLED

ODD = ("rotated", "cmyk", "sixteen_bit", "palette", "transparent", "greyscale", "animated", "misnamed")
EXAMPLES = 10  # of anything
COMMON = 5  # sizes


@dataclass
class _Some:
    """A number of images, with a few of them."""

    images: int = 0
    examples: list[Any] = field(default_factory=list)

    def add(self, example: Any) -> None:
        self.images += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(example)

    def as_dict(self) -> dict[str, Any]:
        return {"images": self.images, "examples": self.examples}


class Report:
    """Takes every image that was stored, split after split."""

    def __init__(self, classes: Sequence[str]) -> None:
        self._classes = classes
        self._widths, self._heights = array("i"), array("i")
        self._sizes: Counter[tuple[int, int]] = Counter()
        self._formats: Counter[str] = Counter()
        self._labels: dict[str, Counter[int]] = defaultdict(Counter)
        self._odd: dict[str, _Some] = defaultdict(_Some)
        self._first: dict[bytes, tuple[str, Sample]] = {}
        self._places: dict[bytes, set[str]] = {}  # of pictures that come again: the splits they are in
        self._within: dict[str, _Some] = defaultdict(_Some)
        self._across: dict[tuple[str, str], _Some] = defaultdict(_Some)
        self._contradictions = _Some()

    def add(self, split: str, sample: Sample, found: Found, stored: Stored) -> None:
        width, height = found.size
        self._widths.append(width)
        self._heights.append(height)
        self._sizes[found.size] += 1
        self._formats[found.kind] += 1
        self._labels[split][sample.label] += 1
        for kind in stored.odd:
            self._odd[kind].add(sample.name)
        self._compare(split, sample, stored.digest)

    def _compare(self, split: str, sample: Sample, digest: bytes) -> None:
        where, first = self._first.setdefault(digest, (split, sample))
        if first is sample:
            return
        example = {"name": sample.name, "same_as": first.name}
        places = self._places.setdefault(digest, {where})
        for other in places:
            (self._within[split] if other == split else self._across[split, other]).add(example)
        places.add(split)
        if sample.label != first.label and UNLABELLED not in (sample.label, first.label):
            names = (self._classes[sample.label], self._classes[first.label])
            self._contradictions.add(example | {"classes": list(names)})

    def as_dict(self, misnamed: Sequence[str], unreadable: Listed) -> dict[str, Any]:
        """JSON. `misnamed` and `unreadable` are paths in the source."""
        odd = {kind: self._odd[kind].as_dict() for kind in ODD if kind in self._odd}
        if misnamed:
            odd["misnamed"] = {"images": len(misnamed), "examples": list(misnamed[:EXAMPLES])}
        per_class = {
            split: [self._labels[split][label] for label in range(len(self._classes))]
            for split in SPLITS
            if split in self._labels
        }
        return {
            "per_class": per_class,
            "imbalance": self._imbalance(per_class["train"]),
            "empty": {split: self._empty(counts) for split, counts in per_class.items() if not all(counts)},
            "sizes": {"width": _spread(self._widths), "height": _spread(self._heights), "most_common": self._common()},
            "formats": dict(self._formats.most_common()),
            "odd": odd,
            "unreadable": {"images": unreadable.total, "examples": unreadable.entries[:EXAMPLES]},
            "duplicates": {
                "within": {split: some.as_dict() for split, some in self._within.items()},
                "across": [
                    {"split": split, "also_in": other, **some.as_dict()}
                    for (split, other), some in sorted(self._across.items())
                ],
                "different_labels": self._contradictions.as_dict(),
            },
        }

    def _imbalance(self, counts: Sequence[int]) -> dict[str, Any]:
        """The largest and the smallest class of train."""
        most, least = max(counts), min(counts)
        return {
            "largest": {"name": self._classes[counts.index(most)], "images": most},
            "smallest": {"name": self._classes[counts.index(least)], "images": least},
            "ratio": round(most / least, 2),
        }

    def _empty(self, counts: Sequence[int]) -> dict[str, Any]:
        names = [self._classes[label] for label, count in enumerate(counts) if not count]
        return {"classes": len(names), "examples": names[:EXAMPLES]}

    def _common(self) -> list[dict[str, int]]:
        return [{"width": w, "height": h, "images": n} for (w, h), n in self._sizes.most_common(COMMON)]


def _spread(values: "array[int]") -> dict[str, int]:
    """min, (lower) median, max."""
    ordered = sorted(values)
    return {"min": ordered[0], "median": ordered[(len(ordered) - 1) // 2], "max": ordered[-1]}


def warnings_of(report: Mapping[str, Any], unlabelled: int) -> list[str]:
    """What is legal but probably not meant, a sentence each."""
    warnings = []
    if broken := report["unreadable"]["images"]:
        warnings.append(f"Images that cannot be read and were left out: {broken:,}.")
    if wrong := report["odd"].get("misnamed"):
        example = wrong["examples"][0]
        warnings.append(f"Images of another format than their names say: {wrong['images']:,}, for example {example!r}.")
    for twice in report["duplicates"]["across"]:
        split, other = twice["split"], twice["also_in"]
        warnings.append(f"Images of {split} that are in {other} too: {twice['images']:,}. Its figures mislead.")
    if mixed := report["duplicates"]["different_labels"]["images"]:
        example = report["duplicates"]["different_labels"]["examples"][0]
        pair = f"{example['name']!r} and {example['same_as']!r}"
        warnings.append(f"Images that are the same picture in another class: {mixed:,}, for example {pair}.")
    for split, empty in report["empty"].items():
        example = empty["examples"][0]
        warnings.append(f"Classes without an image in {split}: {empty['classes']:,}, for example {example!r}.")
    if unlabelled:
        warnings.append(f"Images without a label: {unlabelled:,}. They are learned from the teacher alone.")
    return warnings
