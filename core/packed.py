"""The immutable form of a data set: one safetensors file, written once by intake, read by training. No torch.

Tensors, for each split of train, val, test (test may be missing):
    <split>/images  uint8 (N, side, side, 3)
    <split>/labels  int64 (N,)
    <split>/names   uint8: the images' names, UTF-8, separated by newlines
Metadata: `distillery.dataset` = JSON of `PackedMeta`. Its sha256 is the data set's identity: the same images in the
same order give the same bytes, whether they came in an archive or a folder.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file

KEY = "distillery.dataset"
SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class PackedMeta:
    classes: list[str]
    image_size: int  # side in pixels; images are square
    counts: dict[str, int]
    mean: list[float]  # of the train split, per channel, scaled to 0..1
    std: list[float]


@dataclass(frozen=True)
class PackedSplit:
    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    names: list[str]


def channel_statistics(images: NDArray[np.uint8]) -> tuple[list[float], list[float]]:
    """Mean and standard deviation per channel, of values scaled to 0..1, in exact integer sums; std at least 1e-3."""
    count = images.shape[0] * images.shape[1] * images.shape[2]
    total, squares = [0, 0, 0], [0, 0, 0]
    step = max(1, 2**20 * len(images) // max(1, count))  # about a million pixels at a time
    for start in range(0, len(images), step):
        chunk = images[start : start + step].astype(np.int64).reshape(-1, 3)
        for c in range(3):
            total[c] += int(chunk[:, c].sum())
            squares[c] += int((chunk[:, c] ** 2).sum())
    mean = [t / count / 255 for t in total]
    variance = [max(0.0, s / count / 255**2 - m * m) for s, m in zip(squares, mean, strict=True)]
    return [round(m, 6) for m in mean], [max(1e-3, round(v**0.5, 6)) for v in variance]


def write_packed(path: Path, classes: list[str], splits: Mapping[str, PackedSplit]) -> PackedMeta:
    """Write the file, durable when this returns. `splits` holds at least train and val, none of them empty."""
    mean, std = channel_statistics(splits["train"].images)
    counts = {name: len(splits[name].labels) for name in SPLITS if name in splits}
    meta = PackedMeta(classes, int(splits["train"].images.shape[1]), counts, mean, std)
    tensors: dict[str, NDArray[np.generic]] = {}
    for name in counts:
        split = splits[name]
        tensors[f"{name}/images"] = np.ascontiguousarray(split.images)
        tensors[f"{name}/labels"] = np.ascontiguousarray(split.labels)
        tensors[f"{name}/names"] = np.frombuffer("\n".join(split.names).encode(), dtype=np.uint8)
    partial = path.with_suffix(".partial")
    save_file(tensors, partial, metadata={KEY: json.dumps(asdict(meta), ensure_ascii=False, sort_keys=True)})
    with partial.open("rb") as written:
        os.fsync(written.fileno())
    os.replace(partial, path)
    return meta


def read_meta(path: Path) -> PackedMeta:
    with safe_open(path, framework="np") as file:
        return PackedMeta(**json.loads(file.metadata()[KEY]))


def read_split(path: Path, split: str) -> PackedSplit | None:
    """One split, or None where the data set has none of that name."""
    with safe_open(path, framework="np") as file:
        if f"{split}/images" not in file.keys():  # noqa: SIM118 - not a dict
            return None
        images, labels = file.get_tensor(f"{split}/images"), file.get_tensor(f"{split}/labels")
        names = bytes(file.get_tensor(f"{split}/names")).decode().split("\n")
    return PackedSplit(images, labels, names)
