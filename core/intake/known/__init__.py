"""Data sets that are known by name, read from the files as they were published; nothing of them is executed.

Splits are the published ones. Where there is no val, it is drawn from train, 10 % of each class with seed 0 unless
another share is asked for; of nothing, test is val, as in most published tables. Where no test is published it is drawn
likewise.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

from core.catalog import BUILTIN_DATASETS
from core.errors import TrainingFailed
from core.intake.failures import rejected
from core.intake.inventory import Inventory, take_stock
from core.intake.known.arrays import ARRAYS
from core.intake.known.base import Arrays, Placement
from core.intake.known.files import Files
from core.intake.known.trees import TREES
from core.intake.layout import Layout, Sample, finish
from core.intake.limits import Limits
from core.intake.members import Listed
from core.packed import UNLABELLED

SHARES = {"val": 0.1, "test": 0.1}
Tick = Callable[[str], None]
T = TypeVar("T")


def take_known(
    name: str, folder: Path | None, spool: Path, limits: Limits, tick: Tick, val_fraction: float = SHARES["val"]
) -> tuple[Inventory, Layout]:
    """`folder` holds a folder for each data set. `TrainingFailed` names the files that are missing."""
    if name not in BUILTIN_DATASETS:
        known = ", ".join(BUILTIN_DATASETS)
        raise rejected("dataset_not_found", f"There is no builtin data set {name!r}.", f"There are: {known}.")
    files = Files(BUILTIN_DATASETS[name], (folder or Path()) / name, limits)
    if name in ARRAYS:
        inventory = Inventory(spool, Listed(limits.listed), Listed(limits.listed))
        return inventory, _take_arrays(_read(name, lambda: ARRAYS[name](files)), inventory, tick, val_fraction)
    tree = TREES[name]
    inventory = take_stock(files.all_members(), spool, limits, tick, tree.is_note)
    placement = _read(name, lambda: tree.place(inventory))
    return inventory, _placed(placement, inventory, val_fraction)


def _read(name: str, read: Callable[[], T]) -> T:
    """Whatever is wrong inside the files is their fault."""
    try:
        return read()
    except (TrainingFailed, MemoryError):
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"[:300]
        hint = "Download its files again."
        raise rejected(
            "archive_corrupt", f"The files of {name} are not what was published ({reason}).", hint
        ) from error


def _take_arrays(arrays: Arrays, inventory: Inventory, tick: Tick, val_fraction: float) -> Layout:
    """A sample is called `<class>/<its number in the published split>`."""
    placed: dict[str, list[Sample]] = {}
    bare: list[Sample] = []
    with inventory.spool.open("wb") as spool:
        for split, (images, labels) in arrays.splits.items():
            members = placed.setdefault(split.partition("/")[0], [])
            for number, (image, label) in enumerate(zip(images, labels.tolist(), strict=True)):
                tick(f"{split}: {number + 1:,} of {len(images):,} images read")
                if split in arrays.names:
                    name = arrays.names[split][number]
                else:
                    name = f"{arrays.classes[label] if label >= 0 else 'unlabelled'}/{number:0{arrays.digits}d}"
                path = f"{split}/{name}"
                pixels = image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)
                inventory.add_raw(path, pixels, spool)
                (members if label != UNLABELLED else bare).append(Sample(name, path, label))
    return _finished(arrays.classes, placed, bare, val_fraction)


def _placed(placement: Placement, inventory: Inventory, val_fraction: float) -> Layout:
    """A sample is called by its path in the published files."""
    number = {name: label for label, name in enumerate(placement.classes)}
    placed: dict[str, list[Sample]] = {}
    missing = []
    for split, path, name in placement.samples:
        if path in inventory.images:
            placed.setdefault(split, []).append(Sample(path, path, number[name]))
        else:
            missing.append({"name": path, "reason": "listed, but not there"})
    if missing or not placed.get("train"):
        what = (
            f"{len(missing):,} listed images are not there, for example {missing[0]['name']!r}"
            if missing
            else "no image"
        )
        raise rejected(
            "archive_corrupt", f"The files are not complete: {what}.", "Download them again.", missing[:1000]
        )
    used = {sample.path for samples in placed.values() for sample in samples}
    for path in inventory.images.keys() - used:
        inventory.ignored.add(path, "in no published list")
    return _finished(placement.classes, placed, [], val_fraction)


def _finished(classes: list[str], placed: dict[str, list[Sample]], bare: list[Sample], val_fraction: float) -> Layout:
    missing = [split for split in ("val", "test") if not placed.get(split)]
    if missing == ["val"] and val_fraction == 0:
        placed["val"], missing = placed.pop("test"), []
    return finish(classes, placed, bare, missing, SHARES | {"val": val_fraction}, seed=0)
