"""Curves: columns whose buckets keep the spikes and do not move when points are appended."""

from typing import Any

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from core.db import reports
from core.db.metrics import bucket_width
from core.db.models import Job
from core.db.session import Database
from tests.fixtures.service import Make


@pytest.mark.parametrize(("last", "points", "width"), [(0, 1, 1), (9, 10, 1), (10, 10, 2), (1000, 10, 128), (7, 1, 8)])
def test_the_width_of_a_bucket(last: int, points: int, width: int) -> None:
    assert bucket_width(last, points) == width
    assert last // width + 1 <= points


def record(database: Database, job: str, student: str, steps: range, total: int = 1000) -> None:
    with database.write() as work:
        points = [(step, student, "loss/total", 1e6 if step == 333 else float(step)) for step in steps]
        reports.record_metrics(work, job, 1, points)
        work.execute(update(Job).where(Job.id == job).values(progress={"total_steps": total, "step": steps[-1]}))


def curve(client: TestClient, job: str, query: str = "") -> dict[str, Any]:
    body = client.get(f"/v1/jobs/{job}/metrics?{query}").json()
    (only,) = body["series"]
    found: dict[str, Any] = only | {"sampled": body["sampled"]}
    return found


def test_every_point_while_they_are_few(client: TestClient, make: Make, database: Database) -> None:
    job = make.job()
    student = job["students"][0]["id"]
    record(database, job["id"], student, range(0, 50, 10))
    with database.write() as work:
        reports.record_metrics(work, job["id"], 1, [(0, "", "teacher/top1", 0.75)])
    body = client.get(f"/v1/jobs/{job['id']}/metrics").json()
    teacher, ours = body["series"]
    assert (teacher["student"], teacher["name"], teacher["value"]) == (None, "teacher/top1", [0.75])
    assert ours == {
        "student": student,
        "name": "loss/total",
        "step": [0, 10, 20, 30, 40],
        "value": [0.0, 10.0, 20.0, 30.0, 40.0],
        "min": [0.0, 10.0, 20.0, 30.0, 40.0],
        "max": [0.0, 10.0, 20.0, 30.0, 40.0],
        "points": 5,
    }
    assert (body["sampled"], body["width"]) == (False, 2)  # of the thousand steps to come, two share a point
    assert client.get(f"/v1/jobs/{job['id']}/metrics?names=teacher/top1,val/top1").json()["series"] == [teacher]
    assert client.get(f"/v1/jobs/{job['id']}/metrics?student={student}").json()["series"] == [ours]
    assert client.get(f"/v1/jobs/{job['id']}/metrics?student=stu_none").status_code == 404


def test_buckets_keep_spikes_and_never_move(client: TestClient, make: Make, database: Database) -> None:
    job = make.job()
    student = job["students"][0]["id"]
    record(database, job["id"], student, range(0, 500))
    before = curve(client, job["id"], "max_points=20")
    record(database, job["id"], student, range(500, 1000))
    after = curve(client, job["id"], "max_points=20")
    assert before["sampled"]
    assert len(after["step"]) <= 20
    full = len(before["step"]) - 1  # the last bucket was still filling
    for column in ("step", "value", "min", "max"):
        assert after[column][:full] == before[column][:full]
    spiked = after["max"].index(1e6)
    assert spiked == 333 // 64
    assert after["min"][spiked] == 320.0
    assert after["value"][spiked] == 383.0


def test_a_rewind_leaves_no_double(client: TestClient, make: Make, database: Database) -> None:
    job = make.job()
    student = job["students"][0]["id"]
    record(database, job["id"], student, range(0, 100, 10))
    with database.write() as work:
        reports.rewind(work, job["id"], 2, 40)
    record(database, job["id"], student, range(50, 100, 10))
    assert curve(client, job["id"])["step"] == list(range(0, 100, 10))


# --- of several jobs ------------------------------------------------------------------------------------------------


def test_curves_of_several_jobs_are_those_of_each(client: TestClient, make: Make, database: Database) -> None:
    jobs = [make.job() for _ in range(3)]
    for job, (steps, total) in zip(jobs, ((range(0, 100, 10), 100), (range(500), 1000), ([], 0)), strict=True):
        for student in job["students"][:2]:
            if steps:
                record(database, job["id"], student["id"], steps, total)  # type: ignore[arg-type]
    with database.write() as work:
        reports.record_metrics(work, jobs[0]["id"], 1, [(0, "", "teacher/top1", 0.75)])
    for names in ("loss/total", "loss/total,teacher/top1", "nothing"):
        asked = [job["id"] for job in reversed(jobs)]
        query = "&".join(f"job={id}" for id in [*asked, asked[0]])
        told = client.get(f"/v1/metrics?{query}&names={names}&max_points=20").json()
        assert told["object"] == "metrics_list"
        assert [one["job"] for one in told["data"]] == asked
        for one in told["data"]:
            alone = client.get(f"/v1/jobs/{one.pop('job')}/metrics?names={names}&max_points=20").json()
            assert one | {"object": "metrics"} == alone
    assert [len(one["series"]) for one in client.get(f"/v1/metrics?{query}&names=loss/total").json()["data"]] == [
        0,
        2,
        2,
    ]


def test_what_cannot_be_asked_of_several(client: TestClient, stranger: TestClient, make: Make) -> None:
    ours = make.job()["id"]
    for query in (
        "names=val/top1",
        f"job={ours}",
        f"job={ours}&names=a&max_points=0",
        "&".join(["job=a"] * 51) + "&names=a",
    ):
        answer = client.get(f"/v1/metrics?{query}")
        assert answer.status_code == 422, query
    for who, query in ((client, f"job={ours}&job=job_none"), (stranger, f"job={ours}")):
        answer = who.get(f"/v1/metrics?{query}&names=val/top1")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
