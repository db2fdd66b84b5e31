"""`python -m core.training.unpickle SOURCE TARGET`: the tensors of a PyTorch file, as safetensors.

Runs as a process of its own under limits, since even torch's restricted unpickler can be made to take any amount of
memory or time. Exit code 0: TARGET is written. REJECTED: one line of JSON on stdout, the fields of core.errors.Failure.
"""

import argparse
import json
import pickletools
import re
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import safetensors.torch
import torch
from torch import Tensor

from core.errors import TrainingFailed
from core.training.checkpoint_codes import DISK_FULL, SAVE_TENSORS, disk_full, rejected
from core.training.sandbox import limit_resources
from core.training.untrusted import INSPECTION, REJECTED, check_count, check_name, check_rank

EXPANSION = 4  # a file may grow to this many times its size
SPARE_BYTES = 2**30  # memory for torch's own work
DTYPES = {
    *(torch.float64, torch.float32, torch.float16, torch.bfloat16),
    *(torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool),
}
# where training scripts put the weights, most specific first; averaged ones where there are no others
WRAPPERS = ("state_dict", "model", "net", "model_state_dict", "state_dict_ema", "model_ema", "ema_model")
HARMLESS = ("torch", "collections", "argparse", "_codecs")  # modules of the names that an ordinary file mentions


def check_zip(path: Path) -> None:
    """Refuse, by its table of contents alone, what torch.save does not write: compression, several files, code."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except MemoryError:
        raise
    except Exception as error:  # whatever zipfile makes of a stranger's bytes
        raise rejected("checkpoint_corrupt", f"The file begins like a PyTorch file, but is broken: {error}.") from error
    names = [member.filename for member in members]
    if any(name.endswith("/constants.pkl") or "/code/" in name for name in names):
        raise rejected("checkpoint_unsafe", "The file is a TorchScript program, not a checkpoint.")
    if sum(name.endswith("/data.pkl") for name in names) != 1:
        detail = "The file is a zip archive of other files, not a checkpoint."
        raise rejected("checkpoint_corrupt", detail, "Unpack it and upload the one checkpoint that is meant.")
    if len(set(names)) != len(names) or any(member.flag_bits & 1 for member in members):
        raise rejected("checkpoint_corrupt", "The file holds encrypted members, or two of the same name.")
    expanded = sum(member.file_size for member in members)
    if any(member.compress_type != zipfile.ZIP_STORED for member in members):
        detail = f"The file holds compressed members that grow to {expanded:,} bytes; torch.save compresses nothing."
        raise rejected("checkpoint_too_expensive", detail)
    if expanded > path.stat().st_size:
        detail = f"The file declares {expanded:,} bytes of content, more than it has."
        raise rejected("checkpoint_too_expensive", detail)


def load(path: Path) -> Any:
    """What the file holds: tensors and plain values. Nothing of it is executed."""
    try:
        with torch.serialization.safe_globals([argparse.Namespace]):
            return torch.load(path, map_location="cpu", weights_only=True)
    except MemoryError:
        raise
    except Exception as error:  # whatever torch makes of a stranger's bytes
        if "not enough memory" in str(error):
            raise MemoryError from error
        named = re.search(r"Unsupported (?:global|class): (?:GLOBAL )?([\w.]+)", str(error))
        call = named.group(1) if named else next(unexpected_names(path), None)
        if call is not None:
            detail = f"To read this file, Python would have to call {call}. Nothing of it was executed."
            raise rejected("checkpoint_unsafe", detail) from error
        if "Unsupported operand" in str(error):
            detail = "The file uses a pickle protocol that cannot be read safely, or is broken."
            raise rejected(
                "checkpoint_corrupt", detail, "Leave torch.save's pickle_protocol at its default."
            ) from error
        raise rejected("checkpoint_corrupt", "The file is broken or cut off: its tensors cannot be read.") from error


def unexpected_names(path: Path) -> Iterator[str]:
    """Functions and classes that the pickles at the start of the file mention and an ordinary checkpoint does not."""
    try:
        with _open_pickle(path) as stream:
            for _ in range(4):  # the older format: magic number, version, machine, and then the object
                yield from (name for name in mentioned(stream) if name.partition(".")[0] not in HARMLESS)
    except (ValueError, LookupError, EOFError, OSError, RuntimeError, zipfile.BadZipFile):
        return  # broken bytes mention nothing more


def _open_pickle(path: Path) -> IO[bytes]:
    if not zipfile.is_zipfile(path):
        return path.open("rb")
    with zipfile.ZipFile(path) as archive:
        return archive.open(next(name for name in archive.namelist() if name.endswith("/data.pkl")))


def mentioned(stream: IO[bytes]) -> Iterator[str]:
    """Every name that one pickle mentions, module first; follows its strings through the memo, runs nothing."""
    strings: list[str] = []
    memo: dict[Any, str | None] = {}
    top: str | None = None  # what lies on the pickle's stack, where that is a string
    for opcode, argument, _ in pickletools.genops(stream):
        if opcode.name in ("GLOBAL", "INST"):
            yield str(argument).replace(" ", ".")
        elif opcode.name == "STACK_GLOBAL":
            yield ".".join(strings[-2:])
        if "PUT" in opcode.name or opcode.name == "MEMOIZE":
            memo[len(memo) if argument is None else argument] = top
            continue
        top = memo.get(argument) if "GET" in opcode.name else argument if isinstance(argument, str) else None
        strings += [] if top is None else [top]


def find_state(loaded: Any) -> tuple[dict[str, Tensor], str | None]:
    """The state dict in what was loaded, and under which of the usual names it lies; None: it is the thing itself."""
    if not isinstance(loaded, Mapping):
        raise rejected(
            "checkpoint_corrupt", f"The file holds a {type(loaded).__name__}, not a state dict.", SAVE_TENSORS
        )
    for name, candidate in (*((name, loaded.get(name)) for name in WRAPPERS), (None, loaded)):
        if isinstance(candidate, Mapping) and candidate and all(map(_is_named_tensor, candidate.items())):
            return dict(candidate), name
    keys = ", ".join(repr(key)[:40] for key in list(loaded)[:10]) or "nothing"
    detail = f"The file holds no state dict, neither itself nor under {', '.join(WRAPPERS)}. It holds: {keys}."
    raise rejected("checkpoint_corrupt", detail, SAVE_TENSORS)


def find_name(loaded: Mapping[str, Any]) -> str | None:
    """What a training script wrote down as the network's name; it may be of any meaning."""
    arguments = loaded.get("args") or loaded.get("opt")
    said = (loaded.get("arch"), getattr(arguments, "model", None), getattr(arguments, "arch", None))
    return next((name[:200] for name in said if isinstance(name, str)), None)


def _is_named_tensor(item: tuple[Any, Any]) -> bool:
    return isinstance(item[0], str) and isinstance(item[1], Tensor)


def check_tensors(state: dict[str, Tensor], source_bytes: int) -> None:
    """Plain tensors in reasonable number, none of which stands for more values than it stores."""
    check_count(len(state))
    total = 0
    for name, tensor in state.items():
        check_name(name)
        check_rank(name, tensor.ndim)
        if tensor.layout is not torch.strided or tensor.device.type != "cpu" or tensor.dtype not in DTYPES:
            detail = (
                f"{name} is {tensor.dtype}, {tensor.layout}, on {tensor.device.type}; plain dense tensors are read."
            )
            raise rejected("checkpoint_corrupt", detail)
        values, stored = tensor.numel() * tensor.element_size(), tensor.untyped_storage().nbytes()
        if values > stored:
            detail = f"{name} stands for {values:,} bytes of values, but stores {stored:,}."
            raise rejected("checkpoint_too_expensive", detail)
        total += values
    if total > EXPANSION * source_bytes:
        detail = f"The tensors grow to {total:,} bytes, more than {EXPANSION} times the file."
        raise rejected("checkpoint_too_expensive", detail)


def convert(source: Path, target: Path) -> None:
    """The state dict in `source`, written to `target`. Raises TrainingFailed, or MemoryError."""
    size = source.stat().st_size
    with source.open("rb") as file:
        is_zip = file.read(4) == b"PK\x03\x04"
    if is_zip:
        check_zip(source)
    loaded = load(source)
    state, at = find_state(loaded)
    check_tensors(state, size)
    plain = {name: tensor.detach().clone(memory_format=torch.contiguous_format) for name, tensor in state.items()}
    beside = [str(name)[:80] for name in loaded if name != at][:20] if at is not None else []
    seen = {"at": at or "", "beside": beside, "named": find_name(loaded)}
    target.write_bytes(safetensors.torch.save(plain, {INSPECTION: json.dumps(seen)}))


def main(source: Path, target: Path) -> int:
    size = source.stat().st_size
    limit_resources(memory_bytes=SPARE_BYTES + 3 * EXPANSION * size, file_bytes=EXPANSION * size + 2**24)
    try:
        convert(source, target)
    except (MemoryError, RecursionError):
        failure = rejected(
            "checkpoint_too_expensive", "Reading it takes far more memory than the file is long."
        ).failure
    except TrainingFailed as error:
        failure = error.failure
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        failure = disk_full().failure
    else:
        return 0
    print(json.dumps(failure.as_dict()))  # noqa: T201 - the answer
    return REJECTED


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
