"""`python -m tests.api.schema --cases 100000`: the long form. Its last two lines say what the promise says."""

import argparse
import multiprocessing
import sys
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tests.api.schema.run import Tally, ask, told


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.api.schema", description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000, help="at least so many")
    parser.add_argument("--seed", type=int, default=1, help="of the first round; each further one has the next")
    parser.add_argument("--processes", type=int, default=1, help="rounds at once, each with a service of its own")
    parser.add_argument("--only", help="path of the operations that are asked")
    options = parser.parse_args()
    console = Console(soft_wrap=True)
    tally = Tally()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("cases", total=options.cases)
        for found in _rounds(options, tally):
            tally.join(found)
            progress.update(bar, completed=tally.total, description=f"{tally.failed.total()} failures")
            console.print(f"{tally.total:,} cases so far, {tally.failed.total()} failures, {len(tally.errors)} errors")
            for line in told(found):
                console.print(line, markup=False, highlight=False)
    _print(console, tally)
    sys.exit(bool(tally.failed or tally.errors))


def _rounds(options: argparse.Namespace, tally: Tally) -> Iterator[Tally]:
    """What each round found, until the tally of all has enough cases."""
    spawn = multiprocessing.get_context("spawn")
    seed = options.seed
    with ProcessPoolExecutor(options.processes, mp_context=spawn, max_tasks_per_child=1) as pool:
        going: set[Future[Tally]] = set()
        while tally.total < options.cases or going:
            while tally.total < options.cases and len(going) < options.processes:
                going.add(pool.submit(ask, seed, options.only))
                seed += 1
            done, going = wait(going, return_when=FIRST_COMPLETED)
            yield from (one.result() for one in done)


def _print(console: Console, tally: Tally) -> None:
    table = Table("operation", "cases", "2xx", "4xx", "5xx", "failures")
    for label in sorted(tally.cases):
        statuses = tally.statuses[label]
        by_kind = [sum(n for status, n in statuses.items() if status // 100 == kind) for kind in (2, 4, 5)]
        table.add_row(label, *(f"{n:,}" for n in (tally.cases[label], *by_kind, tally.failed[label])))
    console.print(table)
    broken = sum(n for statuses in tally.statuses.values() for status, n in statuses.items() if status >= 500)
    phases = ", ".join(f"{name} {n:,}" for name, n in tally.phases.items())
    console.print(f"{tally.total:,} cases ({phases}) of {len(tally.cases)} operations")
    console.print(f"{broken} answers of 5xx, {tally.failed.total()} failures {dict(tally.kinds)}")


if __name__ == "__main__":
    main()
