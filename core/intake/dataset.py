"""A source of images becomes the packed data set: the one function that the child process calls."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.assignment import ReadDatasetAssignment
from core.intake.builtin import read_builtin
from core.intake.limits import DEFAULT, Limits
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
            return report(target, write_packed(target, classes, splits))
        raise NotImplementedError
    except BaseException:
        target.unlink(missing_ok=True)
        target.with_suffix(".partial").unlink(missing_ok=True)
        raise


def report(path: Path, meta: PackedMeta) -> dict[str, Any]:
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
        "ignored": [],
        "ignored_total": 0,
        "warnings": [],
    }
