"""Files as torch.save writes them, and by hand where it would not: the pickle and the storages are any bytes."""

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from safetensors import safe_open
from torch import Tensor

from core.checkpoint_limits import INSPECTION
from core.errors import Failure, TrainingFailed
from core.intake.checkpoint.containers import MAGIC, PROTOCOL
from core.intake.checkpoint.convert import convert
from tests.intake.raw_zip import Entry, raw_zip

Read = tuple[dict[str, Tensor], dict[str, Any]]
FORMATS = ["zip", "older"]


def save(path: Path, what: Any, form: str = "zip", **options: Any) -> Path:
    torch.save(what, path, _use_new_zipfile_serialization=form == "zip", **options)
    return path


def read(path: Path) -> Read:
    """The tensors, and what was seen on the way."""
    target = path.with_suffix(".converted")
    convert(path, target)
    with safe_open(target, "pt") as file:
        seen = json.loads(file.metadata()[INSPECTION])
    return safetensors.torch.load_file(target), seen


def refused(path: Path) -> Failure:
    target = path.with_suffix(".converted")
    target.unlink(missing_ok=True)
    with pytest.raises(TrainingFailed) as caught:
        convert(path, target)
    assert not target.exists()
    return caught.value.failure


def same_bits(one: Tensor, other: Tensor) -> bool:
    """NaN and all; also in shape and dtype."""
    return (one.dtype, one.shape) == (other.dtype, other.shape) and _bits(one) == _bits(other)


def _bits(tensor: Tensor) -> bytes:
    return bytes(tensor.detach().contiguous().reshape(-1).view(torch.uint8).tolist())


# --- by hand ------------------------------------------------------------------------------------------------------


def write_by_hand(path: Path, pickled: bytes, form: str = "zip", **storages: bytes) -> Path:
    """The storages, by their keys, hold float32."""
    if form == "zip":
        behind = {f"data/{key}": data for key, data in storages.items()}
        return write_members(path, {"data.pkl": pickled, "version": b"3"} | behind)
    head = b"".join(pickle.dumps(value, 2) for value in (MAGIC, PROTOCOL, {"little_endian": True}))
    values = b"".join((len(data) // 4).to_bytes(8, "little") + data for data in storages.values())
    path.write_bytes(head + pickled + pickle.dumps(list(storages), 2) + values)
    return path


def write_members(path: Path, members: dict[str, bytes], folder: str = "archive/") -> Path:
    path.write_bytes(raw_zip([Entry(f"{folder}{name}".encode(), data, method=0) for name, data in members.items()]))
    return path


def text(value: str) -> bytes:
    data = value.encode()
    return b"X" + len(data).to_bytes(4, "little") + data


def number(value: int) -> bytes:
    data = pickle.encode_long(value)
    return b"\x8a" + bytes([len(data)]) + data


def numbers(values: tuple[int, ...]) -> bytes:
    return b"(" + b"".join(map(number, values)) + b"t"


def tensor(
    size: tuple[int, ...] = (2, 3),
    stride: tuple[int, ...] = (3, 1),
    offset: int = 0,
    count: int = 6,
    key: str = "s0",
    kind: str = "FloatStorage",
    view: bytes | None = None,
) -> bytes:
    """The opcodes that build it; `count`: the values that the storage is said to have."""
    parts = text("storage") + f"ctorch\n{kind}\n".encode() + text(key) + text("cpu") + number(count)
    storage = b"(" + parts + (view or b"") + b"tQ"
    arguments = storage + number(offset) + numbers(size) + numbers(stride) + b"\x89" + b"ccollections\nOrderedDict\n)R"
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + arguments + b"tR"


def a_dict(**items: bytes) -> bytes:
    return b"\x80\x02}(" + b"".join(text(name) + value for name, value in items.items()) + b"u."
