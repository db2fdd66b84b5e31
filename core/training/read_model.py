"""An ONNX model becomes a teacher."""

import numpy as np
import torch

from core.assignment import ReadTeacherAssignment
from core.checkpoint_codes import rejected
from core.onnx_form import OnnxForm
from core.packed import PackedMeta
from core.teaching import Normalization
from core.training.canonical import Canonical, OnnxMeta
from core.training.export import KEY, parse_meta
from core.training.read_finish import Emit, Json, finish
from core.training.read_network import check_classes
from core.training.untrusted import read_onnx
from core.views import known_mode


def read_model(assignment: ReadTeacherAssignment, dataset: PackedMeta | None, emit: Emit) -> Json:
    """Its normalization is as given, else as our own exports say (inside the model), else the data set's."""
    assert assignment.path is not None
    wanted = assignment.image_size or (dataset.image_size if dataset else None)
    said = read_onnx(assignment.path, assignment.folder, wanted)
    form, notes = OnnxForm.model_validate(said["form"]), list(said["notes"])
    try:
        own = parse_meta(said["metadata"][KEY]) if KEY in said["metadata"] else None
    except ValueError as error:
        raise rejected("checkpoint_corrupt", f"The metadata {KEY!r} is broken.") from error
    check_classes(form.classes, own.classes if own else [], dataset)
    if form.side and assignment.image_size and form.side != assignment.image_size:
        detail = f"It takes images of {form.side} px alone, not of {assignment.image_size} px."
        raise rejected("checkpoint_mismatch", detail, "Leave image_size out.")
    inside = Normalization(mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0)) if own else None
    normalization = assignment.normalization or inside
    if normalization is None and dataset is not None:
        normalization = Normalization.model_validate({"mean": dataset.mean, "std": dataset.std})
        notes.append("It does not say how its images were normalized; the data set's mean and std are taken.")
    meta = OnnxMeta(
        form=form,
        classes=own.classes if own else [],
        image_size=form.side or assignment.image_size or 0,  # our own exports take one side alone
        mean=list(normalization.mean) if normalization else [],
        std=list(normalization.std) if normalization else [],
        interpolation=known_mode(own.interpolation) if own else "bilinear",
    )
    model = torch.from_numpy(np.fromfile(assignment.path, dtype=np.uint8))
    report = {
        "kind": "ONNX model",
        "input": f"{form.input[:80]}: {form.dtype} ({'N, H, W, 3' if form.channels_last else 'N, 3, H, W'})",
        "output": form.output[:80],
        "images at once": form.batch,
    }
    return finish(
        Canonical({"model": model}, meta.model_dump_json()),
        assignment,
        dataset,
        emit,
        classes=form.classes,
        class_names=meta.classes or (dataset.classes if dataset else None),
        parameters=form.parameters,
        normalization=normalization.model_dump(mode="json") if normalization else None,
        image_size=meta.image_size or None,
        interpolation=meta.interpolation,
        warnings=notes,
        report={name: value for name, value in report.items() if value is not None},
    )
