"""The trainer's state as one file: written whole or not at all, and never trusted without its hash.

DISTILLERY-CHECKPOINT 1\\n  64 hex digits: sha256 of all that follows\\n  torch.save of tensors and primitives
"""

import hashlib
import io
import json
import pickle
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from core.assignment import TrainAssignment
from core.errors import Failure, TrainingFailed
from core.training.export import write_durably

MAGIC = b"DISTILLERY-CHECKPOINT 1\n"
KEEP = 2
KEEP_SECONDS = 60.0  # a younger file stays: whoever was told of it may still be copying it


@dataclass(frozen=True)
class SavedFile:
    path: Path
    bytes: int
    sha256: str  # of the whole file


def identity_of(assignment: TrainAssignment, dataset_sha256: str, teacher_sha256: str | None) -> str:
    """Hash of what decides the weights: a checkpoint of anything else is refused."""
    recipe = assignment.recipe
    parts = {
        "training": recipe.training.model_dump(mode="json"),
        "students": [plan.model_dump(mode="json") for plan in assignment.students],
        "dataset": dataset_sha256,
        "teacher": teacher_sha256,
    }
    if recipe.teacher_adapter is not None:
        parts["teacher_adapter"] = recipe.teacher_adapter.model_dump(mode="json")
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def save_checkpoint(state: dict[str, Any], folder: Path, step: int) -> SavedFile:
    """Durable when this returns. Of older ones in `folder` one stays; OSError leaves everything as it was."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    payload = buffer.getvalue()
    content = MAGIC + hashlib.sha256(payload).hexdigest().encode() + b"\n" + payload
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"step-{step:08d}.checkpoint"
    write_durably(path, content)
    _forget_old(folder)
    return SavedFile(path, len(content), hashlib.sha256(content).hexdigest())


def _forget_old(folder: Path) -> None:
    for old in sorted(folder.glob("step-*.checkpoint"))[:-KEEP]:
        if time.time() - old.stat().st_mtime > KEEP_SECONDS:
            old.unlink()


def load_checkpoint(path: Path) -> dict[str, Any]:
    """The state, on the processor. TrainingFailed `checkpoint_damaged` where the file is not what was written."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise damaged(path, error.strerror or "it cannot be read") from error
    start = len(MAGIC) + 65
    if not content.startswith(MAGIC):
        raise damaged(path, "it is no checkpoint of ours")
    payload = memoryview(content)[start:]
    if hashlib.sha256(payload).hexdigest().encode() + b"\n" != content[len(MAGIC) : start]:
        raise damaged(path, "its bytes are not those that were written")
    try:
        state: dict[str, Any] = torch.load(io.BytesIO(payload), map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError) as error:
        raise damaged(path, str(error).partition("\n")[0]) from error
    return state


def damaged(path: Path, why: str) -> TrainingFailed:
    return TrainingFailed(
        Failure(
            "checkpoint_damaged",
            "The checkpoint is damaged",
            f"The checkpoint {path.name} cannot be resumed: {why}.",
            "Resume from the one before it, or start anew.",
        )
    )
