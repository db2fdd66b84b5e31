"""`python -m benchmarks.load [NAME …]`: what the service stands, each figure beside its goal, as one table.

Clients, service and the training job share the machine. Ends with 1 where a goal is missed.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.table import Table

from benchmarks.load import hooks, jobs, points, streams, trickle
from benchmarks.load.place import ENGINES, Finding, Size

LOADS: dict[str, Callable[[Size], Iterator[Finding]]] = {
    "streams": streams.findings,
    "points": points.findings,
    "jobs": jobs.findings,
    "trickle": trickle.findings,
    "hooks": hooks.findings,
}
VERDICT = {True: "met", False: "[bold]missed[/bold]", None: ""}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"default: all of {', '.join(LOADS)}")
    parser.add_argument("--engine", choices=ENGINES, default="sqlite", help="the service's database")
    parser.add_argument("--quick", action="store_true", help="only see that it runs; the figures mean nothing")
    wish = parser.parse_args()
    if unknown := [name for name in wish.names if name not in LOADS]:
        parser.error(f"there is no load {unknown[0]!r}; there are: {', '.join(LOADS)}")
    console = Console(width=None if sys.stdout.isatty() else 160)
    table = Table("load", "what", "measured", "goal", "", title=f"{wish.engine}, {os.cpu_count()} cores")
    missed = False
    for name in wish.names or LOADS:
        before = os.getloadavg()[0]
        for finding in LOADS[name](Size(wish.quick, wish.engine)):
            table.add_row(name, finding.what, finding.measured, finding.goal, VERDICT[finding.met])
            console.print(f"[dim]{name}: {finding.what}: {finding.measured}[/dim]")
            missed = missed or finding.met is False
        table.add_row("", f"load of the machine before: {before:.1f}", "", "", "", end_section=True)
    console.print(table)
    return 0 if wish.quick or not missed else 1


if __name__ == "__main__":
    sys.exit(main())
