"""The tensors of a file that a stranger sent, without executing anything of it.

safetensors: its header is checked here, the library checks the rest. All others are read by processes of their own,
under limits and without torch: PyTorch files by `core.intake.checkpoint` and tables of logits by
`core.intake.logit_table`, which hand over safetensors; ONNX models by `core.intake.onnx_model`, which describes them.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from torch import Tensor

from core.checkpoint_codes import SAVE_TENSORS, rejected
from core.checkpoint_limits import (
    INSPECTION,
    MAX_BYTES,
    MAX_HEADER,
    MAX_SIDE,
    REJECTED,
    check_count,
    check_name,
    check_rank,
)
from core.errors import Failure, TrainingFailed

DEADLINE_SECONDS = 600.0  # far beyond the processor time that a reader may take

_READERS = {
    b"PK\x03\x04": "core.intake.checkpoint",
    b"\x80": "core.intake.checkpoint",
    b"PAR1": "core.intake.logit_table",
}
_ARCHIVES = {b"\x1f\x8b": "gzip", b"\xfd7zXZ": "xz", b"BZh": "bzip2", b"7z\xbc\xaf": "7z", b"Rar!": "rar"}
_OLD_TAR = (b"sys_info", b"storages", b"tensors", b"pickle")  # the members of PyTorch's first format


def is_onnx(path: Path) -> bool:
    """By how protobuf begins: the first field is a small number, the version; then comes another field's tag."""
    with path.open("rb") as file:
        head = file.read(9)
    return len(head) == 9 and head[0] == 0x08 and 0 < head[1] < 0x20 and head[2] & 7 in (0, 2) and head[8:] != b"{"


def read_onnx(path: Path, scratch: Path, side: int | None) -> dict[str, Any]:
    """{"form", "metadata", "notes"} of an ONNX model; `side`: of the images, where it takes several."""
    said = scratch / "onnx.json"
    try:
        _run("core.intake.onnx_model", path, said, *([str(side)] if side else []))
        found: dict[str, Any] = json.loads(said.read_text())
        return found
    finally:
        said.unlink(missing_ok=True)


def read_tensors(path: Path, scratch: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors by name, and the file's own metadata (for a PyTorch file `inspection` reads it). `scratch` exists.

    Of a parquet file `ids` and `logits`.

    Raises TrainingFailed with a code of `core.checkpoint_codes`.
    """
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise rejected("checkpoint_too_expensive", f"The file has {size:,} bytes; at most {MAX_BYTES:,} are read.")
    with path.open("rb") as file:
        head = file.read(262)
    if head[8:9] == b"{":  # before anything else: the eight bytes are a length, and may look like any format's
        tensors, metadata = read_safetensors(path)
        return tensors, {name: text for name, text in metadata.items() if name != INSPECTION}
    reader = next((module for magic, module in _READERS.items() if head.startswith(magic)), None)
    if reader is not None:
        converted = scratch / "converted.safetensors"
        try:
            _run(reader, path, converted)
            return read_safetensors(converted)
        finally:
            converted.unlink(missing_ok=True)
    kind = next((name for magic, name in _ARCHIVES.items() if head.startswith(magic)), None)
    if head[257:] == b"ustar":
        kind = "tar"
        if head.partition(b"\0")[0] in _OLD_TAR:
            detail = "The file is in the tar format that PyTorch wrote before version 0.2; it is not read."
            raise rejected("checkpoint_corrupt", detail, f"Open it with PyTorch. {SAVE_TENSORS}")
    if kind is not None:
        detail = f"The file is a {kind} archive, not a checkpoint."
        raise rejected("checkpoint_corrupt", detail, "Unpack it and upload the one checkpoint that is meant.")
    what = "neither safetensors nor a PyTorch checkpoint, nor an ONNX model, nor a table of logits (parquet)"
    raise rejected("checkpoint_corrupt", f"The file is {what}.")


def inspection(metadata: Mapping[str, str]) -> dict[str, Any]:
    """Of a PyTorch file: `at`, the name under which the weights lay, and `beside`, what else there was."""
    found: dict[str, Any] = json.loads(metadata[INSPECTION]) if INSPECTION in metadata else {}
    return found


def _run(module: str, source: Path, target: Path, *more: str) -> None:
    """A reading process to its end; whatever became of it is one error."""
    environment = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": "1"}
    if "LD_LIBRARY_PATH" in os.environ:  # some installations of Python need it to start
        environment["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]
    command = [sys.executable, "-m", module, str(source.resolve()), str(target.resolve()), *more]
    try:
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        detail = f"Reading the file takes more than {DEADLINE_SECONDS:.0f} seconds."
        raise rejected("checkpoint_too_expensive", detail) from error
    if done.returncode == REJECTED:
        raise TrainingFailed(Failure(**json.loads(done.stdout)))
    if done.returncode in (-signal.SIGSEGV, -signal.SIGBUS):
        raise rejected("checkpoint_corrupt", "The file is broken: reading it crashed the reader.")
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        raise rejected("checkpoint_too_expensive", f"Reading the file took more than it may; it ended with {name}.")
    if done.returncode > 0:
        raise RuntimeError(f"reading the checkpoint failed: {done.stderr.decode(errors='replace')[-2000:]}")


def read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and metadata; the library's own checks are behind ours (it takes doubled names and any shape)."""
    check_header(path)
    try:
        with safe_open(path, framework="pt") as file:
            names = list(file.keys())
            return {name: file.get_tensor(name) for name in names}, dict(file.metadata() or {})
    except (SafetensorError, RuntimeError, ValueError, TypeError, KeyError) as error:
        raise rejected("checkpoint_corrupt", f"The file begins like safetensors, but is broken: {error}.") from error


def check_header(path: Path) -> None:
    """The JSON in front of the tensors: bounded, no name twice, names and shapes within reason."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > min(MAX_HEADER, path.stat().st_size - 8):
            raise rejected("checkpoint_corrupt", f"Its header claims {length:,} bytes, more than the file can have.")
        text = file.read(length)
    try:
        header = json.loads(text, object_pairs_hook=_no_name_twice)
    except (ValueError, RecursionError) as error:
        raise rejected("checkpoint_corrupt", f"Its header is broken: {error}.") from error
    entries = {name: entry for name, entry in header.items() if name != "__metadata__"}
    check_count(len(entries))
    for name, entry in entries.items():
        check_name(name)
        shape = entry.get("shape") if isinstance(entry, dict) else None
        if not isinstance(shape, list) or not all(isinstance(side, int) and 0 <= side <= MAX_SIDE for side in shape):
            raise rejected("checkpoint_corrupt", f"{name} has no proper shape.")
        check_rank(name, len(shape))


def _no_name_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands in it twice")
    return found
