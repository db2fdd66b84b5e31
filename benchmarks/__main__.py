"""`make bench`: two sides in turn in one run, and the ratio pair by pair. Machines are noisy; ratios hold."""

import statistics
import sys
import time
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from benchmarks import loss, one_pass

PAIRS = 5
SUITES = [loss, one_pass]


def seconds(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> int:
    table = Table(
        "this",
        "against",
        "ratio (median)",
        "lowest",
        "highest",
        title="How many times as fast: 2 is twice as fast, 0.5 takes twice as long",
    )
    for suite in SUITES:
        for this, against, run_this, run_against in suite.pairs():
            run_this()
            run_against()
            ratios = []
            for n in range(PAIRS):  # in alternating order: a drift of the machine's speed hits both
                sides = [run_this, run_against]
                times = {side: seconds(side) for side in (sides if n % 2 else sides[::-1])}
                ratios.append(times[run_against] / times[run_this])
            table.add_row(this, against, *(f"{r:.2f}" for r in (statistics.median(ratios), min(ratios), max(ratios))))
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
