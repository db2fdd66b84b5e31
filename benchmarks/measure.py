"""How things are measured: two sides in turn in one run, and the ratio pair by pair. Machines drift; ratios hold."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Work = Callable[[], object]


@dataclass(frozen=True)
class Scale:
    """How much a benchmark does."""

    quick: bool = False  # enough to see that it runs: the figures mean nothing
    threads: int = 1  # of torch, on both sides

    def pairs(self, wanted: int) -> int:
        return 2 if self.quick else wanted


@dataclass(frozen=True)
class Row:
    """One line of the table. `ratio`: how many times as fast as what it stands against, with its quartiles."""

    this: str
    measured: str
    against: str = ""
    against_measured: str = ""
    ratio: str = ""


def seconds(work: Work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def compare(
    this: str, run_this: Work, against: str, run_against: Work, *, pairs: int, show: Callable[[float], str]
) -> Row:
    """Both once to warm up, then in turn and in alternating order: a drift of the machine's speed hits both.

    `show` words the seconds of one run.
    """
    sides = [run_this, run_against]
    for side in sides:
        side()
    times: dict[Work, list[float]] = {side: [] for side in sides}
    for n in range(pairs):
        for side in sides if n % 2 else sides[::-1]:
            times[side].append(seconds(side))
    ratios = [other / own for own, other in zip(times[run_this], times[run_against], strict=True)]
    medians = {side: statistics.median(times[side]) for side in sides}
    return Row(this, show(medians[run_this]), against, show(medians[run_against]), spread(ratios, "{:.2f}"))


def spread(values: Sequence[float], form: str) -> str:
    """Median and quartiles: `1.20 (1.15-1.31)`."""
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return f"{form.format(middle)} ({form.format(low)}\N{EN DASH}{form.format(high)})"
