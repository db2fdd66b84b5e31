"""The one data set that comes with Distillery.

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

from core.intake.known.base import Arrays
from core.intake.known.files import Files
from core.intake.split import draw, quotas
from core.packed import SPLITS

DIGITS_SIZES = {"val": 300, "test": 897}


def digits(_: Files) -> Arrays:
    from sklearn.datasets import load_digits  # a second to import, and only needed here

    source = load_digits()
    classes = list("0123456789")
    labels = source.target.astype(np.int64)
    names = [f"{label}/{i:04d}" for i, label in enumerate(labels)]
    by_class = {c: [name for name in names if name.startswith(f"{c}/")] for c in classes}
    sizes = [len(members) for members in by_class.values()]
    split_of = draw(by_class, {split: quotas(sizes, total) for split, total in DIGITS_SIZES.items()}, seed=0)
    grey = ((source.images.astype(np.int64) * 255 + 8) // 16).astype(np.uint8)
    rows = {split: [i for i, name in enumerate(names) if split_of[name] == split] for split in SPLITS}
    return Arrays(
        classes,
        {split: (grey[numbers], labels[numbers]) for split, numbers in rows.items()},
        names={split: [names[i] for i in numbers] for split, numbers in rows.items()},
    )
