"""A source of images becomes the packed data set: the one function that the child process calls."""

import hashlib
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.assignment import ReadDatasetAssignment
from core.errors import TrainingFailed
from core.intake.failures import rejected, too_slow
from core.intake.inventory import Inventory, take_stock
from core.intake.known import take_known
from core.intake.layout import Layout, arrange
from core.intake.limits import DEFAULT, OPERATOR, Limits
from core.intake.listed import arrange_listed, find_tables, seen
from core.intake.members import Listed
from core.intake.packing import pack
from core.intake.report import Report, warnings_of
from core.intake.sources import members
from core.intake.tables import is_asked, is_table
from core.packed import PackedMeta

PACKED = "data.safetensors"
Tell = Callable[[str], None]  # takes a sentence about the progress; may raise to stop the reading


def read_dataset(assignment: ReadDatasetAssignment, tell: Tell, limits: Limits = DEFAULT) -> dict[str, Any]:
    """Write `folder/data.safetensors` and return its report; `TrainingFailed` says why it cannot be done.

    Whatever goes wrong, nothing half-made stays behind in the folder.
    """
    target = assignment.folder / PACKED
    try:
        with tempfile.TemporaryDirectory(dir=assignment.folder, prefix="reading-") as scratch:
            return _read_source(assignment, target, Path(scratch), Clock(tell, limits).tick, limits)
    except BaseException:
        target.unlink(missing_ok=True)
        target.with_suffix(".partial").unlink(missing_ok=True)
        raise


def limits_for(assignment: ReadDatasetAssignment) -> Limits:
    """What lies on the server is the operator's; what was uploaded is a stranger's."""
    local = assignment.path is not None and assignment.path.is_dir()
    return OPERATOR if assignment.builtin is not None or local else DEFAULT


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
    assignment: ReadDatasetAssignment, target: Path, scratch: Path, tick: Tell, limits: Limits
) -> dict[str, Any]:
    spool = scratch / "spool"
    if assignment.builtin is not None:
        inventory, layout = take_known(
            assignment.builtin, assignment.builtin_folder, spool, limits, tick, assignment.val_fraction
        )
    elif assignment.path is not None:
        inventory, layout = _take_images(assignment, assignment.path, spool, limits, tick)
    else:
        raise rejected("dataset_not_found", "Neither a builtin data set nor a path is given.")
    report = Report(layout.classes)
    size, threads = assignment.image_size, assignment.threads
    meta = pack(target, scratch, layout, inventory, report, limits, tick, image_size=size, threads=threads)
    inventory.ignored.merge(inventory.unreadable)
    return _result(target, meta, inventory.ignored, report.as_dict(inventory.misnamed, inventory.unreadable))


def _take_images(
    assignment: ReadDatasetAssignment, path: Path, spool: Path, limits: Limits, tick: Tell
) -> tuple[Inventory, Layout]:
    """An archive or a folder: by a table where one lists the images, else by the folders."""
    wanted = assignment.table or {}
    file = wanted.get("file", "")
    inventory = take_stock(
        members(path, limits), spool, limits, tick, lambda name: is_table(name) or is_asked(name, file)
    )
    shares = {"val": assignment.val_fraction, "test": assignment.test_fraction}
    tables = find_tables(inventory, wanted, limits)
    for other in sorted(inventory.notes.keys() - {table.file for table, _ in tables}):
        inventory.ignored.add(other, "not an image")
    if tables:
        return inventory, arrange_listed(inventory, tables, shares, assignment.seed, limits)
    folders, ignored = inventory.folders, inventory.ignored
    try:
        return inventory, arrange(inventory.images, folders, ignored, shares, assignment.seed, limits)
    except TrainingFailed as error:
        if not inventory.notes:
            raise
        failure = error.failure
        hint = (
            f"{failure.hint} Or list the images in a table with the columns path and label: {seen(inventory, limits)}"
        )
        raise rejected(failure.code, failure.detail, hint.strip(), failure.errors) from error


def _result(path: Path, meta: PackedMeta, ignored: Listed, report: dict[str, Any]) -> dict[str, Any]:
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "classes": meta.classes,
        "counts": meta.counts,
        "form": meta.form,
        "image_size": meta.image_size,
        "unlabelled": meta.unlabelled,
        "mean": meta.mean,
        "std": meta.std,
        "sha256": sha256,
        "bytes": path.stat().st_size,
        "path": str(path),
        "ignored": ignored.entries,
        "ignored_total": ignored.total,
        "warnings": warnings_of(report, meta.unlabelled),
        "report": report,
    }
