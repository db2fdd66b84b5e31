"""A worker whose files lie in a bucket: everything it makes is there, and a bucket that is away loses nothing."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from core.db.models import Event, Student
from core.db.session import Database
from core.settings import Settings
from core.storage import open_storage
from tests.fixtures.buckets import S3Server
from tests.worker.bench import Bench, recipe, wait_for

pytestmark = pytest.mark.e2e
OUTAGE = 8.0  # two leases of the bench


@pytest.fixture
def bucket_bench(tmp_path: Path, sqlite_url: str, bucket: dict[str, str]) -> Iterator[Bench]:
    database = Database(sqlite_url)
    bench = Bench(tmp_path, database, broker=None, **bucket)
    bench.storage = open_storage(Settings(data_dir=tmp_path / "reader", _env_file=None, **bucket))
    yield bench
    bench.close()
    database.close()


def log(bench: Bench) -> str:
    return (bench.folder / "worker.log").read_text()


def test_a_job_from_images_to_a_teacher(bucket_bench: Bench) -> None:
    bench = bucket_bench
    bench.start_worker()
    dataset = bench.add_digits()
    first = bench.add_job(recipe(dataset, None, epochs=2))
    bench.wait_status(first, "succeeded")
    assert len(bench.tensors(first)) == 2
    with bench.database.read() as session:
        student = session.scalars(select(Student.id).where(Student.job_id == first)).first()
    assert student is not None
    second = bench.add_job(recipe(dataset, bench.add_teacher(student, dataset), epochs=1))
    bench.wait_status(second, "succeeded")
    assert not list((bench.folder / "storage").iterdir())
    assert not list((bench.folder / "work").rglob("*.*")), "what the runs held is gone with their folders"


def test_a_killed_worker_s_job_goes_on_elsewhere(bucket_bench: Bench, tmp_path: Path) -> None:
    """On a machine with a data dir of its own: the checkpoint comes out of the bucket."""
    bench = bucket_bench
    first = bench.start_worker()
    job = bench.add_job(recipe(bench.add_digits(), None))
    bench.wait_step(job, 60)
    first.kill()
    first.wait()
    bench.start_worker(data_dir=str(tmp_path / "elsewhere"))
    bench.wait_status(job, "succeeded")
    assert len(bench.attempts(job)) > 1
    with bench.database.read() as session:
        said = session.scalars(select(Event.data).where(Event.job_id == job, Event.type == "log")).all()
    assert any("Attempt 2 begins from step" in data["message"] for data in said)
    assert list((tmp_path / "elsewhere" / "cache").iterdir())


def test_a_bucket_that_is_away_is_waited_for(bucket_bench: Bench, s3_server: S3Server) -> None:
    bench = bucket_bench
    bench.start_worker()
    job = bench.add_job(recipe(bench.add_digits(), None))
    bench.wait_step(job, 30)
    s3_server.stop()
    try:
        wait_for("files to wait", lambda: "files wait for the storage" in log(bench))
        time.sleep(OUTAGE)
    finally:
        s3_server.start()
    bench.wait_status(job, "succeeded")
    assert len(bench.tensors(job)) == 2
    assert [attempt.outcome for attempt in bench.attempts(job)] == ["succeeded"], "no attempt is spent"
    assert "Traceback" not in log(bench)


def test_who_waits_for_a_bucket_still_obeys(bucket_bench: Bench, s3_server: S3Server) -> None:
    bench = bucket_bench
    worker = bench.start_worker()
    dataset = bench.add_digits()
    first, second = (bench.add_job(recipe(dataset, None)) for _ in range(2))
    bench.wait_step(first, 30)
    s3_server.stop()
    try:
        wait_for("files to wait", lambda: "files wait for the storage" in log(bench))
        bench.act(first, "cancel")
        bench.wait_status(first, "cancelled")
        wait_for("the second to begin", lambda: bench.attempts(second))
        worker.terminate()
        worker.wait(60)
    finally:
        s3_server.start()
    bench.start_worker()
    bench.wait_status(second, "succeeded")
    assert len(bench.tensors(second)) == 2


def test_a_bucket_that_stays_away_is_a_storage_error(bucket_bench: Bench, s3_server: S3Server) -> None:
    bench = bucket_bench
    worker = bench.start_worker()
    dataset = bench.add_digits()
    worker.terminate()
    worker.wait()
    bench.start_worker(outage_seconds="4")
    job = bench.add_job(recipe(dataset, None))
    bench.wait_step(job, 30)
    s3_server.stop()
    try:
        ended = wait_for("the end", lambda: bench.job(job) if bench.job(job).status == "failed" else None)
    finally:
        s3_server.start()
    assert ended.error["code"] == "storage_error" and ended.error["retryable"]
    assert "does not answer" in ended.error["detail"] and "Traceback" not in str(ended.error)
    assert len(bench.attempts(job)) >= 3


def test_a_worker_does_not_start_without_its_bucket(bucket_bench: Bench) -> None:
    bench = bucket_bench
    worker = bench.start_worker(storage_url="s3://nowhere")
    assert worker.wait(60) != 0
    assert "distillery worker: The bucket nowhere" in log(bench) and "NoSuchBucket" in log(bench)
    assert "Traceback" not in log(bench)
