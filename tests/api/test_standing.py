"""What a row of a list tells of a job without its curves: how far its best student is, and what it has cost."""

from datetime import UTC, datetime, timedelta

from starlette.testclient import TestClient

from core.db import reports, runs, standing
from core.db.curves import Measured
from core.db.models import Attempt, Student, now
from core.db.session import Database
from tests.fixtures.service import Make


def top1(client: TestClient, job: str) -> float | None:
    told: float | None = client.get(f"/v1/jobs/{job}").json()["top1"]
    assert client.get("/v1/jobs").json()["data"][0]["top1"] == told
    return told


def test_the_best_student_so_far(client: TestClient, make: Make, database: Database) -> None:
    """The mean over the seeds of the student that leads, by the newest figures; controls do not count."""
    job = make.job()
    id, (first, second, medium, control, *_) = job["id"], [student["id"] for student in job["students"]]
    assert top1(client, id) is None

    def record(step: int, *values: tuple[str, float]) -> None:
        with database.write() as work:
            points: list[Measured] = [(step, student, "val/top1", value) for student, value in values]
            reports.record_metrics(work, id, 1, [*points, (step, first, "loss/total", 9.0)])

    record(10, (first, 0.5), (second, 0.75), (medium, 0.5), (control, 0.99))
    assert top1(client, id) == 0.625
    record(20, (first, 0.25), (second, 0.25), (medium, 0.75))
    assert top1(client, id) == 0.75
    with database.write() as work:
        reports.rewind(work, id, 2, 10)
    assert top1(client, id) == 0.625, "as it was at the checkpoint"
    with database.write() as work:
        student = work.get_one(Student, first)
        reports.fail_student(work, student, 2, {"code": "diverged", "title": "", "detail": "NaN"})
    assert top1(client, id) == 0.75, "a seed that has failed tells nothing any more"
    with database.write() as work:
        groups = [{"role": "control", "top1": 0.9}, {"role": "student", "top1": 0.5}, {"role": "student", "top1": 0.7}]
        standing.settle(work, id, {"groups": groups})
    assert top1(client, id) == 0.7, "when it is over, what the result says"
    with database.write() as work:
        reports.rewind(work, id, 3, None)
    assert top1(client, id) is None


def test_what_a_job_has_spent(client: TestClient, make: Make, database: Database) -> None:
    job = make.job()["id"]
    nothing = {"attempts": 0, "slot_seconds": 0.0, "gpu_seconds": 0.0, "teacher_forwards": 0}
    assert client.get(f"/v1/jobs/{job}").json()["spent"] == nothing
    begun = datetime(2026, 1, 1, tzinfo=UTC)
    with database.write() as work:
        run = runs.of_subject(work, job)
        assert run is not None
        for n, (seconds, gpus, forwards) in enumerate(((10, 0, None), (20, 2, 640)), start=1):
            ended = begun + timedelta(seconds=seconds)
            fields = {"started_at": begun, "ended_at": ended, "gpus": gpus, "teacher_forwards": forwards}
            work.add(Attempt(run_id=run.id, n=n, worker_id="wrk_a", **fields))
    spent = {"attempts": 2, "slot_seconds": 30.0, "gpu_seconds": 40.0, "teacher_forwards": 640}
    assert client.get(f"/v1/jobs/{job}").json()["spent"] == spent
    assert client.get("/v1/jobs").json()["data"][0]["spent"] == spent
    with database.write() as work:  # one that goes on counts up to now
        work.add(Attempt(run_id=run.id, n=3, worker_id="wrk_a", started_at=now() - timedelta(seconds=50)))
    spent = client.get(f"/v1/jobs/{job}").json()["spent"]
    assert spent["attempts"] == 3
    assert 80 <= spent["slot_seconds"] < 680
