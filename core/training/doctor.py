"""The teacher doctor: why a teacher guesses.

A good network answers at chance when its images reach it in another way than in its training, or when its classes stand
in another order. Both leave traces: with the right normalization and channel order the accuracy comes back; and a
network that is wrong in the same way every time has a confusion matrix that some permutation makes diagonal.
"""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.catalog import find_architecture
from core.packed import PackedMeta
from core.teaching import Adapter, Normalization
from core.training.data import Split, View, some_of
from core.training.evaluate import Answers, answer
from core.training.teacher import NetworkTeacher, Teacher

IMAGES = 512  # of val, evenly spread: enough to tell knowing from guessing
PIXELS = 2**22  # of those images, as the teacher sees them: on a processor photographs take their time
DOUBTFUL = 0.5  # of accuracy on val, below which a teacher is examined
CLEARLY = 0.1  # of accuracy, by which a remedy has to be better
NAMED = 6  # classes that are named
LISTED = 1000  # outputs that a hint lists

MeanAndStd = tuple[tuple[float, ...], tuple[float, ...]]
USUAL: dict[str, MeanAndStd] = {
    "ImageNet's": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "CIFAR-10's": ((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)),
    "CIFAR-100's": ((0.5071, 0.4867, 0.4408), (0.2675, 0.2565, 0.2761)),
    "values from -1 to 1": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    "values from 0 to 1": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    "values from 0 to 255": ((0.0, 0.0, 0.0), (1 / 255, 1 / 255, 1 / 255)),
}


@dataclass(frozen=True)
class Finding:
    """What was found out, and what to do about it."""

    detail: str
    hint: str


def examine(teacher: Teacher, val: Split, data: PackedMeta, known: Answers) -> Finding | None:
    """Other normalizations, the other channel order, another order of the classes; None where nothing helps clearly.

    `known` is what the teacher answers on val as it is.
    """
    labels = sample_labels = val.labels.cpu().numpy()
    tried: list[tuple[Remedy, Answers]] = []
    if isinstance(teacher, NetworkTeacher):  # all others see no images, or see them in several ways
        sample = some_of(val, min(IMAGES, max(64, PIXELS // teacher.view.spec.image_size**2)))
        sample_labels = sample.labels.cpu().numpy()
        remedies = _remedies(teacher, data)
        tried = list(
            zip(remedies, answer([teacher.seeing(view, bgr) for _, bgr, view in remedies], sample), strict=True)
        )
        now = tried[0][1].top1  # the first is the teacher as it is
        best, found = max(tried, key=lambda remedy: remedy[1].top1)
        if found.top1 > now + CLEARLY:
            return _seen_otherwise(teacher.adapter, best, found.top1, now)
    order = _class_order(labels, known, len(data.classes))
    if order is not None:
        return _ordered_otherwise(teacher.adapter, order, data.classes, None)
    for remedy, found in tried[1:]:
        order = _class_order(sample_labels, found, len(data.classes))
        if order is not None:
            return _ordered_otherwise(teacher.adapter, order, data.classes, remedy)
    return None


Remedy = tuple[str, bool, View]  # what it is called, blue first, how the images are seen


def _remedies(teacher: NetworkTeacher, data: PackedMeta) -> list[Remedy]:
    """As it is, then every other way; none twice."""
    entry = find_architecture(teacher.architecture)  # None for an ONNX model
    ways: dict[str, MeanAndStd] = {"its own": (teacher.view.spec.mean, teacher.view.spec.std)}
    ways["the data set's"] = (tuple(data.mean), tuple(data.std))
    if entry is not None and entry.mean:
        ways[f"{entry.library}'s"] = (tuple(entry.mean), tuple(entry.std))
    remedies: list[Remedy] = []
    for name, (mean, std) in (ways | USUAL).items():
        view = View(dataclasses.replace(teacher.view.spec, mean=mean, std=std))
        if all(view != known for _, _, known in remedies):
            remedies.append((name, False, view))
    return remedies + [(name, True, view) for name, _, view in remedies]


def _seen_otherwise(adapter: Adapter, remedy: Remedy, top1: float, now: float) -> Finding:
    name, bgr, _ = remedy
    told = f"{name} normalization" if "'s" in name or name == "its own" else name
    order = "blue first (BGR)" if bgr else ""
    detail = f"With {' and '.join(filter(None, (told, order)))} it reaches {top1:.1%} instead of {now:.1%}."
    return Finding(detail, _hint(_seeing(adapter, remedy)))


def _seeing(adapter: Adapter, remedy: Remedy) -> Adapter:
    """`adapter`, with images as the remedy shows them."""
    _, bgr, view = remedy
    mean, std = view.spec.mean, view.spec.std
    change: dict[str, Any] = {"normalization": Normalization(mean=mean, std=std)}
    if bgr:
        change["channels"] = "rgb" if adapter.channels == "bgr" else "bgr"
    return adapter.model_copy(update=change)


def _hint(adapter: Adapter) -> str:
    """The field of the recipe that mends it, as it is written there."""
    if adapter.outputs is not None and len(adapter.outputs) > LISTED:
        return "Put the rows of its last layer into the data set's order, and register it again."
    said = adapter.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    return f"Set it in the recipe: teacher_adapter: {json.dumps(said)}."


def _class_order(labels: NDArray[np.int64], found: Answers, classes: int) -> NDArray[np.int64] | None:
    """(classes,) which of the data set's classes each output means; None where no order makes it right.

    Found on every other image by assignment (Kuhn, 1955; scipy's), and believed only if the others confirm it.
    """
    from scipy.optimize import linear_sum_assignment  # a third of a second to load, wanted by few

    confusion = np.zeros((classes, classes), dtype=np.int64)  # output, class
    np.add.at(confusion, (found.predicted[::2], labels[::2]), 1)
    _, order = linear_sum_assignment(confusion, maximize=True)
    confirmed = float((order[found.predicted[1::2]] == labels[1::2]).mean())
    return np.asarray(order) if confirmed > max(0.5, 3 / classes) else None


def _ordered_otherwise(
    adapter: Adapter, order: NDArray[np.int64], names: Sequence[str], remedy: Remedy | None
) -> Finding:
    moved = [(i, int(c)) for i, c in enumerate(order) if i != c]
    listed = ", ".join(f"output {i} means {names[c]!r}, not {names[i]!r}" for i, c in moved[:NAMED])
    more = f", and {len(moved) - NAMED} more" if len(moved) > NAMED else ""
    seen = f" (and it wants {remedy[0]} normalization)" if remedy else ""
    detail = f"Its classes stand in another order than the data set's: {listed}{more}{seen}."
    now = adapter.outputs or list(range(len(names)))
    outputs = [now[int(i)] for i in np.argsort(order)]
    mended = (_seeing(adapter, remedy) if remedy else adapter).model_copy(update={"outputs": outputs})
    return Finding(detail, _hint(mended))


def explained(finding: Finding | None, teacher: Teacher) -> tuple[str, str]:
    """(what follows the figures, what to do) of an examination."""
    if finding is not None:
        return finding.detail, finding.hint
    sees = isinstance(teacher, NetworkTeacher)
    tried = "usual normalization, channel order or order" if sees else "order"
    return (
        f"No {tried} of the classes makes it better.",
        "See whether it is the right teacher, and whether it was trained on these classes.",
    )
