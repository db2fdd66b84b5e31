"""The weights of a PyTorch file as one safetensors file: plain values in a row, in an order that depends on nothing."""

import json
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from core.checkpoint_codes import rejected
from core.checkpoint_limits import (
    EXPANSION,
    INSPECTION,
    MAX_HEADER,
    MAX_SIDE,
    check_count,
    check_name,
    check_rank,
)
from core.intake.checkpoint.containers import Contents, check_crc, open_checkpoint
from core.intake.checkpoint.described import DTYPES, StoredTensor, broken
from core.intake.checkpoint.layouts import State, find_beside, find_name, find_state, legible


def convert(source: Path, target: Path) -> None:
    """The state dict in `source`, written to `target`; under INSPECTION in its metadata what was seen on the way.

    Raises TrainingFailed with a code of `core.checkpoint_codes`, MemoryError or OSError.
    """
    contents = open_checkpoint(source)
    state, at = find_state(contents.held)
    check_tensors(state, contents)
    named = find_name(contents.held)
    seen = {"at": at or "", "beside": find_beside(contents.held, at), "named": named}
    order = sorted(state, key=lambda name: (-_item(state[name]), name))  # the widest values first keeps all aligned
    header = _header(state, order, json.dumps(seen))
    with target.open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        for name in order:
            for piece in _values(state[name], contents):
                file.write(piece)


def check_tensors(state: State, contents: Contents) -> None:
    """Plain tensors in reasonable number, whole in the file, none of which stands for more values than it stores."""
    check_count(len(state))
    total = 0
    for name, tensor in state.items():
        check_name(name)
        check_rank(name, len(tensor.size))
        if tensor.dtype not in DTYPES:
            detail = f"{name} is {legible(tensor.dtype)}; read are {', '.join(DTYPES)}."
            raise rejected("checkpoint_corrupt", detail)
        if any(side > MAX_SIDE for side in tensor.size):
            raise rejected("checkpoint_corrupt", f"{name} has a side of more than {MAX_SIDE:,} values.")
        place = contents.places.get(tensor.storage.key)
        if place is None or place.length != tensor.storage.whole * tensor.storage.item:
            raise broken(f"the values of {name} are not in it, or not as many as it says")
        total += _check_reach(name, tensor)
        if total > EXPANSION * len(contents.data):
            detail = f"The tensors grow to {total:,} bytes, more than {EXPANSION} times the file."
            raise rejected("checkpoint_too_expensive", detail)
    for key in {tensor.storage.key for tensor in state.values()}:
        check_crc(contents.data, contents.places[key], f"storage {legible(key)}")


def _check_reach(name: str, tensor: StoredTensor) -> int:
    """The bytes of the tensor's values, all of which lie inside its storage."""
    stored = tensor.storage.length * tensor.storage.item
    values = math.prod(tensor.size) * _item(tensor)
    if values > stored:
        detail = f"{name} stands for {values:,} bytes of values, but stores {stored:,}."
        raise rejected("checkpoint_too_expensive", detail)
    if values and _reach(tensor) * _item(tensor) > stored:
        raise broken(f"{name} reaches beyond its storage")
    return values


def _item(tensor: StoredTensor) -> int:
    return DTYPES[tensor.dtype][1]


def _header(state: State, order: list[str], seen: str) -> bytes:
    """JSON, with spaces behind it up to a multiple of eight bytes."""
    entries: dict[str, object] = {"__metadata__": {INSPECTION: seen}}
    end = 0
    for name in order:
        tensor = state[name]
        start, end = end, end + math.prod(tensor.size) * _item(tensor)
        entries[name] = {"dtype": DTYPES[tensor.dtype][0], "shape": tensor.size, "data_offsets": [start, end]}
    text = json.dumps(entries, ensure_ascii=False, separators=(",", ":")).encode()
    if len(text) > MAX_HEADER - 8:
        raise rejected("checkpoint_too_expensive", f"The names of its tensors take {len(text):,} bytes.")
    return text + b" " * (-len(text) % 8)


def _values(tensor: StoredTensor, contents: Contents) -> Iterator[memoryview | bytes]:
    """Row by row, little-endian."""
    item, count = _item(tensor), math.prod(tensor.size)
    if count == 0:
        return
    start = contents.places[tensor.storage.key].start + tensor.storage.start * tensor.storage.item
    whole = np.frombuffer(contents.data, f"{'>' if contents.big_endian else '<'}u{item}", _reach(tensor), start)
    strides = [0 if side == 1 else step * item for side, step in zip(tensor.size, tensor.stride, strict=True)]
    view = np.lib.stride_tricks.as_strided(whole[tensor.offset :], tensor.size, strides, writeable=False)
    yield np.ascontiguousarray(view, f"<u{item}").data.cast("B")


def _reach(tensor: StoredTensor) -> int:
    """How many values from the start of its storage the tensor's last one is, itself counted."""
    return tensor.offset + 1 + sum((n - 1) * step for n, step in zip(tensor.size, tensor.stride, strict=True))
