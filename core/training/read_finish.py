"""What reading a teacher ends with: its canonical file, and its figures on the data set."""

from collections.abc import Callable
from typing import Any

import torch

from core.assignment import ReadTeacherAssignment
from core.checkpoint_codes import rejected
from core.errors import TrainingFailed
from core.events import Event, Phase
from core.packed import PackedMeta
from core.training.canonical import Canonical, Place, load_teacher
from core.training.data import open_split
from core.training.doctor import DOUBTFUL, examine
from core.training.evaluate import answer
from core.training.export import file_sha256
from core.training.precision import Precision

PLAIN = Precision(torch.device("cpu"), bfloat16=False)
Emit = Callable[[Event], None]
Json = dict[str, Any]


def finish(
    canonical: Canonical, assignment: ReadTeacherAssignment, dataset: PackedMeta | None, emit: Emit, **told: Any
) -> Json:
    """Write the file, measure the teacher where there is a data set, and tell what `read_teacher` promises."""
    path = assignment.folder / "weights.safetensors"
    digest = canonical.save(path)
    warnings, top1 = list(told.pop("warnings", [])), None
    if dataset is not None and assignment.dataset is not None:
        emit(Phase("evaluating", "measuring the teacher on the data set"))
        place = Place(dataset, file_sha256(assignment.dataset), PLAIN, assignment.threads)
        val = open_split(assignment.dataset, "val", PLAIN.device, assignment.threads)
        assert val is not None, "every data set has a val split"
        try:
            teacher = load_teacher(path, place)
            (known,) = answer([teacher], val)
        except TrainingFailed as error:
            path.unlink()
            raise rejected("checkpoint_mismatch", error.failure.detail) from error
        top1 = known.top1
        if top1 < DOUBTFUL and (found := examine(teacher, val, dataset, known)) is not None:
            warnings.append(f"It reaches only {top1:.1%} top-1. {found.detail} {found.hint}")
    nothing = dict.fromkeys(("architecture", "parameters", "normalization", "image_size", "interpolation"))
    return {
        **nothing,
        "kind": canonical.kind,
        "bound": False,
        "top1": top1,
        "warnings": warnings,
        "path": str(path),
        "bytes": path.stat().st_size,
        "sha256": file_sha256(path),
        "tensors_sha256": digest,
        **told,
    }
