"""The canonical file of a teacher: one safetensors file, whatever it came from, that says what it is.

network    the network's tensors                       `WeightsMeta`: the same as a student's weights
onnx       `model`: uint8, the ONNX file               `OnnxMeta`
table      `train`, `val`, `test`: logits (N, C)       `TableMeta`
ensemble   `0/…`, `1/…`: what stands in each member    `EnsembleMeta`
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import safetensors.torch
import torch
from pydantic import BaseModel, ConfigDict
from safetensors import safe_open
from torch import Tensor

from core.onnx_form import OnnxForm
from core.packed import PackedMeta
from core.teaching import Adapter
from core.training.data import View
from core.training.ensemble import EnsembleTeacher
from core.training.export import KEY, parse_meta, tensors_sha256
from core.training.logit_table import TableTeacher
from core.training.models import build
from core.training.onnx_teacher import OnnxNetwork
from core.training.precision import Precision
from core.training.teacher import AS_IT_IS, BlueFirst, NetworkTeacher, Teacher, unfit
from core.views import teacher_view


class _Meta(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OnnxMeta(_Meta):
    kind: Literal["onnx"] = "onnx"
    form: OnnxForm
    classes: list[str]  # names; empty where nobody knows them
    image_size: int  # 0: the data set's
    mean: list[float]  # empty: the data set's
    std: list[float]
    interpolation: str


class TableMeta(_Meta):
    kind: Literal["table"] = "table"
    classes: list[str]
    dataset_sha256: str  # of the packed file whose images it knows


class EnsembleMeta(_Meta):
    kind: Literal["ensemble"] = "ensemble"
    weights: list[float]
    members: list[str]  # what each member's own file says of itself, as JSON


@dataclass(frozen=True)
class Canonical:
    """What stands in such a file."""

    tensors: Mapping[str, Tensor]
    meta: str  # JSON

    @property
    def kind(self) -> str:
        return str(json.loads(self.meta).get("kind", "network"))

    @classmethod
    def open(cls, path: Path) -> "Canonical":
        """Tensors are mapped."""
        with safe_open(path, framework="pt") as file:
            meta = (file.metadata() or {}).get(KEY)
        if meta is None:
            raise unfit("The teacher's file does not say what it holds.")
        return cls(safetensors.torch.load_file(path), meta)

    def save(self, path: Path) -> str:
        """Returns the tensors' digest."""
        safetensors.torch.save_file(dict(self.tensors), path, {KEY: self.meta})
        return tensors_sha256(self.tensors)

    def members(self) -> Iterator["Canonical"]:
        """Of an ensemble."""
        for number, meta in enumerate(EnsembleMeta.model_validate_json(self.meta).members):
            prefix = f"{number}/"
            own = {n.removeprefix(prefix): tensor for n, tensor in self.tensors.items() if n.startswith(prefix)}
            yield Canonical(own, meta)

    def parts(self, weight: float) -> Iterator[tuple["Canonical", float]]:
        """What `weight` of it is in a mean: itself, or of an ensemble its members, which share that weight."""
        if self.kind != "ensemble":
            yield self, weight
            return
        own = EnsembleMeta.model_validate_json(self.meta).weights
        for member, share in zip(self.members(), own, strict=True):
            yield from member.parts(weight * share / sum(own))

    @classmethod
    def ensemble(cls, parts: list[tuple["Canonical", float]]) -> "Canonical":
        """Of `parts`, none of them an ensemble: its meta would be quoted in ours, and the quotes double every time."""
        tensors = {f"{i}/{name}": t for i, (part, _) in enumerate(parts) for name, t in part.tensors.items()}
        meta = EnsembleMeta(weights=[weight for _, weight in parts], members=[part.meta for part, _ in parts])
        return cls(tensors, meta.model_dump_json())


@dataclass(frozen=True)
class Place:
    """Where a teacher is to teach."""

    data: PackedMeta
    dataset_sha256: str
    precision: Precision
    threads: int


def load_teacher(path: Path, place: Place, adapter: Adapter | None = None) -> Teacher:
    """TrainingFailed `teacher_unfit` where it is not for this data set."""
    return make_teacher(Canonical.open(path), place, adapter or AS_IT_IS)


def make_teacher(found: Canonical, place: Place, adapter: Adapter = AS_IT_IS) -> Teacher:
    classes = len(place.data.classes)
    if adapter.outputs is not None and len(adapter.outputs) != classes:
        raise unfit(f"Its adapter names {len(adapter.outputs)} outputs, the data set has {classes} classes.")
    match found.kind:
        case "network":
            return _network(found, place, adapter)
        case "onnx":
            return _onnx(found, place, adapter)
        case "table":
            return _table(found, place, adapter)
        case "ensemble":
            weights = EnsembleMeta.model_validate_json(found.meta).weights
            return EnsembleTeacher([make_teacher(member, place) for member in found.members()], weights, adapter)
    raise unfit(f"This version does not know teachers of the kind {found.kind!r}.")


def _network(found: Canonical, place: Place, adapter: Adapter) -> Teacher:
    meta, classes = parse_meta(found.meta), len(place.data.classes)
    network = build(meta.architecture, classes)
    try:
        network.load_state_dict(found.tensors)
    except RuntimeError as error:
        raise unfit(f"Its weights are not those of {meta.architecture} with {classes} classes.") from error
    return _seeing(meta.architecture, network, meta, place, adapter)


def _onnx(found: Canonical, place: Place, adapter: Adapter) -> Teacher:
    meta = OnnxMeta.model_validate_json(found.meta)
    if meta.form.classes != len(place.data.classes):
        raise unfit(f"The ONNX model knows {meta.form.classes} classes, the data set has {len(place.data.classes)}.")
    model = found.tensors["model"].numpy().tobytes()
    network = OnnxNetwork(model, meta.form, place.threads, place.precision.device)
    return _seeing("an ONNX model", network, meta, place, adapter, meta.form.parameters)


def _seeing(
    name: str,
    network: torch.nn.Module,
    meta: Any,
    place: Place,
    adapter: Adapter,
    parameters: int | None = None,
) -> Teacher:
    """`meta` says image_size, mean, std and interpolation."""
    wanted = adapter.normalization or meta
    size, by = meta.image_size, meta.interpolation
    view = View(teacher_view(place.data, image_size=size, mean=wanted.mean, std=wanted.std, interpolation=by))
    network = BlueFirst(network) if adapter.channels == "bgr" else network
    network = place.precision.place(network).requires_grad_(False).eval()
    return NetworkTeacher(name, network, view, place.precision, adapter, parameters)


def _table(found: Canonical, place: Place, adapter: Adapter) -> Teacher:
    meta = TableMeta.model_validate_json(found.meta)
    if meta.dataset_sha256 != place.dataset_sha256:
        raise unfit("The table knows the images of another data set than this job's.")
    return TableTeacher(found.tensors, place.precision.device, adapter)
