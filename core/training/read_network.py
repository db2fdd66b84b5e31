"""A checkpoint, a stranger's or a library's, becomes canonical weights of a known network."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from core.assignment import ReadTeacherAssignment
from core.catalog import Architecture, architecture
from core.checkpoint_codes import rejected
from core.events import Event, Phase
from core.packed import PackedMeta
from core.teaching import Normalization
from core.training.answering import Seeing
from core.training.data import View, open_split, some_of
from core.training.evaluate import answer
from core.training.export import KEY, WeightsMeta, file_sha256, parse_meta, save_weights
from core.training.models import class_count
from core.training.models.start import load_pretrained
from core.training.precision import Precision
from core.training.recognize import NAMED, WRAPPED, check_finite, load_strictly, recognize
from core.training.untrusted import inspection
from core.views import known_mode, teacher_view

SAMPLE = 512  # images on which networks of equal layout are compared


def read_network(
    assignment: ReadTeacherAssignment,
    file: tuple[dict[str, Tensor], dict[str, str]] | None,
    dataset: PackedMeta | None,
    emit: Callable[[Event], None],
) -> dict[str, Any]:
    """`file`: the tensors and metadata of an uploaded one; None: a library's. See `read_teacher`."""
    read = _published(assignment) if file is None else _uploaded(assignment, *file, dataset)
    classes = class_count(read.network.state_dict(), read.entry.name) or 0
    check_classes(classes, read.told.classes, dataset)
    meta = _canonical_meta(assignment, read, dataset)
    top1 = None
    if assignment.dataset and dataset is not None:
        emit(Phase("evaluating", "measuring the teacher on the data set"))
        top1 = measure_top1(read.network, meta, assignment.dataset, dataset, assignment.threads)
        meta, top1 = _by_its_figures(assignment, read, meta, dataset, top1)
    assert assignment.path is not None
    extra = {"source_sha256": file_sha256(assignment.path)}
    files, digest = save_weights(read.network.state_dict(), assignment.folder, meta, ["safetensors"], extra)
    return {
        "kind": "network",
        "bound": False,
        "architecture": meta.architecture,
        "classes": classes,
        "class_names": meta.classes or None,
        "parameters": sum(p.numel() for p in read.network.parameters()),
        "normalization": {"mean": meta.mean, "std": meta.std} if meta.mean else None,
        "image_size": meta.image_size or None,
        "interpolation": meta.interpolation,
        "top1": top1,
        "warnings": read.warnings,
        "report": read.report | {"classes": classes},
        "path": files[0].path,
        "bytes": files[0].bytes,
        "sha256": files[0].sha256,
        "tensors_sha256": digest,
    }


def check_classes(classes: int, names: Sequence[str], dataset: PackedMeta | None) -> None:
    """Rejected where a teacher's outputs are not as many as its own names, or as the data set's classes."""
    if dataset is not None and len(dataset.classes) != classes:
        detail = f"The teacher knows {classes} classes, the data set has {len(dataset.classes)}."
        raise rejected("checkpoint_mismatch", detail, "Choose the data set that the teacher was trained on.")
    if names and len(names) != classes:
        raise rejected("checkpoint_mismatch", f"The file names {len(names)} classes, but has {classes} outputs.")


@dataclasses.dataclass
class _Read:
    """What came out of the file."""

    entry: Architecture
    network: nn.Module
    told: WeightsMeta  # about itself, or by the library; empty where nobody says
    warnings: list[str]
    report: dict[str, Any]


def _published(assignment: ReadTeacherAssignment) -> _Read:
    """A library's own file."""
    assert assignment.architecture is not None and assignment.weights is not None and assignment.path is not None
    entry = architecture(assignment.architecture)
    weights = next(weights for weights in entry.weights if weights.tag == assignment.weights)
    network = check_finite(load_pretrained(entry.name, weights.tag, weights.classes, assignment.path))
    side = weights.image_size
    told = WeightsMeta(entry.name, [], side, list(weights.mean), list(weights.std), known_mode(weights.interpolation))
    report = {"kind": "published weights", "weights": weights.tag, "file": weights.file, "address": weights.url}
    return _Read(entry, network, told, [], report)


def _uploaded(
    assignment: ReadTeacherAssignment,
    tensors: dict[str, Tensor],
    metadata: dict[str, str],
    dataset: PackedMeta | None,
) -> _Read:
    inspected = inspection(metadata)
    told = None if inspected else _own_meta(metadata)

    def judge(entry: Architecture, network: nn.Module) -> float:
        assert assignment.dataset is not None and dataset is not None
        if class_count(network.state_dict(), entry.name) != len(dataset.classes):
            return 0.0  # refused below
        meta = _canonical_meta(assignment, _Read(entry, network, told or _blank(entry), [], {}), dataset)
        return measure_top1(network, meta, assignment.dataset, dataset, assignment.threads, at_most=SAMPLE)

    declared = assignment.architecture or (told.architecture if told else None)
    found = recognize(tensors, declared, inspected.get("named"), judge if dataset is not None else None)
    network = load_strictly(found.network.name, found.state)
    warnings = found.notes
    dtypes = Counter(str(tensor.dtype).removeprefix("torch.") for tensor in found.state.values())
    if any(tensor.is_floating_point() and tensor.element_size() < 4 for tensor in found.state.values()):
        warnings.append("The weights were stored in less than 32 bits; they are kept as float32.")
    averaged = [name for name in inspected.get("beside", []) if "ema" in name.casefold()]
    if averaged:
        warnings.append(
            f"The file also holds averaged weights ({averaged[0]}); the ones in {inspected['at']} are used."
        )
    if found.skipped:
        warnings.append(
            f"{len(found.skipped)} entries beside {found.prefix}* were left out: they are not the network's."
        )
    report = {
        "kind": "PyTorch file" if inspected else "safetensors",
        "weights": inspected.get("at", ""),
        "beside": inspected.get("beside", []),
        "tensors": len(tensors),
        "dtypes": dict(dtypes),
        "prefix": next((p for p in WRAPPED if any(name.startswith(p) for name in tensors)), "") + (found.prefix or ""),
        "left_out": found.skipped[:NAMED],
        "same_layout": [name for name in found.candidates if name != found.network.name],
        "head": ", ".join(sorted({name for name, _ in found.network.head})),
    }
    told = told or _blank(found.network)
    return _Read(found.network, network, told, warnings, {k: v for k, v in report.items() if v})


def _blank(entry: Architecture) -> WeightsMeta:
    """Of a file that says nothing about itself."""
    return WeightsMeta(entry.name, [], 0, [], [], known_mode(entry.interpolation))


def _own_meta(metadata: Mapping[str, str]) -> WeightsMeta | None:
    """What a self-describing file says; None for any other."""
    try:
        told = parse_meta(metadata[KEY]) if KEY in metadata else None
        _normalization(told)
    except ValueError as error:
        raise rejected("checkpoint_corrupt", f"The metadata {KEY!r} is broken.") from error
    return told


def _normalization(source: WeightsMeta | PackedMeta | None) -> Normalization | None:
    if source is None or not source.mean:
        return None
    return Normalization.model_validate({"mean": source.mean, "std": source.std})


def _canonical_meta(assignment: ReadTeacherAssignment, read: _Read, dataset: PackedMeta | None) -> WeightsMeta:
    """Each thing as given, else as the file or library says, else the data set's; what nobody knows stays empty."""
    entry, told = read.entry, read.told
    fixed = entry.image_size if entry.fixed_size else 0
    side = assignment.image_size or told.image_size or fixed or (dataset.image_size if dataset else 0)
    if side and ((fixed and side != fixed) or side < entry.min_image_size):
        what = f"{fixed} px alone" if fixed else f"{entry.min_image_size} px and more"
        detail = f"{entry.name} takes images of {what}, not of {side} px."
        raise rejected("checkpoint_mismatch", detail, "Say another image_size.")
    normalization = assignment.normalization or _normalization(told) or _normalization(dataset)
    return dataclasses.replace(
        told,
        architecture=entry.name,
        classes=told.classes or (dataset.classes if dataset else []),
        image_size=side,
        mean=list(normalization.mean) if normalization else [],
        std=list(normalization.std) if normalization else [],
    )


def _by_its_figures(
    assignment: ReadTeacherAssignment, read: _Read, meta: WeightsMeta, dataset: PackedMeta, top1: float
) -> tuple[WeightsMeta, float]:
    """Where nobody said how its images were normalised, the library's way if that does better; and its top-1."""
    entry = read.entry
    if assignment.dataset is None or assignment.normalization or read.told.mean or not entry.mean:
        return meta, top1
    other = dataclasses.replace(meta, mean=list(entry.mean), std=list(entry.std))
    theirs = measure_top1(read.network, other, assignment.dataset, dataset, assignment.threads)
    if theirs <= top1:
        return meta, top1
    mean, std = (", ".join(f"{value:g}" for value in values) for values in (entry.mean, entry.std))
    read.warnings.append(
        f"Nobody said how its images were normalised: {entry.library}'s mean {mean} and std {std} are taken, with "
        f"which it reaches {theirs:.1%} top-1 instead of {top1:.1%} with the data set's."
    )
    return other, theirs


def measure_top1(
    network: nn.Module, meta: WeightsMeta, path: Path, data: PackedMeta, threads: int, at_most: int | None = None
) -> float:
    """Share of the val split of the packed data set that it puts into the right class: seen as a job will show it.

    Of a larger split `at_most` images, evenly spread, are enough for a comparison.
    """
    split = open_split(path, "val", torch.device("cpu"), threads)
    if split is None:
        raise ValueError(f"the data set {path} has no val split")
    if at_most is not None:
        split = some_of(split, at_most)
    by = meta.interpolation
    view = View(teacher_view(data, image_size=meta.image_size, mean=meta.mean, std=meta.std, interpolation=by))
    (answers,) = answer([Seeing(network, view, Precision(torch.device("cpu"), bfloat16=False))], split)
    return answers.top1
