"""Thousands of tiny jobs in a row: `python -m tests.chaos.soak --jobs 2000`. Nothing may grow.

The newest jobs stay, older ones are deleted as a user would. What is measured every so often: memory and open files of
the API and of the workers, the rows of the database, the bytes of database and storage, the processes that are there.

The database's bytes do grow, by what is bounded by its age and not by the number of jobs: stored answers (a day) and
the audit (a year). So what must not grow is the number of all other rows.
"""

import json
import statistics
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import psutil
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from sqlalchemy import func, select, text

from core.db.models import Base
from tests.chaos.stack import MODES, Part, Stack
from tests.chaos.work import Stuck, Work

SETTINGS = {"poll_seconds": "0.3"}
AHEAD, KEPT = 6, 40  # jobs that wait or run; finished ones that stay
BY_AGE = ("audit_entries", "idempotency_keys")
console = Console()


@dataclass(frozen=True)
class Sample:
    """After so many jobs. Memory and sizes in MiB."""

    jobs: int
    api_memory: float
    worker_memory: float
    api_files: int
    worker_files: int
    rows: int
    database: float
    storage: float
    processes: int


def sample(stack: Stack, jobs: int) -> Sample:
    api, workers = _process(stack.api), [_process(part) for part in stack.hands]
    files = [path.stat().st_size for path in (stack.folder / "storage").rglob("*") if path.is_file()]
    return Sample(
        jobs=jobs,
        api_memory=_mib(api.memory_info().rss),
        worker_memory=_mib(max(worker.memory_info().rss for worker in workers)),
        api_files=api.num_fds(),
        worker_files=max(worker.num_fds() for worker in workers),
        rows=_rows(stack),
        database=_mib(_database_bytes(stack)),
        storage=_mib(sum(files)),
        processes=sum(len(process.children(recursive=True)) for process in (api, *workers)),
    )


def _process(part: Part) -> psutil.Process:
    assert part.process is not None
    return psutil.Process(part.process.pid)


def _rows(stack: Stack) -> int:
    """Of all tables but those that forget by age."""
    with stack.database.read() as session:
        return sum(
            session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
            if table.name not in BY_AGE
        )


def _database_bytes(stack: Stack) -> int:
    if not stack.database.is_sqlite:
        with stack.database.read() as session:
            return int(session.scalar(text("SELECT pg_database_size(current_database())")) or 0)
    return Path(str(stack.database.url.database)).stat().st_size


def _mib(bytes_: float) -> float:
    return round(bytes_ / 2**20, 1)


class TinyWork(Work):
    """The least that trains: one small student, without a teacher, for one epoch."""

    def recipes(self) -> list[dict[str, Any]]:
        return [self._recipe(None, students=[{"name": "small", "architecture": "resnet8"}])]


def main(
    jobs: Annotated[int, typer.Option(min=10)] = 2000,
    mode: Annotated[str, typer.Option(help=" | ".join(MODES))] = "sqlite",
    every: Annotated[int, typer.Option(min=1, help="Jobs between two samples.")] = 50,
    out: Annotated[Path | None, typer.Option(help="Where the report goes, as JSON.")] = None,
) -> None:
    """Exit 0 only if every job succeeded and nothing grew from the first third to the last one."""
    with (
        tempfile.TemporaryDirectory(prefix="soak-", ignore_cleanup_errors=True) as folder,
        Stack(Path(folder), mode, settings=SETTINGS) as stack,
    ):
        work = TinyWork(stack, 0, epochs=1)
        work.prepare()
        samples = soak(stack, work, jobs, every)
    grown = growth(samples)
    if out is not None:
        out.write_text(json.dumps({"samples": [asdict(one) for one in samples], "grown": grown}, indent=1))
    show(samples, grown)
    if any(share > LIMITS[name] for name, share in grown.items()):
        raise typer.Exit(1)


def soak(stack: Stack, work: Work, jobs: int, every: int) -> list[Sample]:
    samples: list[Sample] = []
    deleted, next_sample = 0, 0
    with Progress(console=console) as bar:
        task = bar.add_task("jobs", total=jobs)
        while True:
            left = work.open() - deleted  # deleted ones are over
            while left < AHEAD and len(work.submitted) < jobs:
                work.submit()
                left += 1
            over = len(work.submitted) - left
            while over - deleted > KEPT:
                _expect_success(stack, work.submitted[deleted])
                stack.client.delete(f"/v1/jobs/{work.submitted[deleted]}")
                deleted += 1
            if over >= next_sample:
                samples.append(sample(stack, over))
                next_sample = over + every
            bar.update(task, completed=over)
            if over == jobs:
                break
            time.sleep(0.2)
        for job in work.submitted[deleted:]:
            _expect_success(stack, job)
    return samples


def _expect_success(stack: Stack, job: str) -> None:
    ended = stack.client.get(f"/v1/jobs/{job}")
    if ended["status"] != "succeeded":
        raise Stuck(f"{job} {ended['status']}: {ended['error']}")


LIMITS = {  # growth from the first third to the last one that is taken for noise, as a share
    "api_memory": 0.10,
    "worker_memory": 0.10,
    "api_files": 0.10,
    "worker_files": 0.10,
    "rows": 0.10,
    "storage": 0.10,
}


def growth(samples: list[Sample]) -> dict[str, float]:
    """By measure; the very beginning is left out: everything is loaded there."""
    steady = samples[max(1, len(samples) // 10) :]
    third = max(1, len(steady) // 3)
    first, last = steady[:third], steady[-third:]
    grown = {}
    for name in LIMITS:
        before, after = (statistics.mean(getattr(one, name) for one in some) for some in (first, last))
        grown[name] = round(after / before - 1, 3)
    return grown


def show(samples: list[Sample], grown: dict[str, float]) -> None:
    names = list(asdict(samples[0]))
    table = Table(*(name.replace("_", "\n") for name in names), title="Memory and sizes in MiB")
    for one in samples[:: max(1, len(samples) // 20)]:
        table.add_row(*(str(value) for value in asdict(one).values()))
    table.add_section()
    table.add_row("grown", *(f"{grown[name]:+.1%}" if name in grown else "" for name in names[1:]))
    console.print(table)


if __name__ == "__main__":
    typer.run(main)
