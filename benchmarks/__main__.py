"""`make bench`, or `python -m benchmarks [NAME …]`: what the program is measured by, as one table."""

import argparse
import os
import platform
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from benchmarks import dashboard, data, first_metric, loss, memory, step, students
from benchmarks.measure import Row, Scale

BENCHMARKS: dict[str, Callable[[Scale], Iterator[Row]]] = {
    "loss": loss.rows,
    "step": step.rows,
    "students": students.rows,
    "data": data.rows,
    "first_metric": first_metric.rows,
    "memory": memory.rows,
    "dashboard": dashboard.rows,
}


def machine(threads: int) -> str:
    """The processor, how much of it, and with what it computes."""
    info = Path("/proc/cpuinfo")
    names = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
    cpu = names[0] if names else platform.processor() or platform.machine()
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{cpu}, {os.cpu_count()} cores{load}; torch {torch.__version__} with {threads} thread(s)"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"default: all of {', '.join(BENCHMARKS)}")
    parser.add_argument("--quick", action="store_true", help="only see that they run; the figures mean nothing")
    parser.add_argument("--threads", type=int, default=1, help="of torch, on both sides (default 1)")
    wish = parser.parse_args()
    if unknown := [name for name in wish.names if name not in BENCHMARKS]:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are: {', '.join(BENCHMARKS)}")
    scale = Scale(wish.quick, wish.threads)
    torch.set_num_threads(scale.threads)
    console = Console(width=None if sys.stdout.isatty() else 160)
    columns = ("benchmark", "this", "median", "against", "median", "times as fast (quartiles)")
    table = Table(*columns, title=machine(scale.threads), caption="2 is twice as fast, 0.5 takes twice as long")
    for name in wish.names or BENCHMARKS:
        console.print(f"[dim]{name} …[/dim]")
        for row in BENCHMARKS[name](scale):
            table.add_row(name, row.this, row.measured, row.against, row.against_measured, row.ratio)
        table.add_section()
    console.print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
