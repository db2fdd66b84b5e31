"""A stranger's checkpoint becomes a teacher: canonical weights of a known network, checked against the data set."""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from core.assignment import ReadTeacherAssignment
from core.catalog import architecture
from core.errors import Invalid
from core.events import Event, Phase
from core.packed import PackedMeta, read_meta
from core.recipe import Normalization
from core.training.checkpoint_codes import DISK_FULL, disk_full, rejected
from core.training.data import View, open_split
from core.training.evaluate import answer
from core.training.export import KEY, WeightsMeta, file_sha256, parse_meta, save_weights
from core.training.models import build, class_count, identify
from core.training.precision import Precision
from core.training.untrusted import read_tensors
from core.views import teacher_view

PREFIXES = ("module.", "_orig_mod.")  # of data-parallel and compiled networks, in any number


def read_teacher(assignment: ReadTeacherAssignment, emit: Callable[[Event], None]) -> dict[str, Any]:
    """Read, identify, check and measure an uploaded checkpoint; write `folder/weights.safetensors`.

    Returns what is stored at the teacher: architecture, classes (their number), class_names (or None), parameters,
    normalization ({mean, std} or None), top1 (on the data set's val split, or None), path, bytes, sha256,
    tensors_sha256. Raises TrainingFailed with a code that begins with `checkpoint_`.
    """
    try:
        return _read_teacher(assignment, emit)
    except OSError as error:
        if error.errno in DISK_FULL:
            raise disk_full() from error
        raise


def _read_teacher(assignment: ReadTeacherAssignment, emit: Callable[[Event], None]) -> dict[str, Any]:
    emit(Phase("reading", "reading the checkpoint"))
    assignment.folder.mkdir(parents=True, exist_ok=True)
    tensors, metadata = read_tensors(assignment.path, assignment.folder)
    state = clean_names(tensors)
    told = _own_meta(metadata)
    name = choose_architecture(state, assignment.architecture or (told.architecture if told else None))
    network = load_strictly(name, state)
    classes = class_count(network.state_dict(), name) or 0
    dataset = read_meta(assignment.dataset) if assignment.dataset else None
    if dataset is not None and len(dataset.classes) != classes:
        detail = f"The checkpoint knows {classes} classes, the data set has {len(dataset.classes)}."
        raise rejected("checkpoint_mismatch", detail, "Choose the data set that the teacher was trained on.")
    if told is not None and told.classes and len(told.classes) != classes:
        detail = f"The file names {len(told.classes)} classes, but its head has {classes} outputs."
        raise rejected("checkpoint_mismatch", detail)
    normalization = assignment.normalization or _normalization(told) or _normalization(dataset)
    meta = _canonical_meta(name, told, dataset, normalization)
    top1 = None
    if assignment.dataset and dataset is not None:
        emit(Phase("evaluating", "measuring the teacher on the data set"))
        top1 = measure_top1(network, meta, assignment.dataset, dataset, assignment.threads)
    extra = {"source_sha256": file_sha256(assignment.path)}
    files, digest = save_weights(network.state_dict(), assignment.folder, meta, ["safetensors"], extra)
    return {
        "architecture": name,
        "classes": classes,
        "class_names": meta.classes or None,
        "parameters": sum(p.numel() for p in network.parameters()),
        "normalization": normalization.model_dump(mode="json") if normalization else None,
        "top1": top1,
        "path": files[0].path,
        "bytes": files[0].bytes,
        "sha256": files[0].sha256,
        "tensors_sha256": digest,
    }


def clean_names(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Wrappers' prefixes off; of a student and a teacher in one file the teacher; no counter of averaging."""
    state = _strip(tensors)
    if state and all(name.startswith(("student.", "teacher.")) for name in state):
        state = _strip({n.removeprefix("teacher."): t for n, t in state.items() if n.startswith("teacher.")})
        if not state:
            raise rejected("checkpoint_mismatch", "The file holds a student alone, and no teacher.", "")
    return state


def _strip(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    state: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        while name.startswith(PREFIXES):
            name = name.partition(".")[2]
        if name in state:
            raise rejected("checkpoint_corrupt", f"The file holds {name} twice, with and without a wrapper's prefix.")
        if name != "n_averaged":
            state[name] = tensor
    return state


def _own_meta(metadata: Mapping[str, str]) -> WeightsMeta | None:
    """What a self-describing file says; None for any other."""
    try:
        told = parse_meta(metadata[KEY]) if KEY in metadata else None
        _normalization(told)
    except ValueError as error:
        raise rejected("checkpoint_corrupt", f"The metadata {KEY!r} is broken.") from error
    return told


def choose_architecture(state: Mapping[str, Tensor], declared: str | None) -> str:
    """Canonical name: the one found by fingerprint, which must be the declared one where there is one."""
    candidates = identify(state)
    if declared is None:
        if not candidates:
            detail = f"These {len(state)} tensors are of no known architecture."
            raise rejected("checkpoint_mismatch", detail, "See the list of architectures, and name the one it is.")
        return candidates[0]
    try:
        known = architecture(declared)
    except Invalid as error:
        raise rejected("checkpoint_mismatch", error.problems[0].detail) from error
    if candidates and known.network not in candidates:
        found = candidates[0]
        errors = differences(known.name, state)
        detail = f"The checkpoint is said to be {known.name}, but its tensors are those of {found}. {_first(errors)}"
        raise rejected("checkpoint_mismatch", detail, f"Leave the architecture out, or say {found}.", errors)
    return known.name


def differences(name: str, state: Mapping[str, Tensor]) -> list[dict[str, Any]]:
    """What keeps these tensors from being the network's: missing, unexpected or of another shape."""
    with torch.device("meta"):
        expected = build(name, class_count(state, name) or 1).state_dict()
    wanted = {key for key in expected if not key.endswith("num_batches_tracked")}  # older files lack the counters
    missing = [(key, "missing", "is missing") for key in sorted(wanted - state.keys())]
    unexpected = [(key, "unexpected", "does not belong here") for key in sorted(state.keys() - expected.keys())]
    other = []
    for key in expected.keys() & state.keys():
        wants, has = expected[key], state[key]
        if has.shape != wants.shape:
            other.append((key, "shape", f"has shape {list(has.shape)} instead of {list(wants.shape)}"))
        elif has.is_floating_point() != wants.is_floating_point():
            other.append((key, "dtype", f"is {has.dtype} instead of {wants.dtype}"))
    found = missing + unexpected + sorted(other)
    return [{"pointer": f"/{key}", "code": code, "detail": f"{key} {text}."} for key, code, text in found]


def _first(errors: list[dict[str, Any]]) -> str:
    more = f" And {len(errors) - 5} more." if len(errors) > 5 else ""
    return " ".join(error["detail"] for error in errors[:5]) + more


def load_strictly(name: str, state: Mapping[str, Tensor]) -> nn.Module:
    """The network with these weights, each in its place, all finite; in eval mode."""
    errors = differences(name, state)
    if errors:
        detail = f"The checkpoint does not fit {name}. {_first(errors)}"
        raise rejected("checkpoint_mismatch", detail, errors=errors[:100])
    network = build(name, class_count(state, name) or 1)
    network.load_state_dict(dict(state), strict=True)
    for key, tensor in network.state_dict().items():
        if not bool(torch.isfinite(tensor).all()):
            raise rejected("checkpoint_not_finite", f"{key} holds NaN or infinity.")
    return network.eval()


def _normalization(source: WeightsMeta | PackedMeta | None) -> Normalization | None:
    if source is None or not source.mean:
        return None
    return Normalization.model_validate({"mean": source.mean, "std": source.std})


def _canonical_meta(
    name: str, told: WeightsMeta | None, dataset: PackedMeta | None, normalization: Normalization | None
) -> WeightsMeta:
    """What the file says about itself, filled up from the data set; what nobody knows stays empty."""
    blank = WeightsMeta(architecture=name, classes=[], image_size=0, mean=[], std=[])
    base = told or blank
    return dataclasses.replace(
        base,
        architecture=name,
        classes=base.classes or (dataset.classes if dataset else []),
        image_size=base.image_size or (dataset.image_size if dataset else 0),
        mean=list(normalization.mean) if normalization else [],
        std=list(normalization.std) if normalization else [],
    )


def measure_top1(network: nn.Module, meta: WeightsMeta, path: Path, data: PackedMeta, threads: int) -> float:
    """Share of the val split of the packed data set that it puts into the right class: seen as a job will show it."""
    split = open_split(path, "val", torch.device("cpu"), threads)
    if split is None:
        raise ValueError(f"the data set {path} has no val split")
    by = meta.interpolation
    view = View(teacher_view(data, image_size=meta.image_size, mean=meta.mean, std=meta.std, interpolation=by))
    (answers,) = answer([(network, view)], split, Precision(torch.device("cpu"), bfloat16=False))
    return answers.top1
