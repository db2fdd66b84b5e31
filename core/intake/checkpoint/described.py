"""What a pickle would build, described: tensors by where they lie, everything foreign by its name alone."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.checkpoint_codes import rejected
from core.errors import TrainingFailed

MAX_NESTING = 64

# torch's name of a dtype -> safetensors' name, bytes of a value
DTYPES = {
    "float64": ("F64", 8),
    "float32": ("F32", 4),
    "float16": ("F16", 2),
    "bfloat16": ("BF16", 2),
    "int64": ("I64", 8),
    "int32": ("I32", 4),
    "int16": ("I16", 2),
    "int8": ("I8", 1),
    "uint8": ("U8", 1),
    "bool": ("BOOL", 1),
    "uint64": ("U64", 8),
    "uint32": ("U32", 4),
    "uint16": ("U16", 2),
    "float8_e4m3fn": ("F8_E4M3", 1),
    "float8_e5m2": ("F8_E5M2", 1),
}
_STORAGES = {
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
    "UntypedStorage": "uint8",  # counted in bytes; the tensor says its dtype itself
}
_ODD_SIZES = {"ComplexDoubleStorage": 16, "ComplexFloatStorage": 8, "QInt32Storage": 4}  # of a value; else 1


@dataclass(frozen=True, slots=True)
class Named:
    """A function or class that the pickle mentions. It is never looked up."""

    name: str  # with its module


@dataclass(slots=True, eq=False)
class Opaque:
    """An object that the pickle would have had built, and that is not."""

    name: str  # of its class, or of the function that was to make it
    state: Any = None  # its attributes, where they are plain


@dataclass(frozen=True, slots=True)
class Storage:
    """Values in a row, of which a tensor shows some; `start` and `length` count values."""

    key: str  # which of the file's storages
    dtype: str  # torch's name; one that is not in DTYPES cannot be read
    item: int  # bytes of a value
    whole: int  # values in the file's storage
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """Value (i, j, …) lies at offset + i·stride[0] + j·stride[1] + … of its storage. Nothing of it is checked yet."""

    storage: Storage
    dtype: str
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]


def broken(what: str) -> TrainingFailed:
    return rejected("checkpoint_corrupt", f"The file is broken or cut off: {what}.")


def storage(kind: Any, key: Any, count: Any, view: Any) -> Storage:
    """From a persistent id. `view` is (key, offset, length) or None: only the older format knows it."""
    if not isinstance(kind, Named) or not isinstance(key, str) or not _is_count(count):
        raise broken("a storage is not described as torch.save describes one")
    start, length = 0, count
    if view is not None:
        if not isinstance(view, tuple) or len(view) != 3 or not _is_count(view[1]) or not _is_count(view[2]):
            raise broken("the view of a storage is not described as torch.save describes one")
        _, start, length = view
        if start + length > count:
            raise broken("the view of a storage reaches beyond it")
    name = kind.name.rpartition(".")[2]
    dtype = _STORAGES.get(name, name)
    item = DTYPES[dtype][1] if dtype in DTYPES else _ODD_SIZES.get(name, 1)
    return Storage(key, dtype, item, count, start, length)


def _tensor(held: Any, offset: Any, size: Any, stride: Any, *_: Any) -> StoredTensor:
    if not isinstance(held, Storage) or not _is_count(offset) or not _are_counts(size) or not _are_counts(stride):
        raise broken("a tensor has no proper offset, size or stride")
    if len(size) != len(stride):
        raise broken("a tensor has more sizes than strides, or fewer")
    return StoredTensor(held, held.dtype, offset, size, stride)


def _typed_tensor(held: Any, offset: Any, size: Any, stride: Any, _grad: Any, _hooks: Any, dtype: Any, *_: Any) -> Any:
    """Over a storage of bytes; the offset counts the tensor's values."""
    plain = _tensor(held, offset, size, stride)
    if not isinstance(dtype, Named):
        raise broken("a tensor has no proper dtype")
    return StoredTensor(plain.storage, dtype.name.removeprefix("torch."), offset, size, stride)


def _parameter(data: Any, *_: Any) -> Any:
    if not isinstance(data, (StoredTensor, Opaque)):
        raise broken("a parameter holds no tensor")
    return data


def _mapping(*arguments: Any) -> dict[Any, Any]:
    """Old pickles hand over the items at once; a defaultdict hands over what makes its defaults."""
    held: dict[Any, Any] = {}
    pairs = arguments[0] if arguments and isinstance(arguments[0], list) else []
    for pair in pairs:
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            raise broken("a dictionary is made of something other than pairs")
        put(held, *pair)
    return held


def _size(sides: Any, *_: Any) -> tuple[Any, ...]:
    if not isinstance(sides, tuple):
        raise broken("a size is no tuple")
    return sides


def _of_type(function: Any, _type: Any, arguments: Any, *_: Any) -> Any:
    """A tensor of a class of its own, or with attributes: its values are a tensor's all the same."""
    if not isinstance(function, Named) or not isinstance(arguments, tuple):
        raise broken("a tensor is made of no function")
    rebuild = _TENSORS.get(function.name)
    return Opaque(function.name) if rebuild is None else rebuild(arguments)


def _bytes(*arguments: Any) -> Opaque:
    if arguments and isinstance(arguments[0], int):
        detail = f"To read this file, Python would have to fill {arguments[0]:,} bytes that it does not hold."
        raise rejected("checkpoint_too_expensive", detail)
    return Opaque("builtins.bytearray")


@dataclass(frozen=True, slots=True)
class _Known:
    """How to describe what a function gives, and how many arguments it is given at least."""

    describe: Callable[..., Any]
    least: int = 0

    def __call__(self, arguments: tuple[Any, ...]) -> Any:
        if len(arguments) < self.least:
            raise broken("a function of torch is given too few arguments")
        return self.describe(*arguments)


_TENSORS = {
    "torch._utils._rebuild_tensor": _Known(_tensor, 4),
    "torch._utils._rebuild_tensor_v2": _Known(_tensor, 4),
    "torch._utils._rebuild_tensor_v3": _Known(_typed_tensor, 7),
    "torch._utils._rebuild_parameter": _Known(_parameter, 1),
    "torch._utils._rebuild_parameter_with_state": _Known(_parameter, 1),
}
MAPPINGS = {
    "collections.OrderedDict": _Known(_mapping),
    "collections.defaultdict": _Known(_mapping),
}
_KNOWN = {
    **_TENSORS,
    **MAPPINGS,
    "torch._tensor._rebuild_from_type_v2": _Known(_of_type, 3),
    "torch.Size": _Known(_size, 1),
    "builtins.bytearray": _Known(_bytes),
    "builtins.bytes": _Known(_bytes),
}


def called(name: str, arguments: tuple[Any, ...]) -> Any:
    """What a call of the function or class would give, described."""
    return _KNOWN[name](arguments) if name in _KNOWN else Opaque(name)


def put(held: dict[Any, Any], key: Any, value: Any) -> None:
    """Keys that are containers could not be hashed without following them down; they are none of a state dict's."""
    plain = key is None or isinstance(key, (str, int, float, Named))
    held[key if plain else Opaque(type(key).__name__)] = value


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def _are_counts(value: Any) -> bool:
    return isinstance(value, tuple) and all(map(_is_count, value))


def check_nesting(value: Any) -> None:
    """Level by level, each container once, however often it is shared or holds itself."""
    seen: set[int] = set()
    level = [value]
    for _ in range(MAX_NESTING):
        inner: list[Any] = []
        for held in level:
            if not isinstance(held, (dict, list, tuple, Opaque)) or id(held) in seen:
                continue
            seen.add(id(held))
            match held:
                case dict():
                    inner += held.values()
                case Opaque():
                    inner.append(held.state)
                case _:
                    inner += held
        if not inner:
            return
        level = inner
    raise rejected("checkpoint_too_expensive", f"It is nested more than {MAX_NESTING} deep.")
