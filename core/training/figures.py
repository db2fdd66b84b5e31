"""The statistics of accuracies and of their differences. Pure functions; no torch.

Shares are fractions from 0 to 1; an interval is [low, high] at 95 %.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.training.randomness import Purpose, draw_seed

Json = dict[str, Any]
Interval = list[float]
Z = 1.959963984540054  # 97.5 % point of the normal distribution
RESAMPLES = 2000


def interval_of_share(share: float, count: int) -> Interval:
    """Wilson's interval of a share that was seen among `count` images."""
    spread = Z * math.sqrt(share * (1 - share) / count + Z * Z / (4 * count * count))
    centre, scale = share + Z * Z / (2 * count), 1 + Z * Z / count
    return [max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)]


def interval_of_paired_difference(a: NDArray[np.bool_], b: NDArray[np.bool_], seed: int = 0) -> Interval:
    """Percentile bootstrap over images of mean(a) - mean(b); both (N,): right or wrong on the same images.

    Each image contributes -1, 0 or 1: drawing N images with replacement is one multinomial draw of how many of each.
    """
    count = len(a)
    difference = a.astype(np.int8) - b.astype(np.int8)
    shares = np.array([(difference == value).mean() for value in (-1, 0, 1)])
    generator = np.random.Generator(np.random.PCG64(draw_seed(seed, Purpose.BOOTSTRAP)))
    drawn = generator.multinomial(count, shares / shares.sum(), size=RESAMPLES)
    low, high = np.percentile((drawn[:, 2] - drawn[:, 0]) / count, [2.5, 97.5])
    return [float(low), float(high)]


def interval_over_seeds(values: Sequence[float]) -> Interval:
    """Student's t interval of the mean of at least two values, one per seed."""
    from scipy.special import stdtrit  # a third of a second to load, wanted once, at the end

    mean, spread = float(np.mean(values)), float(np.std(values, ddof=1)) / math.sqrt(len(values))
    half = float(stdtrit(len(values) - 1, 0.975)) * spread
    return [mean - half, mean + half]


def difference(a: Sequence[NDArray[np.bool_]], b: Sequence[NDArray[np.bool_]], seed: int = 0) -> Json:
    """{"value", "interval"} of a - b in accuracy; pairs of (N,) answers, one pair per seed.

    Over seeds where there are several, over images where there is one pair.
    """
    values = [float(x.mean() - y.mean()) for x, y in zip(a, b, strict=True)]
    interval = interval_over_seeds(values) if len(values) > 1 else interval_of_paired_difference(a[0], b[0], seed)
    low, high = interval
    return {"value": float(np.mean(values)), "interval": [max(-1.0, low), min(1.0, high)]}  # few seeds reach beyond


def gap_closed(
    student: Sequence[NDArray[np.bool_]],
    control: Sequence[NDArray[np.bool_]],
    teacher: NDArray[np.bool_],
    seed: int = 0,
) -> tuple[float | None, str | None]:
    """(student - control) / (teacher - control), or (None, why it would mean nothing)."""
    gap = difference([teacher] * len(control), control, seed)
    low, high = gap["interval"]
    if low > 0:
        gained = np.mean([x.mean() for x in student]) - np.mean([x.mean() for x in control])
        return float(gained / gap["value"]), None
    span = f"{points(gap['value'])}, 95 % interval {points(low)} to {points(high)}"
    if high < 0:
        return None, f"The control is better than the teacher ({span}): there is no gap to close."
    return None, f"Teacher and control are not clearly apart ({span})."


def points(share: float) -> str:
    """A difference of shares in percentage points, with its sign."""
    return f"{signed(share)} points"


def signed(share: float) -> str:
    """100 times a share, with its sign; what rounds to nothing has none."""
    text = f"{100 * share:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text
