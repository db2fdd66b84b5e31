"""Every named point crossed with every fault: `python -m tests.chaos.crossing`. All must recover.

One small job per pair, on the real stack, in the course of things that comes by the point: a plain training, a pause
with its resume, a cancel, a retry after it, a worker that is shut down, a worker that is killed. Afterwards the job
must have ended as asked, with the bytes and curves of the undisturbed run, and no child may be left.
"""

import json
import random
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import psutil
import typer
from rich.console import Console
from rich.progress import track
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from cli.client import ApiError
from core.db.models import Run
from core.lifecycle import TERMINAL
from tests.chaos.audit import Course, Findings, compare
from tests.chaos.points import FAULTS, FOLDER, all_points
from tests.chaos.stack import Part, Stack
from tests.chaos.work import Work

FAST = {
    "lease_seconds": "2",
    "heartbeat_seconds": "0.3",
    "poll_seconds": "0.2",
    "checkpoint_seconds": "0.2",
    "stop_grace_seconds": "5",
    "max_crashes": "5",  # one strike, and what the course itself brings
}
PATIENCE = 90.0
COURSES = ("plain", "pause", "cancel", "retry", "yield", "lost")
console = Console()


class Failed(Exception):
    """What was not as it must be."""


class PointedStack(Stack):
    """Its API, its worker and the worker's children look for armed points."""

    @property
    def points(self) -> Path:
        return self.folder / "worker-0" / FOLDER

    def _add_api(self) -> Part:
        return self._pointed(super()._add_api(), "api", "--host")

    def _add_worker(self, n: int) -> Part:
        return self._pointed(super()._add_worker(n), "worker", "-A")

    def _pointed(self, part: Part, what: str, first: str) -> Part:
        self.points.mkdir(parents=True, exist_ok=True)
        rest = part.command[part.command.index(first) :]
        part.command = [sys.executable, "-m", "tests.chaos.points", what, str(self.points), *rest]
        return part


@dataclass
class Crossing:
    """One stack, on which pair after pair is tried."""

    stack: PointedStack
    work: Work
    courses: dict[str, str] = field(default_factory=dict)  # point -> the first course that comes by
    n: int = 0

    # --- courses of things --------------------------------------------------------------------------------------

    def run(self, course: str, meanwhile: Callable[[], None] = lambda: None) -> None:
        """A job through its course; `Failed` where it does not end as asked, or not as the undisturbed one did."""
        self.n += 1
        recipe = self.work.recipes()[0] | {"name": f"chaos {self.n}"}
        job = self._insist("/v1/jobs", recipe)["id"]
        asked = "cancelled" if course == "cancel" else "succeeded"
        if course in ("pause", "cancel", "retry"):
            self._until_training(job, meanwhile)
            self._ask(job, "pause" if course == "pause" else "cancel")
        if course in ("pause", "retry"):
            self._until(job, lambda status: status in ("paused", *TERMINAL), meanwhile)
            self._ask(job, "resume" if course == "pause" else "retry")
        if course in ("yield", "lost"):
            self._until_training(job, meanwhile)
            self.stack.hands[0].signal(signal.SIGTERM if course == "yield" else signal.SIGKILL)
        ended = self._until(job, lambda status: status in TERMINAL, meanwhile)
        if ended != asked and not (course == "cancel" and ended == "succeeded"):
            raise Failed(f"{job} {ended}, not {asked}: {self.stack.client.get(f'/v1/jobs/{job}')['error']}")
        self._no_child_is_left()
        if ended == "succeeded":
            self._same_as_undisturbed(job)

    def _until(self, job: str, reached: Callable[[str], bool], meanwhile: Callable[[], None]) -> str:
        deadline = time.monotonic() + PATIENCE
        while True:
            meanwhile()
            try:
                with self.stack.database.read() as session:
                    run = session.scalars(select(Run).where(Run.subject == job)).one()
            except OperationalError:  # it is we who have locked it
                continue
            if reached(run.status):
                return str(run.status)
            if time.monotonic() > deadline:
                raise Failed(f"{job} stays {run.status}, attempt {run.attempt}")
            time.sleep(0.05)

    def _until_training(self, job: str, meanwhile: Callable[[], None]) -> None:
        """Or over, where a fault came before."""

        def training(status: str) -> bool:
            if status in TERMINAL:
                return True
            return status == "running" and (self.stack.client.get(f"/v1/jobs/{job}")["progress"] is not None)

        self._until(job, training, meanwhile)

    def _ask(self, job: str, action: str) -> None:
        if action in self.stack.client.get(f"/v1/jobs/{job}")["available_actions"]:
            self._insist(f"/v1/jobs/{job}/{action}")

    def _insist(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """As somebody would who is told that something broke, or that it was too late."""
        key = f"{self.n} {path}"
        try:
            return self.stack.client.post(path, body, key=key)
        except ApiError as error:
            if error.code == "invalid_transition":
                return {}
            return self.stack.client.post(path, body, key=key)

    def _no_child_is_left(self) -> None:
        deadline = time.monotonic() + 10
        while any("tests.chaos.points" in p.info["cmdline"] and "child" in p.info["cmdline"] for p in _ours(self)):
            if time.monotonic() > deadline:
                raise Failed("a child is left")
            time.sleep(0.05)

    def _same_as_undisturbed(self, job: str) -> None:
        found = Findings()
        with self.stack.database.read() as session:
            undisturbed = Course(session, self.stack, self.work.references[0])
            compare(Course(session, self.stack, job), undisturbed, found, forced=False)
        if not found.clean:
            raise Failed(str({name: rows for name, rows in found.problems().items() if rows}))

    # --- points and faults --------------------------------------------------------------------------------------

    def explore(self) -> None:
        """Which course comes by which point first."""
        before = self.stack.points / "reached"  # by processes that have been here since, and tell each point once
        self.courses |= dict.fromkeys(before.read_text().split(), COURSES[0])
        for course in COURSES:
            (self.stack.points / "reached").unlink(missing_ok=True)
            self.run(course)
            for point in (self.stack.points / "reached").read_text().split():
                self.courses.setdefault(point, course)

    def cross(self, point: str, fault: str) -> bool:
        """Whether the point was struck; `Failed` where something did not recover."""
        armed = self.stack.points / point
        struck = self.stack.points / f"{point}.struck"
        armed.write_text("hold" if fault in ("locked", "broker") else fault)
        world = _World(self.stack, fault, struck)
        try:
            self.run(self.courses[point], world.tend)
        finally:
            was_struck = struck.exists()
            world.restore()
            for file in (armed, struck, struck.with_suffix(".go")):
                file.unlink(missing_ok=True)
        return was_struck


def _ours(crossing: Crossing) -> list[psutil.Process]:
    """Every process that works in this stack's folder."""
    here = str(crossing.stack.folder)
    return [p for p in psutil.process_iter(["cmdline"]) if any(here in part for part in p.info["cmdline"] or [])]


class _World:
    """What is done to the database or the broker while a point is held."""

    def __init__(self, stack: Stack, fault: str, struck: Path) -> None:
        self.stack, self.fault, self.struck = stack, fault, struck
        self.begun = self.over = False
        self.until = 0.0
        self.lock: sqlite3.Connection | None = None

    def tend(self) -> None:
        if self.fault not in ("locked", "broker") or self.over:
            return
        if not self.begun and self.struck.exists():
            self.begun, self.until = True, time.monotonic() + 7
            self._begin()
            self.struck.with_suffix(".go").touch()
        elif self.begun and time.monotonic() > self.until:
            self.restore()

    def _begin(self) -> None:
        if self.fault == "broker" and self.stack.broker is not None:
            self.stack.hold(self.stack.broker)
            self.stack.broker.signal(signal.SIGKILL)
            self.stack.redis_socket.unlink(missing_ok=True)
        if self.fault == "locked":
            self.lock = sqlite3.connect(str(self.stack.database.url.database), timeout=2, isolation_level=None)
            try:
                self.lock.execute("BEGIN EXCLUSIVE")  # longer than any one wait for it
            except sqlite3.OperationalError:  # held at this very point, by whom we hold
                self.lock.close()
                self.lock = None

    def restore(self) -> None:
        self.over = True
        if self.lock is not None:
            with closing(self.lock) as lock:
                lock.execute("ROLLBACK")
            self.lock = None
        if self.fault == "broker" and self.stack.broker is not None:
            self.stack.release(self.stack.broker)


def main(
    seed: Annotated[int, typer.Option(help="Of the order, and of the sample.")] = 1,
    most: Annotated[int | None, typer.Option(help="So many pairs, drawn; default: all.")] = None,
    part: Annotated[str, typer.Option(help="N/M: the Nth of M shares, for several processes at once.")] = "1/1",
    only: Annotated[str | None, typer.Option(help="Points that begin so.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where the report goes, as JSON.")] = None,
) -> None:
    """Exit 0 only if every pair that was tried struck, and recovered."""
    points = [point for point in all_points() if only is None or point.startswith(only)]
    pairs = [(point, fault) for point in points for fault in FAULTS]
    random.Random(seed).shuffle(pairs)
    n, of = map(int, part.split("/"))
    report = cross_all(pairs[n - 1 :: of][:most])
    if out is not None:
        out.write_text(json.dumps(report, indent=1))
    console.print(report)
    if report["failed"] or report["not struck"]:
        raise typer.Exit(1)


def cross_all(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    failed: dict[str, str] = {}
    not_struck: list[str] = []
    struck = 0
    with (
        tempfile.TemporaryDirectory(prefix="cross-", ignore_cleanup_errors=True) as folder,
        PointedStack(Path(folder), "sqlite", workers=1, settings=FAST) as stack,
    ):
        work = Work(stack, 0, epochs=8)
        work.prepare()
        crossing = Crossing(stack, work)
        crossing.explore()
        never = sorted({point for point, _ in pairs} - set(crossing.courses))
        tried = [pair for pair in pairs if pair[0] in crossing.courses]
        for point, fault in track(tried, "pairs", console=console):
            try:
                if crossing.cross(point, fault):
                    struck += 1
                else:
                    not_struck.append(f"{point} x {fault}")
            except Failed as error:
                failed[f"{point} x {fault}"] = str(error)
    return {
        "points": len(crossing.courses),
        "pairs tried": len(tried),
        "struck and recovered": struck,
        "not struck": not_struck,
        "failed": failed,
        "never reached": never,
    }


if __name__ == "__main__":
    typer.run(main)
