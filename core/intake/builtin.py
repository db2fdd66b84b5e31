"""Data sets that need no upload.

digits: the 1,797 handwritten digits of scikit-learn (`load_digits`: the test part of the UCI set "Optical
Recognition of Handwritten Digits"), 8 x 8 pixels, values 0 to 16.

- Values: v becomes (255 * v + 8) // 16, that is v * 255 / 16 rounded half up; the grey value stands in all three
  channels.
- Names: image number i (0 to 1796, in the order of `load_digits`) of class c is called `c/iiii`, e.g. `7/0042`.
- Split, the same for everybody, whatever seed is asked for: 600 train, 300 val, 897 test. Val and test take from each
  class in proportion to its size (largest remainder, ties to the smaller digit). Within a class the names are
  ordered by the SHA-256 of `0:<name>` (UTF-8); the first ones go to val, the next ones to test, the rest to train.
"""

import numpy as np
from numpy.typing import NDArray

from core.catalog import BUILTIN_DATASETS
from core.intake.failures import rejected
from core.intake.split import draw, quotas
from core.packed import SPLITS, PackedSplit

DIGITS_SIZES = {"val": 300, "test": 897}


def read_builtin(name: str) -> tuple[list[str], dict[str, PackedSplit]]:
    """Class names and splits of a builtin data set."""
    if name != "digits":
        known = ", ".join(BUILTIN_DATASETS)
        raise rejected("dataset_not_found", f"There is no builtin data set {name!r}.", f"There are: {known}.")
    from sklearn.datasets import load_digits  # a second to import, and only needed here

    source = load_digits()
    classes = list("0123456789")
    return classes, pack_digits(source.images, source.target, classes)


def pack_digits(values: NDArray[np.float64], labels: NDArray[np.int64], classes: list[str]) -> dict[str, PackedSplit]:
    """(N, 8, 8) values 0 to 16 and (N,) labels to the three splits, each sorted by name."""
    names = [f"{classes[label]}/{i:04d}" for i, label in enumerate(labels)]
    number = {name: i for i, name in enumerate(names)}
    by_class = {c: [name for name in names if name.startswith(f"{c}/")] for c in classes}
    sizes = [len(members) for members in by_class.values()]
    split_of = draw(by_class, {split: quotas(sizes, total) for split, total in DIGITS_SIZES.items()}, seed=0)
    grey = ((values.astype(np.int64) * 255 + 8) // 16).astype(np.uint8)
    splits = {}
    for split in SPLITS:
        members = sorted(name for name in names if split_of[name] == split)
        rows = [number[name] for name in members]
        images = np.repeat(grey[rows][..., None], 3, axis=3)
        splits[split] = PackedSplit(images, labels[rows].astype(np.int64), members)
    return splits
