"""From paths to splits, classes and names.

    train/<class>/…  val/<class>/…  [test/<class>/…]     the split as given; without val it is drawn from train
    <class>/…                                            the whole split is drawn

A split's folder may be written in any case; `valid` and `validation` mean val. There is a split as soon as one of
these folders holds images in folders of its own; what lies outside of them is then ignored. One folder around
everything is stripped. Whatever lies below a class folder, at any depth, belongs to the class. A sample's name is
its path from the class folder on: `<class>/…`. All orders are by code points of the NFC form.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from core.intake.failures import rejected
from core.intake.limits import Limits
from core.intake.members import Listed
from core.intake.names import folded, shown
from core.intake.split import draw

_SPLITS = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}


@dataclass(frozen=True)
class Layout:
    classes: list[str]
    splits: dict[str, dict[str, str]]  # split -> name of the sample -> path in the source, in order


def arrange(
    images: Collection[str],
    folders: Collection[str],
    ignored: Listed,
    shares: Mapping[str, float],
    seed: int,
    limits: Limits,
) -> Layout:
    """`images` and `folders` are clean paths; `shares` what to draw for val and test where the source has no split."""
    if not images:
        hint = "Put PNG, JPEG, WebP, BMP or GIF files in folders: train/<class>/…, val/<class>/…, or <class>/…"
        raise rejected("dataset_empty", "There is not one image in it.", hint)
    wrap = _wrapping_folder(images)
    given = _given_split(images, wrap)
    splits: dict[str, dict[str, str]] = defaultdict(dict)
    for path in images:
        split, name = _place(path, wrap, given)
        if name is None:
            ignored.add(path, "outside the splits" if given and split is None else "in no class folder")
        else:
            splits[split or "train"][name] = path
    classes = sorted({name.partition("/")[0] for name in splits["train"]})
    _check_classes(classes, splits, limits)
    _check_empty(classes, folders, wrap, given)
    if not splits["val"]:
        drawn = ("val",) if given else ("val", "test")
        _draw(splits, classes, {split: shares[split] for split in drawn}, seed)
    return Layout(classes, {s: dict(sorted(splits[s].items())) for s in ("train", "val", "test") if splits[s]})


def _wrapping_folder(images: Collection[str]) -> str:
    """The folder that holds everything, with its slash; '' where there is none."""
    tops = {path.partition("/")[0] for path in images}
    deep = any(path.count("/") >= 2 for path in images)
    if len(tops) == 1 and deep and folded(top := next(iter(tops))) not in _SPLITS:
        return f"{top}/"
    return ""


def _given_split(images: Collection[str], wrap: str) -> dict[str, str]:
    """folder -> split, empty where the source has no split."""
    given: dict[str, str] = {}
    for path in images:
        top, _, rest = path.removeprefix(wrap).partition("/")
        if (split := _SPLITS.get(folded(top))) and "/" in rest:
            given[top] = split
    for split in set(given.values()):
        tops = sorted(top for top in given if given[top] == split)
        if len(tops) > 1:
            both = " and ".join(shown(top) for top in tops)
            raise rejected("dataset_classes_invalid", f"{both} are the same split.", f"Keep one folder for {split}.")
    return given


def _place(path: str, wrap: str, given: dict[str, str]) -> tuple[str | None, str | None]:
    """(split, name): no name means ignored, no split that it is outside of them or to be drawn."""
    inner = path.removeprefix(wrap)
    split = None
    if given:
        top, _, inner = inner.partition("/")
        if (split := given.get(top)) is None:
            return None, None
    return split, inner if "/" in inner else None


def _check_classes(classes: Sequence[str], splits: Mapping[str, Mapping[str, str]], limits: Limits) -> None:
    if not splits["train"]:
        raise rejected("dataset_empty", "There are no images to train on.", "Put them in train/<class>/… or <class>/…")
    if not limits.min_classes <= len(classes) <= limits.max_classes:
        found = f"There are {len(classes):,} classes" if len(classes) > 1 else f"The only class is {shown(classes[0])}"
        hint = (
            f"A data set has {limits.min_classes} to {limits.max_classes:,} classes, each in a folder of its own; "
            "at most one folder around everything is stripped."
        )
        raise rejected("dataset_classes_invalid", f"{found}.", hint)
    for split in ("val", "test"):
        unknown = sorted({name.partition("/")[0] for name in splits[split]} - set(classes))
        if unknown:
            which = ", ".join(shown(c) for c in unknown[:5])
            detail = f"{split} has {len(unknown)} classes that train has not, for example {which}."
            errors = [{"name": c, "reason": f"in {split} but not in train"} for c in unknown[: limits.listed]]
            raise rejected("dataset_classes_invalid", detail, "Every class needs images in train.", errors)


def _check_empty(classes: Sequence[str], folders: Collection[str], wrap: str, given: dict[str, str]) -> None:
    """A class folder of train without an image would become a class that cannot be learned, or a hole."""
    train = next((f"{wrap}{top}/" for top, split in given.items() if split == "train"), wrap)
    inside = {folder.removeprefix(train).partition("/")[0] for folder in folders if folder.startswith(train)}
    if empty := sorted(inside - set(classes) - {""}):
        detail = f"The class folder {shown(train + empty[0])} holds no image."
        errors = [{"name": train + c, "reason": "holds no image"} for c in empty]
        raise rejected("dataset_classes_invalid", detail, "Remove the folder or add its images.", errors)


def _draw(splits: dict[str, dict[str, str]], classes: Sequence[str], shares: Mapping[str, float], seed: int) -> None:
    """Move images from train to the drawn splits, class by class.

    Each split gets its share of each class, rounded half up, and at least one as long as one is left to train on.
    """
    everything = splits["train"]
    by_class: dict[str, list[str]] = {c: [] for c in classes}
    for name in sorted(everything):
        by_class[name.partition("/")[0]].append(name)
    wanted: dict[str, list[int]] = {split: [] for split in shares}
    for members in by_class.values():
        left = len(members) - 1
        for split, share in shares.items():
            count = min(left, max(1, math.floor(len(members) * share + 0.5))) if share > 0 else 0
            wanted[split].append(count)
            left -= count
    if not any(wanted["val"]):
        raise rejected(
            "dataset_empty",
            "There is no val split, and none can be drawn.",
            "Add val/<class>/…, or give a val_fraction above 0 and at least two images of a class.",
        )
    split_of = draw(by_class, wanted, seed)
    splits["train"] = {}
    for name, split in split_of.items():
        splits[split][name] = everything[name]
