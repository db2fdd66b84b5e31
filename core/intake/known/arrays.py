"""Known data sets that were published as arrays of small images."""

import io
import pickle
import string
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.intake.known.base import Arrays
from core.intake.known.digits import digits
from core.intake.known.files import Files
from core.packed import UNLABELLED

Images = NDArray[np.uint8]
Blobs = Mapping[str, bytes]


# --- CIFAR --------------------------------------------------------------------------------------------------------


class _ArraysAlone(pickle.Unpickler):
    """Builds arrays and plain values; any other class is refused, and nothing is called but these."""

    _ALLOWED = {
        ("numpy.core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
        ("_codecs", "encode"),
    }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} does not belong in it")
        return super().find_class(module, name)


def _unpickled(data: bytes) -> dict[str, Any]:
    found = _ArraysAlone(io.BytesIO(data), encoding="latin1").load()
    return {key.decode() if isinstance(key, bytes) else key: value for key, value in found.items()}


def _planes(data: NDArray[np.uint8]) -> Images:
    """(N, 3072) in planes to (N, 32, 32, 3)."""
    return data.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)


def _cifar(blobs: Blobs, splits: Mapping[str, list[str]], names: str, key: str, labels_before: int) -> Arrays:
    """`splits`: the names of the batches; `key` of the labels in a pickle, `labels_before` the image in a record."""
    result = {}
    for split, batches in splits.items():
        images, labels = [], []
        for batch in batches:
            if f"{batch}.bin" in blobs:
                records = np.frombuffer(blobs[f"{batch}.bin"], np.uint8).reshape(-1, labels_before + 3072)
                images.append(_planes(records[:, labels_before:]))
                labels.append(records[:, labels_before - 1].astype(np.int64))
            else:
                held = _unpickled(blobs[batch])
                images.append(_planes(np.asarray(held["data"], np.uint8)))
                labels.append(np.asarray(held[key], np.int64))
        result[split] = (np.concatenate(images), np.concatenate(labels))
    return Arrays([str(name) for name in _cifar_names(blobs, names)], result)


def _cifar_names(blobs: Blobs, names: str) -> list[str]:
    for text in ("batches.meta.txt", f"{names}.txt"):
        if text in blobs:
            return blobs[text].decode().split()
    held = _unpickled(blobs.get("batches.meta") or blobs["meta"])
    return list(held[names])


def cifar10(files: Files) -> Arrays:
    blobs = files.blobs()
    splits = {"train": [f"data_batch_{n}" for n in range(1, 6)], "test": ["test_batch"]}
    return _cifar(blobs, splits, "label_names", "labels", 1)


def cifar100(files: Files) -> Arrays:
    blobs = files.blobs()
    return _cifar(blobs, {"train": ["train"], "test": ["test"]}, "fine_label_names", "fine_labels", 2)


# --- MNIST and its relatives --------------------------------------------------------------------------------------

_BALANCED = string.digits + string.ascii_uppercase + "abdefghnqrt"


def _idx(data: bytes) -> NDArray[np.uint8]:
    """The idx format: two zero bytes, the type, the number of dimensions, their sizes; then the values."""
    if data[:3] != b"\0\0\x08":
        raise ValueError("not an idx file of bytes")
    shape = np.frombuffer(data, ">u4", data[3], 4).astype(np.int64)
    return np.frombuffer(data, np.uint8, int(shape.prod()), 4 + 4 * data[3]).reshape(shape)


def _mnist(
    classes: list[str], train: str = "train", test: str = "t10k", first: int = 0, turned: bool = False
) -> Callable[[Files], Arrays]:
    """`train`, `test`: how the files' names begin; `first`: the label of the first class; `turned`: EMNIST's images
    lie on their sides."""

    def read(files: Files) -> Arrays:
        blobs = files.blobs()
        splits = {}
        for split, start in (("train", train), ("test", test)):
            images = _idx(blobs[f"{start}-images-idx3-ubyte"])
            labels = _idx(blobs[f"{start}-labels-idx1-ubyte"]).astype(np.int64) - first
            splits[split] = (images.transpose(0, 2, 1) if turned else images, labels)
        return Arrays(classes, splits)

    return read


def _emnist(part: str, classes: str, first: int) -> Callable[[Files], Arrays]:
    return _mnist(list(classes), f"emnist-{part}-train", f"emnist-{part}-test", first, turned=True)


# --- others -------------------------------------------------------------------------------------------------------


def svhn(files: Files) -> Arrays:
    """The label 10 stands for the digit 0."""
    from scipy.io import loadmat

    blobs = files.blobs()
    splits = {}
    for split in ("train", "test"):
        held = loadmat(io.BytesIO(blobs[f"{split}_32x32.mat"]), variable_names=["X", "y"])
        splits[split] = (held["X"].transpose(3, 0, 1, 2), held["y"].ravel().astype(np.int64) % 10)
    return Arrays(list(string.digits), splits)


def stl10(files: Files) -> Arrays:
    """Stored column by column; its unlabelled images train without a label."""
    blobs = files.blobs()

    def images(name: str) -> Images:
        return np.frombuffer(blobs[name], np.uint8).reshape(-1, 3, 96, 96).transpose(0, 3, 2, 1)

    def labels(name: str) -> NDArray[np.int64]:
        return np.frombuffer(blobs[name], np.uint8).astype(np.int64) - 1

    bare = images("unlabeled_X.bin")
    splits = {
        "train": (images("train_X.bin"), labels("train_y.bin")),
        "test": (images("test_X.bin"), labels("test_y.bin")),
        "train/unlabelled": (bare, np.full(len(bare), UNLABELLED, np.int64)),
    }
    return Arrays(blobs["class_names.txt"].decode().split(), splits, digits=6)


def usps(files: Files) -> Arrays:
    """Lines of `label index:value …`, values from -1 to 1, labels from 1."""
    blobs = files.blobs()
    splits = {}
    for split, name in (("train", "usps"), ("test", "usps.t")):
        lines = [line.split() for line in blobs[name].decode().splitlines()]
        values = np.array([[float(cell.partition(":")[2]) for cell in cells[1:]] for cells in lines])
        labels = np.array([int(cells[0]) - 1 for cells in lines], np.int64)
        splits[split] = (((values.reshape(-1, 16, 16) + 1) / 2 * 255).round().astype(np.uint8), labels)
    return Arrays(list(string.digits), splits)


_CLOTHES = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]

ARRAYS: dict[str, Callable[[Files], Arrays]] = {
    "digits": digits,
    "cifar10": cifar10,
    "cifar100": cifar100,
    "mnist": _mnist(list(string.digits)),
    "fashion_mnist": _mnist(_CLOTHES),
    "kmnist": _mnist(["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"]),
    "emnist_balanced": _emnist("balanced", _BALANCED, 0),
    "emnist_letters": _emnist("letters", string.ascii_lowercase, 1),
    "svhn": svhn,
    "stl10": stl10,
    "usps": usps,
}
