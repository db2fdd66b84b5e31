"""Kill anything, any time: the job ends, with the very bytes and curves of the undisturbed run.

Each database has its turn here; tests/chaos strikes at random on both.
"""

import os
import signal
import subprocess
import time

import psutil
import pytest
from sqlalchemy import select

from core.db.models import Event, Student
from tests.fixtures.clock import untimed
from tests.worker.bench import Bench, recipe, wait_for
from tests.worker.conftest import Redis

pytestmark = pytest.mark.e2e


def prepare(bench: Bench) -> tuple[str, str]:
    """A worker, the digits, and a teacher that the service has trained itself."""
    bench.start_worker()
    dataset = bench.add_digits()
    first = bench.add_job(
        recipe(dataset, None, epochs=12) | {"students": [{"name": "teacher", "architecture": "resnet14"}]}
    )
    bench.wait_status(first, "succeeded")
    with bench.database.read() as session:
        student = session.scalars(select(Student).where(Student.job_id == first)).one()
    return dataset, bench.add_teacher(student.id, dataset)


def assert_no_gap_no_double(bench: Bench, job: str) -> None:
    with bench.database.read() as session:
        numbers = list(session.scalars(select(Event.seq).where(Event.job_id == job).order_by(Event.seq)))
    assert numbers == list(range(1, bench.job(job).last_seq + 1))


def test_killing_child_worker_and_broker_changes_no_byte_and_no_point(postgres_bench: Bench, redis: Redis) -> None:
    bench = postgres_bench
    dataset, teacher = prepare(bench)
    undisturbed = bench.add_job(recipe(dataset, teacher))
    bench.wait_status(undisturbed, "succeeded")

    disturbed = bench.add_job(recipe(dataset, teacher))
    bench.wait_step(disturbed, 25)
    bench.training_child().kill()
    wait_for("a second attempt", lambda: len(bench.attempts(disturbed)) == 2)
    bench.wait_step(disturbed, 100)
    child = bench.training_child()
    bench.workers[-1].kill()  # kill -9 of the worker alone: the child notices by its lifeline
    wait_for("the orphan to end", lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, 10)
    bench.start_worker()
    wait_for("a third attempt", lambda: len(bench.attempts(disturbed)) == 3)
    bench.wait_step(disturbed, 180)
    redis.kill()
    bench.wait_status(disturbed, "succeeded")
    redis.start()

    outcomes = [attempt.outcome for attempt in bench.attempts(disturbed)]
    assert outcomes == ["crashed", "lost", "succeeded"]
    assert bench.attempts(disturbed)[0].signal == signal.SIGKILL
    assert bench.tensors(disturbed) == bench.tensors(undisturbed)
    assert bench.curves(disturbed) == bench.curves(undisturbed)
    assert_no_gap_no_double(bench, disturbed)
    assert untimed(bench.job(disturbed).result) == untimed(bench.job(undisturbed).result)


def test_pause_resume_yield_and_zombie_change_no_byte(sqlite_bench: Bench) -> None:
    bench = sqlite_bench
    dataset, teacher = prepare(bench)
    undisturbed = bench.add_job(recipe(dataset, teacher))
    bench.wait_status(undisturbed, "succeeded")

    disturbed = bench.add_job(recipe(dataset, teacher))
    bench.wait_step(disturbed, 30)
    bench.act(disturbed, "pause")
    bench.wait_status(disturbed, "paused")
    bench.act(disturbed, "resume")
    bench.wait_status(disturbed, "running")
    bench.wait_step(disturbed, 100)
    child = bench.training_child()
    bench.workers[-1].send_signal(signal.SIGTERM)  # a deployment: the run yields
    assert bench.workers[-1].wait(timeout=20) == 0
    assert not psutil.pid_exists(child.pid)
    bench.wait_status(disturbed, "queued")

    zombie = bench.start_worker()
    bench.wait_status(disturbed, "running")
    bench.wait_step(disturbed, 180)
    child = bench.training_child()
    bench.suspend(zombie)
    child.suspend()  # worker and child sleep longer than the lease
    bench.start_worker()
    wait_for("a takeover", lambda: len(bench.attempts(disturbed)) == 4)
    child.resume()
    os.killpg(zombie.pid, signal.SIGCONT)
    wait_for("the zombie's child to end itself", lambda: not child.is_running() or child.status() == "zombie", 10)
    bench.wait_status(disturbed, "succeeded")

    assert [attempt.outcome for attempt in bench.attempts(disturbed)] == ["paused", "yielded", "lost", "succeeded"]
    assert bench.tensors(disturbed) == bench.tensors(undisturbed)
    assert bench.curves(disturbed) == bench.curves(undisturbed)
    assert_no_gap_no_double(bench, disturbed)


def test_a_cancelled_job_leaves_no_process_and_a_free_slot(sqlite_bench: Bench) -> None:
    bench = sqlite_bench
    bench.start_worker()
    dataset = bench.add_digits()
    job = bench.add_job(recipe(dataset, None, epochs=2000))
    bench.wait_step(job, 10)
    child = bench.training_child()
    bench.act(job, "cancel")
    bench.wait_status(job, "cancelled")
    wait_for("the child to end", lambda: not psutil.pid_exists(child.pid), 10)
    short = bench.add_job(recipe(dataset, None, epochs=1))
    bench.wait_status(short, "succeeded")


def test_a_child_that_ignores_every_request_is_killed_with_its_group(sqlite_bench: Bench) -> None:
    bench = sqlite_bench
    bench.start_worker(stop_grace_seconds="1")
    dataset = bench.add_digits()
    job = bench.add_job(recipe(dataset, None, epochs=2000))
    bench.wait_step(job, 10)
    child = bench.training_child()
    child.suspend()  # deaf to everything but SIGKILL
    bench.act(job, "cancel")
    bench.wait_status(job, "cancelled")
    assert not psutil.pid_exists(child.pid)


def test_a_job_that_keeps_dying_ends_as_a_crash_loop_that_shows_why(sqlite_bench: Bench) -> None:
    bench = sqlite_bench
    bench.start_worker(checkpoint_seconds="3600")
    dataset = bench.add_digits()
    job = bench.add_job(recipe(dataset, None, epochs=1, log_every=1, batch_size=600))
    for n in (1, 2, 3):
        wait_for(f"attempt {n}", lambda n=n: len(bench.attempts(job)) >= n)
        bench.training_child().kill()
    ended = wait_for("the end", lambda: bench.job(job) if bench.job(job).status == "failed" else None)
    assert ended.error["code"] == "crash_loop" and "signal 9" in ended.error["detail"]


def test_without_any_broker_jobs_are_found_by_polling(sqlite_bench: Bench) -> None:
    bench = sqlite_bench
    del bench.environment["DISTILLERY_BROKER_URL"]
    worker: subprocess.Popen[bytes] = bench.start_worker()
    dataset = bench.add_digits()
    job = bench.add_job(recipe(dataset, None, epochs=1))
    bench.wait_status(job, "succeeded")
    assert worker.poll() is None


def test_a_damaged_checkpoint_is_passed_over(sqlite_bench: Bench) -> None:
    bench = sqlite_bench
    worker = bench.start_worker()
    dataset = bench.add_digits()
    undisturbed = bench.add_job(recipe(dataset, None))
    bench.wait_status(undisturbed, "succeeded")
    job = bench.add_job(recipe(dataset, None))
    wait_for(
        "two checkpoints", lambda: len(list((bench.folder / "storage/jobs" / job).glob("checkpoints/*.ckpt"))) == 2
    )
    worker.kill()
    time.sleep(0.3)
    newest = max((bench.folder / "storage/jobs" / job / "checkpoints").glob("*.ckpt"), key=lambda p: p.name)
    newest.write_bytes(newest.read_bytes()[:1000])
    bench.start_worker()
    bench.wait_status(job, "succeeded")
    assert bench.tensors(job) == bench.tensors(undisturbed)
    assert bench.curves(job) == bench.curves(undisturbed)
