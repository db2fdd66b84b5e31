"""Random numbers without state: each is a pure function of a seed, a purpose and counters.

Nothing has to be saved for a resume, and no draw depends on how many others were made before it. The generator is
SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), used as a hash: one round for every key that is mixed in.
"""

from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


class Purpose(IntEnum):
    """Keeps streams of the same seed apart. The numbers are part of every result: never change or reuse one."""

    ORDER = 1
    CROP_TOP = 2
    CROP_LEFT = 3
    FLIP = 4
    START = 5  # a student's first weights
    FORWARD = 6  # a student's dropout and the like
    BOOTSTRAP = 7
    WINDOW_AREA = 8
    WINDOW_RATIO = 9
    WINDOW_TOP = 10
    WINDOW_LEFT = 11
    OPERATION = 12  # of a policy
    OPERATION_DONE = 13
    OPERATION_SIGN = 14
    OPERATION_STRENGTH = 15
    JITTER = 16
    JITTER_ORDER = 17
    ERASED = 18
    ERASED_AREA = 19
    ERASED_RATIO = 20
    ERASED_TOP = 21
    ERASED_LEFT = 22
    NOISE = 23
    MIXED = 24
    MIXED_HOW = 25
    MIXED_SHARE = 26
    MIXED_TOP = 27
    MIXED_LEFT = 28
    VIEW = 29  # the second view of each image


def _mix(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    z = state + _GOLDEN
    z = (z ^ (z >> np.uint64(30))) * _FIRST
    z = (z ^ (z >> np.uint64(27))) * _SECOND
    return z ^ (z >> np.uint64(31))


def draw(seed: int, purpose: Purpose, *counters: ArrayLike) -> NDArray[np.uint64]:
    """Uniform 64-bit numbers, one for each element of the counters (non-negative integers, broadcast together)."""
    state = np.array([seed], dtype=np.uint64)
    for key in (int(purpose), *counters):
        state = _mix(state ^ _mix(np.atleast_1d(np.asarray(key)).astype(np.uint64)))
    return state


def draw_share(seed: int, purpose: Purpose, *counters: ArrayLike) -> NDArray[np.float64]:
    """Uniform numbers from 0 (included) to 1 (excluded), in steps of 2^-53; otherwise as `draw`."""
    return (draw(seed, purpose, *counters) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def draw_number(below: ArrayLike, seed: int, purpose: Purpose, *counters: ArrayLike) -> NDArray[np.int64]:
    """Uniform whole numbers from 0 (included) to `below` (excluded), which may differ by element."""
    return (draw(seed, purpose, *counters) % np.asarray(below, dtype=np.uint64)).astype(np.int64)


def draw_seed(seed: int, purpose: Purpose, *counters: int) -> int:
    """One number for another generator: 0 to 2^63 - 1."""
    return int(draw(seed, purpose, *counters)[0] >> np.uint64(1))


def epoch_order(seed: int, epoch: int, count: int) -> NDArray[np.int64]:
    """The indices 0 to count - 1 in the order of this epoch (0-based)."""
    return np.argsort(draw(seed, Purpose.ORDER, epoch, np.arange(count)), kind="stable")
