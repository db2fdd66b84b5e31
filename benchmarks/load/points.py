"""Points in bulk, and the charts of a job that has a million of them, while more come."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from benchmarks.load.place import Finding, Place, Size, milliseconds, place, timed
from core.db import reports
from core.db.models import Job

STUDENTS, NAMES = 4, ("loss/total", "loss/task", "val/top1", "train/top1", "lr")
POINTS, BATCH = 1_000_000, 5_000
TIMES = 1_000
PER_SECOND, GOAL, GROWTH = 100_000, 0.020, 20 * 2**20


@dataclass
class Writer:
    """Writes as a worker does: a transaction for each batch, with the event that tells it."""

    place: Place
    job: str
    students: list[str] = field(default_factory=list)
    step: int = 0

    def write(self, steps: int) -> int:
        """So many further steps of every curve; how many points that is."""
        until = self.step + steps
        points = [
            (step, student, name, 1.0 / (1 + step))
            for step in range(self.step, until)
            for student in self.students
            for name in NAMES
        ]
        with self.place.database.write() as work:
            reports.record_metrics(work, self.job, 1, points)
        self.step = until
        return len(points)


def findings(size: Size) -> Iterator[Finding]:
    with place(size.engine) as here:
        writer = _job(here, size.of(POINTS))
        begun, count = time.perf_counter(), 0
        while count < size.of(POINTS):
            count += writer.write(BATCH // (STUDENTS * len(NAMES)))
        speed = count / (time.perf_counter() - begun)
        what = f"{count:,} points in batches of {BATCH:,}"
        yield Finding(what, f"{speed:,.0f} points/s", f"≥ {PER_SECOND:,} points/s", speed >= PER_SECOND)
        yield from _charts(here, writer, size)


def _charts(here: Place, writer: Writer, size: Size) -> Iterator[Finding]:
    one = f"/v1/jobs/{writer.job}/metrics?names=loss/total&student={writer.students[0]}"
    page = f"/v1/jobs/{writer.job}/metrics"
    timed(lambda: here.service.get(f"/v1/jobs/{here.training}/metrics"), 20)
    before = here.api().memory_info().rss
    with _more(writer):
        yield milliseconds("one curve of it, asked for the first time", timed(lambda: here.service.raw(one), 1))
        times = timed(lambda: here.service.raw(one), size.of(TIMES))
        yield milliseconds("one curve of it, while 20 curves go on", times, GOAL)
        yield milliseconds("all 20 curves, asked for the first time", timed(lambda: here.service.raw(page), 1))
        yield milliseconds("all 20 curves, while they go on", timed(lambda: here.service.raw(page), size.of(200)))
    grown = here.api().memory_info().rss - before
    yield Finding("memory of the API meanwhile", f"{grown / 2**20:+.1f} MiB", "< 20 MB", grown < GROWTH)


def _job(here: Place, points: int) -> Writer:
    """A job that waits for its slot, as the rows see it in the middle of its training."""
    students = [{"name": f"s{i}", "architecture": "resnet8", "seeds": [0]} for i in range(STUDENTS)]
    job = here.service.post("/v1/jobs", {"dataset": here.dataset, "students": students, "control": False})
    steps = 2 * points // (STUDENTS * len(NAMES))
    with here.database.write() as work:
        progress = {"percent": 50.0, "step": 1, "total_steps": steps, "epoch": 1, "total_epochs": 2}
        reports.record_progress(work, work.get_one(Job, job["id"]), 1, progress)
    return Writer(here, job["id"], [student["id"] for student in job["students"]])


@contextmanager
def _more(writer: Writer) -> Iterator[None]:
    """A report of ten steps each second, as from a worker."""
    done = threading.Event()

    def go_on() -> None:
        while not done.wait(1.0):
            writer.write(10)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
