"""The immutable form of a data set: one safetensors file, written once by intake, mapped by training. No torch.

Tensors, for each split of train, val, test (test may be missing):
    <split>/labels  int64 (N,): the class, or -1 for an image of train without a label
    <split>/names   uint8: the images' names, UTF-8, separated by newlines
and, by the form of the data set,
    pixels          <split>/images   uint8 (N, side, side, 3): small images, ready to use
    files           <split>/bytes    uint8: the images as JPEG or PNG files of our own writing, one after the other
                    <split>/offsets  int64 (N + 1,): file i is bytes[offsets[i]:offsets[i + 1]]
                    <split>/sizes    int32 (N, 2): width and height
Files are upright RGB and have been decoded once. `image_size` is the side at which a batch is prepared from them.
Metadata: `distillery.dataset` = JSON of `PackedMeta`. Its sha256 is the data set's identity: the same images in the
same order give the same bytes, whether they came in an archive or a folder.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

KEY = "distillery.dataset"
SPLITS = ("train", "val", "test")
UNLABELLED = -1
Form = Literal["pixels", "files"]

_DTYPES: dict[str, str] = {"uint8": "U8", "int32": "I32", "int64": "I64"}
_AT_ONCE = 2**24  # bytes copied at a time, so that writing never holds a data set in memory


@dataclass(frozen=True)
class PackedMeta:
    classes: list[str]
    image_size: int  # side in pixels at which a batch is prepared; images there are square
    counts: dict[str, int]
    mean: list[float]  # of the train split, per channel, scaled to 0..1
    std: list[float]
    form: Form = "pixels"
    unlabelled: int = 0  # images of train without a label


@dataclass(frozen=True)
class EncodedImages:
    """Image files, one after the other."""

    data: NDArray[np.uint8]  # (total,)
    offsets: NDArray[np.int64]  # (N + 1,)
    sizes: NDArray[np.int32]  # (N, 2): width, height

    def __len__(self) -> int:
        return len(self.sizes)

    def __getitem__(self, i: int) -> bytes:
        """File i, whole."""
        return self.data[int(self.offsets[i]) : int(self.offsets[i + 1])].tobytes()


@dataclass(frozen=True)
class PackedSplit:
    images: NDArray[np.uint8] | EncodedImages
    labels: NDArray[np.int64]
    names: list[str]

    def pixels(self) -> NDArray[np.uint8]:
        """(N, side, side, 3), of a split in the form `pixels`; TypeError for any other."""
        if isinstance(self.images, EncodedImages):
            raise TypeError("this split is stored as files")
        return self.images


class ChannelSums:
    """Mean and standard deviation per channel in exact integer sums, image by image."""

    def __init__(self) -> None:
        self._count = 0
        self._total, self._squares = np.zeros(3, np.int64), np.zeros(3, np.int64)

    def add(self, images: NDArray[np.uint8]) -> None:
        """(…, 3) values from 0 to 255."""
        chunk = images.reshape(-1, 3).astype(np.int64)
        self._count += len(chunk)
        self._total += chunk.sum(axis=0)
        self._squares += (chunk**2).sum(axis=0)

    def add_histogram(self, histogram: Sequence[int]) -> None:
        """768 counts of an RGB image: how often each value from 0 to 255 comes, channel after channel."""
        counts = np.array(histogram, np.int64).reshape(3, 256)
        values = np.arange(256, dtype=np.int64)
        self._count += int(counts[0].sum())
        self._total += counts @ values
        self._squares += counts @ values**2

    def statistics(self) -> tuple[list[float], list[float]]:
        """(mean, std) of values scaled to 0..1; std at least 1e-3."""
        mean = [int(t) / self._count / 255 for t in self._total]
        variance = [max(0.0, int(s) / self._count / 255**2 - m * m) for s, m in zip(self._squares, mean, strict=True)]
        return [round(m, 6) for m in mean], [max(1e-3, round(v**0.5, 6)) for v in variance]


def channel_statistics(images: NDArray[np.uint8]) -> tuple[list[float], list[float]]:
    """Mean and standard deviation per channel of (N, side, side, 3), of values scaled to 0..1; std at least 1e-3."""
    sums = ChannelSums()
    step = max(1, 2**20 * len(images) // max(1, images.size // 3))  # about a million pixels at a time
    for start in range(0, len(images), step):
        sums.add(images[start : start + step])
    return sums.statistics()


def write_packed(
    path: Path,
    classes: list[str],
    splits: Mapping[str, PackedSplit],
    *,
    image_size: int | None = None,
    statistics: tuple[list[float], list[float]] | None = None,
) -> PackedMeta:
    """Write the file, durable when this returns. `splits` holds at least train and val, none of them empty.

    Files need `image_size` and the train split's `statistics` (mean, std); pixels say both themselves.
    """
    train = splits["train"]
    form: Form = "files" if isinstance(train.images, EncodedImages) else "pixels"
    if form == "pixels":
        image_size, statistics = int(train.pixels().shape[1]), statistics or channel_statistics(train.pixels())
    if image_size is None or statistics is None:
        raise ValueError("a data set of files needs image_size and statistics")
    mean, std = statistics
    counts = {name: len(splits[name].labels) for name in SPLITS if name in splits}
    unlabelled = int((train.labels == UNLABELLED).sum())
    meta = PackedMeta(classes, image_size, counts, mean, std, form, unlabelled)
    tensors: dict[str, NDArray[np.generic]] = {}
    for name in counts:
        split = splits[name]
        if isinstance(split.images, EncodedImages):
            tensors[f"{name}/bytes"], tensors[f"{name}/offsets"] = split.images.data, split.images.offsets
            tensors[f"{name}/sizes"] = split.images.sizes
        else:
            tensors[f"{name}/images"] = split.images
        tensors[f"{name}/labels"] = split.labels
        tensors[f"{name}/names"] = np.frombuffer("\n".join(split.names).encode(), dtype=np.uint8)
    partial = path.with_suffix(".partial")
    text = json.dumps(asdict(meta), ensure_ascii=False, sort_keys=True)
    _write_safetensors(partial, tensors, {KEY: text})
    os.replace(partial, path)
    return meta


def _write_safetensors(path: Path, tensors: Mapping[str, NDArray[np.generic]], metadata: dict[str, str]) -> None:
    """The format in order of the names, streamed: the library's own writer copies every tensor into memory first.

    Eight-byte types come first, so that every tensor lies on a multiple of its element's size.
    """
    names = sorted(tensors, key=lambda name: (-tensors[name].dtype.itemsize, name))
    header: dict[str, object] = {"__metadata__": metadata}
    at = 0
    for name in names:
        array = tensors[name]
        header[name] = {
            "dtype": _DTYPES[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [at, at + array.nbytes],
        }
        at += array.nbytes
    text = json.dumps(header, ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name in names:
            for piece in _pieces(tensors[name]):
                file.write(piece)
        file.flush()
        os.fsync(file.fileno())


def _pieces(array: NDArray[np.generic]) -> Iterator[bytes]:
    rows = max(1, _AT_ONCE * len(array) // array.nbytes) if array.nbytes else 1
    for start in range(0, len(array), rows):
        yield np.ascontiguousarray(array[start : start + rows]).tobytes()


def read_meta(path: Path) -> PackedMeta:
    with safe_open(path, framework="np") as file:
        return PackedMeta(**json.loads(file.metadata()[KEY]))


def read_split(path: Path, split: str) -> PackedSplit | None:
    """One split, or None where the data set has none of that name. Images are mapped, not read."""
    tensors = _map(path)
    if f"{split}/labels" not in tensors:
        return None
    labels = np.array(tensors[f"{split}/labels"], dtype=np.int64)
    names = tensors[f"{split}/names"].tobytes().decode().split("\n")
    if f"{split}/images" in tensors:
        return PackedSplit(tensors[f"{split}/images"], labels, names)
    offsets = np.array(tensors[f"{split}/offsets"], dtype=np.int64)
    sizes = np.array(tensors[f"{split}/sizes"], dtype=np.int32)
    return PackedSplit(EncodedImages(tensors[f"{split}/bytes"], offsets, sizes), labels, names)


def _map(path: Path) -> dict[str, NDArray[np.uint8]]:
    """Every tensor as a view of the mapped file."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    dtypes = {code: np.dtype(name) for name, code in _DTYPES.items()}
    data = np.memmap(path, np.uint8, "c")  # private: torch warns of arrays that cannot be written
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            first, end = (8 + length + at for at in entry["data_offsets"])
            tensors[name] = np.asarray(data[first:end]).view(dtypes[entry["dtype"]]).reshape(entry["shape"])
    return tensors
