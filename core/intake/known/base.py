"""What a reader of a known data set hands on: arrays of small images, or which published file belongs where."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.intake.inventory import Inventory


@dataclass(frozen=True)
class Arrays:
    classes: list[str]
    splits: Mapping[str, tuple[NDArray[np.uint8], NDArray[np.int64]]]  # (N, H, W) or (N, H, W, 3); labels, -1: none
    digits: int = 5  # of the number in a sample's name
    names: Mapping[str, list[str]] = field(default_factory=dict)  # by split, where they are not plain numbers


@dataclass(frozen=True)
class Placement:
    classes: list[str]
    samples: Iterable[tuple[str, str, str]]  # split, path in the inventory, class


@dataclass(frozen=True)
class Tree:
    """How images in files are found: `is_note` says which other files are wanted, `place` reads them."""

    place: Callable[[Inventory], Placement]
    is_note: Callable[[str], bool] = lambda _: False
