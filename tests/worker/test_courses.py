"""What a job has cost stands at its attempts, whoever ended them."""

from typing import Any

from core.db import courses
from core.db.models import Metric, Student
from tests.fixtures.clock import by_the_clock
from tests.worker.bench import Bench, recipe, wait_for


def forwards(bench: Bench, job: str) -> list[int | None]:
    return [attempt.teacher_forwards for attempt in bench.attempts(job)]


def prepare(bench: Bench) -> tuple[str, str]:
    """The digits, and a teacher of them."""
    bench.start_worker()
    dataset = bench.add_digits()
    first = bench.add_job(recipe(dataset, None, epochs=8) | {"students": [{"name": "t", "architecture": "resnet8"}]})
    bench.wait_status(first, "succeeded")
    with bench.database.read() as session:
        student = session.query(Student).filter_by(job_id=first).one()
    assert forwards(bench, first) == [0]
    return dataset, bench.add_teacher(student.id, dataset)


def one_student(dataset: str, teacher: str, **training: Any) -> dict[str, Any]:
    students = [{"name": "s", "architecture": "resnet8"}]
    return recipe(dataset, teacher, **training) | {"students": students, "control": False}


def test_attempts_know_what_they_have_cost(sqlite_bench: Bench) -> None:
    bench = sqlite_bench
    dataset, teacher = prepare(bench)
    job = bench.add_job(one_student(dataset, teacher, epochs=40))
    bench.wait_step(job, 20)
    bench.act(job, "pause")
    bench.wait_status(job, "paused")
    bench.act(job, "resume")
    bench.wait_status(job, "succeeded")
    total = bench.job(job).progress["total_steps"] * 64  # type: ignore[index]
    first, second = forwards(bench, job)
    assert first and second and first % 64 == 0 and first + second == total
    assert [attempt.gpus for attempt in bench.attempts(job)] == [0, 0]
    with bench.database.read() as session:
        told = courses.of_jobs(session, [job])[job].spent
        (student,) = session.query(Student).filter_by(job_id=job)
    assert (told.attempts, told.gpu_seconds, told.teacher_forwards) == (2, 0.0, total)
    assert student.metrics["latency_ms"] > 0 and bench.job(job).result["teacher"]["latency_ms"] > 0  # type: ignore[index]
    measured = {name for _, name in all_curves(bench, job) if by_the_clock(name)}
    assert measured == {"images_per_second", "time/data", "system/cpu", "system/memory"}


def all_curves(bench: Bench, job: str) -> set[tuple[str, str]]:
    with bench.database.read() as session:
        return {(row.student_id, row.name) for row in session.query(Metric).filter_by(job_id=job)}


def test_what_a_failed_attempt_has_cost_is_known_too(sqlite_bench: Bench) -> None:
    bench = sqlite_bench
    dataset, teacher = prepare(bench)
    sick = {"epochs": 40, "optimizer": {"lr": 100.0, "weight_decay": 1.0}}
    job = bench.add_job(one_student(dataset, teacher, **sick))
    wait_for("the end", lambda: bench.job(job).status == "failed")
    error = bench.job(job).error
    assert error is not None and error["code"] == "diverged"
    (cost,) = forwards(bench, job)
    assert cost and cost % 64 == 0
