"""Whatever can teach becomes a teacher: one canonical file, checked against the data set and measured on it."""

from collections.abc import Callable
from typing import Any

from core.assignment import ReadTeacherAssignment
from core.checkpoint_codes import NO_ROOM, rejected
from core.errors import TrainingFailed, disk_full, is_disk_full
from core.events import Event, Phase
from core.packed import read_meta
from core.training.read_ensemble import read_ensemble
from core.training.read_model import read_model
from core.training.read_network import read_network
from core.training.read_table import TABLE, read_table
from core.training.untrusted import is_onnx, read_tensors


def read_teacher(assignment: ReadTeacherAssignment, emit: Callable[[Event], None]) -> dict[str, Any]:
    """Read, identify, check and measure it; write `folder/weights.safetensors` (see `canonical.py`).

    Returns what is stored at the teacher: kind, bound (to the images of its data set), architecture (None but for a
    network), classes (their number), class_names (or None), parameters (or None), normalization ({mean, std} or None),
    image_size (or None: any data set's), interpolation, top1 (on the data set's val split, or None), warnings, report,
    path, bytes, sha256, tensors_sha256. Raises TrainingFailed with a code that begins with `checkpoint_`, or
    `weights_unfit` for a library's file.
    """
    try:
        return _read(assignment, emit)
    except OSError as error:
        if is_disk_full(error):
            raise TrainingFailed(disk_full(NO_ROOM)) from error
        raise


def _read(assignment: ReadTeacherAssignment, emit: Callable[[Event], None]) -> dict[str, Any]:
    emit(Phase("reading", "reading the teacher"))
    assignment.folder.mkdir(parents=True, exist_ok=True)
    dataset = read_meta(assignment.dataset) if assignment.dataset else None
    if assignment.members:
        return read_ensemble(assignment, dataset, emit)
    assert assignment.path is not None
    if assignment.weights:
        return read_network(assignment, None, dataset, emit)
    if is_onnx(assignment.path):
        _no_architecture(assignment, "an ONNX model")
        return read_model(assignment, dataset, emit)
    tensors, metadata = read_tensors(assignment.path, assignment.folder)
    if tensors.keys() == TABLE:
        _no_architecture(assignment, "a table of logits")
        return read_table(assignment, tensors, dataset, emit)
    return read_network(assignment, (tensors, metadata), dataset, emit)


def _no_architecture(assignment: ReadTeacherAssignment, what: str) -> None:
    if assignment.architecture is not None:
        detail = f"The file is {what}, not a checkpoint of {assignment.architecture}."
        raise rejected("checkpoint_mismatch", detail, "Leave the architecture out.")
