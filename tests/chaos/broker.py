"""A broker that is absent, nowhere, flushed or restarted: `python -m tests.chaos.broker`.

Every job must finish, and begin at most three seconds later than with a broker that is there.
"""

import json
import random
import signal
import statistics
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import redis
import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from core.db.models import Attempt, Job, Run
from tests.chaos.stack import Part, Stack
from tests.chaos.work import Work

MOST_SECONDS = 3.0
console = Console()


class NowhereStack(Stack):
    """Its broker's address leads nowhere, from the first to the last moment."""

    def _add_broker(self) -> Part:
        part = super()._add_broker()
        part.wanted = False
        return part


def flush(stack: Stack, _chance: random.Random) -> None:
    with suppress(redis.RedisError), redis.Redis(unix_socket_path=str(stack.redis_socket)) as server:
        server.flushall()


def restart(stack: Stack, _chance: random.Random) -> None:
    assert stack.broker is not None
    stack.broker.signal(signal.SIGKILL)
    stack.redis_socket.unlink(missing_ok=True)


def nothing(_stack: Stack, _chance: random.Random) -> None:
    pass


CASES = {
    "there": (Stack, "sqlite", nothing),
    "absent": (Stack, "no-broker", nothing),
    "nowhere": (NowhereStack, "sqlite", nothing),
    "flushed": (Stack, "sqlite", flush),
    "restarted": (Stack, "sqlite", restart),
}


def latencies(case: str, jobs: int, seed: int) -> list[float]:
    """From each job's creation to its first attempt, on an idle stack with the default poll."""
    kind, mode, disturb = CASES[case]
    chance = random.Random(seed)
    with (
        tempfile.TemporaryDirectory(prefix="broker-", ignore_cleanup_errors=True) as folder,
        kind(Path(folder), mode, workers=1) as stack,
    ):
        work = Work(stack, seed, epochs=1)
        work.prepare()
        for _ in range(jobs):
            time.sleep(chance.uniform(0.5, 2.5))  # at any moment between two polls
            work.submit()
            disturb(stack, chance)
            work.wait_all()
        with stack.database.read() as session:
            rows = session.execute(
                select(Job.status, Job.created_at, Attempt.started_at)
                .join(Run, Run.subject == Job.id)
                .join(Attempt, (Attempt.run_id == Run.id) & (Attempt.n == 1))
                .where(Job.id.in_(work.submitted))
            ).all()
    assert len(rows) == jobs and all(status == "succeeded" for status, _, _ in rows), rows
    return [(started - created).total_seconds() for _, created, started in rows]


def main(
    jobs: Annotated[int, typer.Option(min=2, help="Of each case.")] = 20,
    seed: Annotated[int, typer.Option()] = 1,
    out: Annotated[Path | None, typer.Option(help="Where the report goes, as JSON.")] = None,
) -> None:
    """Exit 0 only if every job succeeded and none began more than three seconds later than the median with a broker."""
    table = Table("broker", "jobs", "p50 s", "max s", title="From creation to the first attempt")
    report = {}
    for case in CASES:
        seconds = latencies(case, jobs, seed)
        report[case] = {"jobs": jobs, "p50": statistics.median(seconds), "max": max(seconds)}
        table.add_row(case, str(jobs), f"{statistics.median(seconds):.2f}", f"{max(seconds):.2f}")
    console.print(table)
    if out is not None:
        out.write_text(json.dumps(report, indent=1))
    if any(row["max"] > report["there"]["p50"] + MOST_SECONDS for row in report.values()):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
