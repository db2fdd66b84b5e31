"""How an attempt ended, judged from outside: every way to die has its own outcome."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from core.errors import Failure
from core.events import Failed, Finished, Stopped
from core.leasing import Outcome
from core.lifecycle import JobStatus
from core.spawn import Exit
from tests.worker.bench import Bench, recipe, wait_for
from worker.failures import failure_of
from worker.judging import AMPLE_ROOM, Circumstances, Last, judge

KILLED = Exit(code=None, signal=9, peak_memory=2**31, log_tail="")
GONE = Exit(code=1, signal=None, peak_memory=2**28, log_tail="Traceback")
FINE = Exit(code=0, signal=None, peak_memory=2**28, log_tail="")
RUNNING, PAUSING, CANCELLING = JobStatus.RUNNING, JobStatus.PAUSING, JobStatus.CANCELLING
DIVERGED = Failed("diverged", "It diverged", "Everybody did.")
FULL = failure_of(OSError(28, "No space left on device"))
EIO = failure_of(OSError(5, "Input/output error"))


@pytest.mark.parametrize(
    ("last", "exit_", "failure", "around", "outcome", "code"),
    [
        (Finished({}), FINE, None, Circumstances(RUNNING), "succeeded", None),
        (Finished({}), FINE, None, Circumstances(CANCELLING), "succeeded", None),
        (Stopped(3), FINE, None, Circumstances(RUNNING), "yielded", None),
        (Stopped(3), FINE, None, Circumstances(PAUSING), "paused", None),
        (Stopped(3), FINE, None, Circumstances(CANCELLING), "cancelled", None),
        (None, KILLED, None, Circumstances(PAUSING, forced=True), "paused", None),
        (None, KILLED, None, Circumstances(CANCELLING, forced=True), "cancelled", None),
        (None, KILLED, None, Circumstances(RUNNING), "crashed", None),
        (None, GONE, None, Circumstances(RUNNING), "crashed", None),
        (None, KILLED, None, Circumstances(RUNNING, oom_kills=1), "crashed", "out_of_memory"),
        (None, GONE, None, Circumstances(RUNNING, oom_kills=1), "crashed", None),
        (DIVERGED, FINE, None, Circumstances(RUNNING), "failed", "diverged"),
        (Finished({}), FINE, FULL, Circumstances(RUNNING), "paused", "disk_full"),
        (Finished({}), FINE, FULL, Circumstances(RUNNING, free_bytes=2 * AMPLE_ROOM), "crashed", "disk_full"),
        (Finished({}), FINE, EIO, Circumstances(RUNNING), "crashed", "storage_error"),
        (None, None, Failure("file_missing", "t", "d"), Circumstances(RUNNING), "failed", "file_missing"),
    ],
)
def test_the_outcome(
    last: Last, exit_: Exit | None, failure: Failure | None, around: Circumstances, outcome: Outcome, code: str | None
) -> None:
    ending, told = judge(last, exit_, failure, around)
    assert (ending.outcome, told.code if told else None) == (outcome, code)
    assert (ending.signal, ending.peak_memory) == ((exit_.signal, exit_.peak_memory) if exit_ else (None, None))


def test_what_meets_a_full_disk_needs_more_than_goes_away_by_itself() -> None:
    around = Circumstances(RUNNING, free_bytes=10, scratch_bytes=1000, checkpoint_bytes=2**30)
    ending, _ = judge(None, None, FULL, around)
    assert ending.needs_bytes == 10 + 1000 + 3 * 2**30


@pytest.fixture
def little_memory() -> Iterator[Path]:
    """A control group with 450 MB: a worker fits, a child that trains with large batches does not."""
    root = Path("/sys/fs/cgroup/memory")
    group = (root if root.is_dir() else root.parent) / f"distillery-{uuid4().hex[:8]}"
    limit = "memory.limit_in_bytes" if root.is_dir() else "memory.max"
    try:
        group.mkdir()
        (group / limit).write_text(str(450 << 20))
    except OSError:
        pytest.skip("only root can make a control group for memory")
    yield group
    for _ in range(100):
        try:
            group.rmdir()
            break
        except OSError:
            time.sleep(0.1)


@pytest.mark.e2e
def test_a_job_that_runs_out_of_memory_is_told_from_one_that_crashes(sqlite_bench: Bench, little_memory: Path) -> None:
    """The kernel's own verdict, three times."""
    bench = sqlite_bench
    bench.start_worker()
    dataset = bench.add_digits()
    bench.workers[-1].kill()
    wide = [{"name": f"wide{n}", "architecture": "resnet110"} for n in range(3)]
    job = bench.add_job(recipe(dataset, None, batch_size=1024) | {"students": wide})
    worker = bench.start_worker()
    (little_memory / "cgroup.procs").write_text(str(worker.pid))
    ended = wait_for("the end", lambda: bench.job(job) if bench.job(job).status == "failed" else None)
    assert ended.error["code"] == "out_of_memory" and "GiB" in ended.error["detail"]
    assert [attempt.signal for attempt in bench.attempts(job)] == [9, 9, 9]
    assert all(attempt.peak_memory for attempt in bench.attempts(job))
    assert worker.poll() is None, "the child was ended, not the worker"
    os.kill(worker.pid, 0)
