"""The tensors of a file that a stranger sent, without executing anything of it.

safetensors: its header is checked here, the library checks the rest. PyTorch files are read by a process of its own
(`core.training.unpickle`), which hands over safetensors.
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

from core.errors import Failure, TrainingFailed
from core.training.checkpoint_codes import rejected

DEADLINE_SECONDS = 120.0
MAX_BYTES = 8 * 2**30
MAX_HEADER = 16 * 2**20
MAX_TENSORS = 20_000
MAX_RANK = 8
MAX_SIDE = 2**40
MAX_NAME = 512
INSPECTION = "inspection"  # in the metadata of what core.training.unpickle hands over
REJECTED = 3  # exit code of core.training.unpickle: one line of JSON says why

_ARCHIVES = {b"\x1f\x8b": "gzip", b"\xfd7zXZ": "xz", b"BZh": "bzip2", b"7z\xbc\xaf": "7z", b"Rar!": "rar"}


def read_tensors(path: Path, scratch: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors by name, and the file's own metadata (for a PyTorch file `inspection` reads it). `scratch` exists.

    Raises TrainingFailed with a code of `core.training.checkpoint_codes`.
    """
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise rejected("checkpoint_too_expensive", f"The file has {size:,} bytes; at most {MAX_BYTES:,} are read.")
    with path.open("rb") as file:
        head = file.read(262)
    if head.startswith((b"PK\x03\x04", b"\x80")):
        converted = scratch / "unpickled.safetensors"
        try:
            _unpickle(path, converted)
            return read_safetensors(converted)
        finally:
            converted.unlink(missing_ok=True)
    if head[8:9] == b"{":
        tensors, metadata = read_safetensors(path)
        return tensors, {name: text for name, text in metadata.items() if name != INSPECTION}
    kind = next((name for magic, name in _ARCHIVES.items() if head.startswith(magic)), None)
    if head[257:] == b"ustar":
        kind = "tar"
    if kind is not None:
        detail = f"The file is a {kind} archive, not a checkpoint."
        raise rejected("checkpoint_corrupt", detail, "Unpack it and upload the one checkpoint that is meant.")
    raise rejected("checkpoint_corrupt", "The file is neither safetensors nor a PyTorch checkpoint.")


def inspection(metadata: Mapping[str, str]) -> dict[str, Any]:
    """Of a PyTorch file: `at`, the name under which the weights lay, and `beside`, what else there was."""
    found: dict[str, Any] = json.loads(metadata[INSPECTION]) if INSPECTION in metadata else {}
    return found


def _unpickle(source: Path, target: Path) -> None:
    """Run the reading process to its end, and turn whatever became of it into one error."""
    environment = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": "1"}
    if "LD_LIBRARY_PATH" in os.environ:  # some installations of torch need it to load
        environment["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]
    command = [sys.executable, "-m", "core.training.unpickle", str(source.resolve()), str(target.resolve())]
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


def check_count(count: int) -> None:
    if count > MAX_TENSORS:
        raise rejected("checkpoint_too_expensive", f"{count:,} tensors; at most {MAX_TENSORS:,} are read.")


def check_name(name: str) -> None:
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise rejected("checkpoint_corrupt", f"{name[:80]!r} is no name for a tensor.")


def check_rank(name: str, rank: int) -> None:
    if rank > MAX_RANK:
        raise rejected("checkpoint_corrupt", f"{name} has {rank} dimensions; at most {MAX_RANK} are read.")
