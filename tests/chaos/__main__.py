"""Kill anything, any time: `python -m tests.chaos --kills 1000 --stops 200 --jobs 300 --mode sqlite`.

Exit 0 only if nothing was lost, doubled or different, and at least one strike hit a running attempt.
"""

import json
import random
import statistics
import tempfile
import time
from math import inf
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tests.chaos.audit import Findings, audit
from tests.chaos.broken import GUARDS
from tests.chaos.killer import Killer
from tests.chaos.stack import MODES, Stack
from tests.chaos.work import Stuck, Work

AHEAD = 5  # jobs that wait or run at any time
FAST = {"lease_seconds": "3", "heartbeat_seconds": "0.5", "poll_seconds": "0.3", "checkpoint_seconds": "0.3"}
# Chaos kills an attempt as often as it likes; a job that kills its own child is tests/worker's affair.
BUDGET = {"max_crashes": "1000"}
console = Console()


def main(
    seed: Annotated[int, typer.Option(help="The same seed draws the same strikes.")] = 1,
    kills: Annotated[int, typer.Option(min=0, help="SIGKILLs of child, worker, API and broker.")] = 100,
    stops: Annotated[int, typer.Option(min=0, help="SIGSTOPs longer than a lease.")] = 20,
    terms: Annotated[int, typer.Option(min=0, help="SIGTERMs of a worker that trains: deployments.")] = 0,
    jobs: Annotated[int, typer.Option(min=1, help="Jobs among which they are spread.")] = 30,
    mode: Annotated[str, typer.Option(help=" | ".join(MODES))] = "sqlite",
    off: Annotated[str | None, typer.Option("--break", help="Guard to switch off: " + " | ".join(GUARDS))] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Of each job.")] = 12,
    workers: Annotated[int, typer.Option(min=1)] = 2,
    defaults: Annotated[bool, typer.Option(help="Leases and polls as a user has them, not a test's.")] = False,
    apart: Annotated[float, typer.Option(min=0, help="Seconds between two strikes, at least.")] = 0.0,
    out: Annotated[Path | None, typer.Option(help="Where the report goes, as JSON.")] = None,
    keep: Annotated[Path | None, typer.Option(help="Folder of the stack; default: one that is removed.")] = None,
) -> None:
    """Real tiny jobs on the real stack under a seeded killer, and an audit of every row and file."""
    if mode not in MODES:
        raise typer.BadParameter(f"one of {', '.join(MODES)}", param_hint="--mode")
    settings = BUDGET if defaults else FAST | BUDGET
    lease = 30.0 if defaults else float(FAST["lease_seconds"])
    begun = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as scratch,
        Stack(keep or Path(scratch), mode, workers=workers, guard=off, settings=settings) as stack,
    ):
        work = Work(stack, seed, epochs)
        console.print(f"seed {seed}, {mode}: the undisturbed runs")
        work.prepare()
        killer = Killer(stack, random.Random(seed), stop_seconds=1.6 * lease)
        stuck = rage(work, killer, {"kill": kills, "stop": stops, "term": terms}, jobs, apart)
        found = audit(stack, work, killer.hits)
    report = summary(found, killer, seed=seed, mode=mode, off=off, jobs=len(work.submitted), lease=lease)
    report["minutes"] = round((time.monotonic() - begun) / 60, 1)
    report["stuck"] = stuck
    if out is not None:
        out.write_text(json.dumps(report, indent=1))
    show(report)
    if not found.clean or stuck or not found.hits:
        raise typer.Exit(1)


def rage(work: Work, killer: Killer, strikes: dict[str, int], jobs: int, apart: float = 0.0) -> str | None:
    """Strikes `apart` seconds from each other or more, spread evenly over the jobs; then everybody may finish.

    Says what hangs, if something does.
    """
    deck = [how for how, times in strikes.items() for _ in range(times)]
    killer.random.shuffle(deck)
    total, chance, struck_at = len(deck), killer.random, -inf
    strike = {"kill": killer.kill, "stop": killer.stop, "term": killer.term}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bars:
        done_bar, struck_bar = bars.add_task("jobs over", total=jobs), bars.add_task("strikes", total=total)
        since, last = time.monotonic(), -1
        try:
            while True:
                left = work.open()
                over = len(work.submitted) - left
                if over != last:
                    last, since = over, time.monotonic()
                if time.monotonic() - since > 300:
                    raise Stuck(work.what_is_open())
                while left < AHEAD and (len(work.submitted) < jobs or deck):
                    work.submit()
                    left += 1
                struck = total - len(deck)
                bars.update(done_bar, completed=over)
                bars.update(struck_bar, completed=struck)
                rested = time.monotonic() - struck_at >= apart
                if deck and rested and struck <= total * (over + 0.7 * min(left, 2)) / jobs:
                    how = deck.pop()
                    if strike[how]():
                        struck_at = time.monotonic()
                    else:
                        deck.insert(chance.randrange(len(deck) + 1), how)  # nobody was there: later
                if left == 0:
                    return None
                time.sleep(chance.expovariate(2.0))
        except Stuck as stuck:
            return str(stuck)
        finally:
            killer.finish()


def summary(
    found: Findings, killer: Killer, *, seed: int, mode: str, off: str | None, jobs: int, lease: float
) -> dict[str, object]:
    return {
        "seed": seed,
        "mode": mode,
        "switched off": off,
        "jobs": jobs,
        "sent": dict(killer.sent),
        "hit a running attempt": found.hits,
        "woke after a takeover": killer.zombies,
        "attempts": dict(found.outcomes),
        "recovery seconds": quantiles(found.recovery) | {"lease": lease},
        "seconds to the next attempt": quantiles(found.waited),
        "graceful stop seconds": quantiles(killer.yields),
        "redone seconds": quantiles(found.redone),
        **{name: {"count": len(rows), "first": rows[:5]} for name, rows in found.problems().items()},
    }


def quantiles(seconds: list[float]) -> dict[str, float]:
    if len(seconds) < 2:
        return {}
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return {"p50": round(cuts[49], 1), "p99": round(cuts[98], 1), "max": round(max(seconds), 1)}


def show(report: dict[str, object]) -> None:
    table = Table(show_header=False, title="Chaos")
    for name, value in report.items():
        bad = isinstance(value, dict) and value.get("count")
        table.add_row(name, str(value["count"] if isinstance(value, dict) and "count" in value else value))
        if bad and isinstance(value, dict):
            for line in value["first"]:
                table.add_row("", f"[red]{line}")
    console.print(table)


if __name__ == "__main__":
    typer.run(main)
