"""A source of images becomes the packed data set: the one function that the child process calls."""

import hashlib
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.assignment import ReadDatasetAssignment
from core.intake.builtin import read_builtin
from core.intake.failures import rejected, too_slow
from core.intake.inventory import Inventory, take_stock
from core.intake.layout import Layout, arrange
from core.intake.limits import DEFAULT, Limits
from core.intake.members import Listed
from core.intake.packing import pack
from core.intake.sources import members
from core.packed import PackedMeta, write_packed

PACKED = "data.safetensors"
Tell = Callable[[str], None]  # takes a sentence about the progress; may raise to stop the reading


def read_dataset(assignment: ReadDatasetAssignment, tell: Tell, limits: Limits = DEFAULT) -> dict[str, Any]:
    """Write `folder/data.safetensors` and return its report; `TrainingFailed` says why it cannot be done.

    Whatever goes wrong, nothing half-made stays behind in the folder.
    """
    target = assignment.folder / PACKED
    try:
        if assignment.builtin is not None:
            classes, splits = read_builtin(assignment.builtin)
            return _report(target, write_packed(target, classes, splits), Listed(0), [])
        if assignment.path is None:
            raise rejected("dataset_not_found", "Neither a builtin data set nor a path is given.")
        with tempfile.TemporaryDirectory(dir=assignment.folder, prefix="reading-") as scratch:
            return _read_source(assignment, assignment.path, target, Path(scratch), Clock(tell, limits).tick, limits)
    except BaseException:
        target.unlink(missing_ok=True)
        target.with_suffix(".partial").unlink(missing_ok=True)
        raise


class Clock:
    """Looks at the time before each image, and passes a sentence on at most once a second."""

    def __init__(self, tell: Tell, limits: Limits) -> None:
        self._tell, self._limits = tell, limits
        self._start = self._told = time.monotonic()

    def tick(self, message: str) -> None:
        now = time.monotonic()
        if now - self._start > self._limits.seconds:
            raise too_slow(message)
        if now - self._told >= 1:
            self._told = now
            self._tell(message)


def _read_source(
    assignment: ReadDatasetAssignment, path: Path, target: Path, scratch: Path, tick: Tell, limits: Limits
) -> dict[str, Any]:
    inventory = take_stock(members(path, limits), scratch / "spool", limits, tick)
    shares = {"val": assignment.val_fraction, "test": assignment.test_fraction}
    layout = arrange(inventory.images, inventory.folders, inventory.ignored, shares, assignment.seed, limits)
    meta = pack(target, scratch, layout, inventory, limits, tick)
    warnings = _warnings(layout, inventory)
    inventory.ignored.merge(inventory.unreadable)
    return _report(target, meta, inventory.ignored, warnings)


def _warnings(layout: Layout, inventory: Inventory) -> list[str]:
    """What is legal but probably not meant."""
    warnings = []
    if broken := inventory.unreadable.total:
        warnings.append(f"Images that cannot be read and were left out: {broken:,}.")
    if wrong := inventory.misnamed:
        warnings.append(f"Images of another format than their names say: {len(wrong):,}, for example {wrong[0]!r}.")
    digests = {split: {inventory.images[p].digest for p in s.values()} for split, s in layout.splits.items()}
    for split in ("val", "test"):
        if split in layout.splits:
            if twice := len(digests[split] & digests["train"]):
                warnings.append(f"Images of {split} that are in train too: {twice:,}. Its figures will look too good.")
            there = {name.partition("/")[0] for name in layout.splits[split]}
            if missing := [c for c in layout.classes if c not in there]:
                warnings.append(f"Classes without an image in {split}: {len(missing):,}, for example {missing[0]!r}.")
    return warnings


def _report(path: Path, meta: PackedMeta, ignored: Listed, warnings: list[str]) -> dict[str, Any]:
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "classes": meta.classes,
        "counts": meta.counts,
        "image_size": meta.image_size,
        "mean": meta.mean,
        "std": meta.std,
        "sha256": sha256,
        "bytes": path.stat().st_size,
        "path": str(path),
        "ignored": ignored.entries,
        "ignored_total": ignored.total,
        "warnings": warnings,
    }
