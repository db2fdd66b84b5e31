"""From paths to splits, classes and names.

    train/<class>/…  val/<class>/…  [test/<class>/…]     the split as given; without val it is drawn from train
    <class>/…                                            the whole split is drawn
    unlabelled/…                                         beside either: images of train without a label

A split's folder may be written in any case; `valid` and `validation` mean val, `unlabeled` means unlabelled. There is
a split as soon as one of these folders holds images in folders of its own; what lies outside of them is then ignored.
One folder around everything is stripped. Whatever lies below a class folder, at any depth, belongs to the class. A
sample's name is its path from the class folder on: `<class>/…`. All orders are by code points of the NFC form.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.intake.failures import rejected
from core.intake.limits import Limits
from core.intake.members import Listed
from core.intake.names import folded, shown
from core.intake.split import draw
from core.packed import SPLITS, UNLABELLED

SPLIT_NAMES = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
UNLABELLED_FOLDERS = ("unlabelled", "unlabeled")


@dataclass(frozen=True)
class Sample:
    """One image of the data set to be."""

    name: str  # what it is called there
    path: str  # in the inventory
    label: int  # its class, or -1


@dataclass(frozen=True)
class Layout:
    classes: list[str]
    splits: dict[str, list[Sample]]  # in order


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
        hint = "Put PNG, JPEG, WebP, BMP, GIF or PPM files in folders: train/<class>/…, val/<class>/…, or <class>/…"
        raise rejected("dataset_empty", "There is not one image in it.", hint)
    wrap = wrapping_folder(images)
    given = _given_split(images, wrap)
    splits: dict[str, dict[str, str]] = defaultdict(dict)  # name -> path
    unlabelled: list[Sample] = []
    for path in images:
        inner = path.removeprefix(wrap)
        if is_unlabelled(inner):
            unlabelled.append(Sample(inner, path, UNLABELLED))
            continue
        split, name = _place(inner, given)
        if name is None:
            ignored.add(path, "outside the splits" if given and split is None else "in no class folder")
        else:
            splits[split or "train"][name] = path
    classes = sorted({name.partition("/")[0] for name in splits["train"]})
    check_classes(classes, splits["train"], limits)
    for split in ("val", "test"):
        check_known((name.partition("/")[0] for name in splits[split]), split, classes, limits)
    _check_empty(classes, folders, wrap, given)
    number = {name: label for label, name in enumerate(classes)}
    placed = {
        split: [Sample(name, path, number[name.partition("/")[0]]) for name, path in members.items()]
        for split, members in splits.items()
    }
    return finish(classes, placed, unlabelled, ("val",) if given else ("val", "test"), shares, seed)


def finish(
    classes: list[str],
    placed: Mapping[str, Sequence[Sample]],
    unlabelled: Iterable[Sample],
    to_draw: Sequence[str],
    shares: Mapping[str, float],
    seed: int,
) -> Layout:
    """Draw what the source does not give (only where it has no val), and put everything in order."""
    splits = {split: list(placed.get(split, ())) for split in SPLITS}
    if not splits["val"]:
        _draw(splits, len(classes), {split: shares[split] for split in to_draw}, seed)
    splits["train"] += unlabelled
    return Layout(classes, {s: sorted(splits[s], key=lambda sample: sample.name) for s in SPLITS if splits[s]})


def is_unlabelled(inner: str) -> bool:
    """`inner`: the path inside the wrapping folder."""
    return "/" in inner and folded(inner.partition("/")[0]) in UNLABELLED_FOLDERS


def wrapping_folder(images: Collection[str]) -> str:
    """The folder that holds everything, with its slash; '' where there is none."""
    tops = {path.partition("/")[0] for path in images}
    deep = any(path.count("/") >= 2 for path in images)
    if len(tops) == 1 and deep and folded(top := next(iter(tops))) not in SPLIT_NAMES:
        return f"{top}/"
    return ""


def _given_split(images: Collection[str], wrap: str) -> dict[str, str]:
    """folder -> split, empty where the source has no split."""
    given: dict[str, str] = {}
    for path in images:
        top, _, rest = path.removeprefix(wrap).partition("/")
        if (split := SPLIT_NAMES.get(folded(top))) and "/" in rest:
            given[top] = split
    for split in set(given.values()):
        tops = sorted(top for top in given if given[top] == split)
        if len(tops) > 1:
            both = " and ".join(shown(top) for top in tops)
            raise rejected("dataset_classes_invalid", f"{both} are the same split.", f"Keep one folder for {split}.")
    return given


def _place(inner: str, given: dict[str, str]) -> tuple[str | None, str | None]:
    """(split, name): no name means ignored, no split that it is outside of them or to be drawn."""
    split = None
    if given:
        top, _, inner = inner.partition("/")
        if (split := given.get(top)) is None:
            return None, None
    return split, inner if "/" in inner else None


def check_classes(classes: Sequence[str], train: Collection[object], limits: Limits) -> None:
    if not train:
        hint = "Put them in train/<class>/… or <class>/…; images without a label alone cannot be validated on."
        raise rejected("dataset_empty", "There are no images with a label to train on.", hint)
    if not limits.min_classes <= len(classes) <= limits.max_classes:
        found = f"There are {len(classes):,} classes" if len(classes) > 1 else f"The only class is {shown(classes[0])}"
        hint = (
            f"A data set has {limits.min_classes} to {limits.max_classes:,} classes, each in a folder of its own; "
            "at most one folder around everything is stripped."
        )
        raise rejected("dataset_classes_invalid", f"{found}.", hint)


def check_known(used: Iterable[str], split: str, classes: Sequence[str], limits: Limits) -> None:
    """Every class of val and test is one of train."""
    if unknown := sorted(set(used) - set(classes)):
        which = ", ".join(shown(c) for c in unknown[:5])
        detail = f"{split} has {len(unknown)} classes that train has not, for example {which}."
        errors = [{"name": c, "reason": f"in {split} but not in train"} for c in unknown[: limits.listed]]
        raise rejected("dataset_classes_invalid", detail, "Every class needs images in train.", errors)


def _check_empty(classes: Sequence[str], folders: Collection[str], wrap: str, given: dict[str, str]) -> None:
    """A class folder of train without an image would become a class that cannot be learned, or a hole."""
    train = next((f"{wrap}{top}/" for top, split in given.items() if split == "train"), wrap)
    inside = {folder.removeprefix(train).partition("/")[0] for folder in folders if folder.startswith(train)}
    inside -= {folder for folder in inside if folded(folder) in UNLABELLED_FOLDERS}
    if empty := sorted(inside - set(classes) - {""}):
        detail = f"The class folder {shown(train + empty[0])} holds no image."
        errors = [{"name": train + c, "reason": "holds no image"} for c in empty]
        raise rejected("dataset_classes_invalid", detail, "Remove the folder or add its images.", errors)


def _draw(splits: dict[str, list[Sample]], classes: int, shares: Mapping[str, float], seed: int) -> None:
    """Move images from train to the drawn splits, class by class.

    Each split gets its share of each class, rounded half up, and at least one as long as one is left to train on.
    """
    everything = {sample.name: sample for sample in splits["train"]}
    by_class: dict[str, list[str]] = {str(label): [] for label in range(classes)}
    for name in sorted(everything):
        by_class[str(everything[name].label)].append(name)
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
    splits["train"] = []
    for name, split in split_of.items():
        splits[split].append(everything[name])
