"""Trained weights as files that explain themselves, and their way back.

`weights.safetensors` carries everything needed to use it as JSON in its metadata; `weights.pt` is a plain state dict
for `torch.load(path, weights_only=True)`; `manifest.json` says the same for programs that read neither.
Same tensors and same meta give the same bytes.
"""

import hashlib
import io
import json
import os
import platform
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from pydantic import TypeAdapter
from safetensors import safe_open
from torch import Tensor

from core.events import StudentFile
from core.points import reach
from core.recipe import Export

KEY = "distillery"  # of the safetensors metadata; a single key, since the library writes several in any order
MEDIA_TYPES = {
    "weights.safetensors": "application/vnd.safetensors",
    "weights.pt": "application/octet-stream",
    "model.onnx": "application/octet-stream",
    "manifest.json": "application/json",
    "evaluation.json": "application/json",
}


@dataclass(frozen=True)
class WeightsMeta:
    """What somebody who found only the weights needs to use them."""

    architecture: str  # canonical name
    classes: list[str]  # names, in the order of the outputs; empty where nobody knows them (a stranger's teacher)
    image_size: int  # side in pixels; 0: not known
    mean: list[float]  # subtracted from images scaled to 0..1, per channel; empty: not known
    std: list[float]  # divided by, per channel; empty: not known
    interpolation: str = "bilinear"  # how an image of another size is brought to image_size
    recipe_sha256: str | None = None
    teacher_sha256: str | None = None


_META = TypeAdapter(WeightsMeta)


def parse_meta(text: str) -> WeightsMeta:
    """From the JSON in a file's metadata; ValueError where it is not what we write."""
    return _META.validate_json(text)


def tensors_sha256(state: Mapping[str, Tensor]) -> str:
    """One digest of all tensors, whatever file they are in. In numpy:

    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(json.dumps([name, str(array.dtype), list(array.shape)]).encode())
        digest.update(array.tobytes())  # C order, little-endian
    """
    digest = hashlib.sha256()
    for name, tensor in sorted(state.items()):
        digest.update(json.dumps([name, str(tensor.dtype).removeprefix("torch."), list(tensor.shape)]).encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_durably(path: Path, content: bytes) -> None:
    """All or nothing, and on the disk when this returns; OSError (a full disk, say) leaves nothing behind."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        partial = Path(file.name)
        try:
            file.write(content)
            file.flush()
            reach("save.written")
            os.fsync(file.fileno())
            partial.chmod(0o644)
            reach("save.synced")
            os.replace(partial, path)
            reach("save.renamed")
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def save_weights(
    state: Mapping[str, Tensor],
    folder: Path,
    meta: WeightsMeta,
    formats: Sequence[Export],
    manifest_extra: Mapping[str, Any] | None = None,
    beside: Sequence[StudentFile] = (),
) -> tuple[list[StudentFile], str]:
    """Write the weights in each format, then the manifest; returns the files and `tensors_sha256`.

    `beside` are files that are there already. `manifest_extra` (JSON-able) stands in the manifest beside the fields of
    `meta` and the files' hashes.
    """
    # on the processor, and each with memory of its own: a view would take the whole storage into weights.pt
    plain = {name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format) for name, tensor in state.items()}
    digest = tensors_sha256(plain)
    folder.mkdir(parents=True, exist_ok=True)
    files = list(beside)
    if "safetensors" in formats:
        text = json.dumps(asdict(meta), ensure_ascii=False, sort_keys=True)
        files.append(_save(folder / "weights.safetensors", safetensors.torch.save(plain, {KEY: text})))
    if "torch" in formats:
        buffer = io.BytesIO()
        torch.save(plain, buffer)
        files.append(_save(folder / "weights.pt", buffer.getvalue()))
    manifest = {
        **(manifest_extra or {}),
        **asdict(meta),
        "tensors_sha256": digest,
        "files": {file.name: {"bytes": file.bytes, "sha256": file.sha256} for file in files},
        "versions": {
            "distillery": version("distillery"),
            "python": platform.python_version(),
            "safetensors": safetensors.__version__,
            "torch": torch.__version__,
        },
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
    return [*files, _save(folder / "manifest.json", text.encode())], digest


def _save(path: Path, content: bytes) -> StudentFile:
    write_durably(path, content)
    return student_file(path)


def student_file(path: Path) -> StudentFile:
    """What is told of a file that a student has."""
    return StudentFile(path.name, str(path), path.stat().st_size, file_sha256(path), MEDIA_TYPES[path.name])


def load_weights(path: Path) -> tuple[dict[str, Tensor], WeightsMeta | None]:
    """Tensors on the processor, and what the file says about itself; None where it is not one of ours.

    Raises ValueError where our metadata is there but damaged. For a stranger's file use `read_teacher`.
    """
    with safe_open(path, framework="pt") as file:
        text = (file.metadata() or {}).get(KEY)
        state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    return state, None if text is None else parse_meta(text)
