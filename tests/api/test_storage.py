"""What takes how much room, and what a DELETE would say to it."""

from typing import Any

import pytest
from sqlalchemy import event, update
from starlette.testclient import TestClient

from core.db.models import Checkpoint, Dataset, Job, Run, Teacher, now
from core.db.session import Database
from core.lifecycle import JobStatus
from tests.fixtures.service import RECIPE, Make

DELETE = {"job": "jobs", "dataset": "datasets", "teacher": "teachers", "upload": "uploads"}


def read(client: TestClient, query: str = "") -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/v1/storage{query}").json()
    return found


def reasons(client: TestClient) -> dict[str, str | None]:
    return {item["id"]: item["reason"] for item in read(client)["data"]}


def finish(database: Database, job: str) -> None:
    with database.write() as work:
        work.execute(update(Job).where(Job.id == job).values(status=JobStatus.SUCCEEDED, finished_at=now()))
        work.execute(update(Run).where(Run.subject == job).values(status=JobStatus.SUCCEEDED))


def test_an_empty_project(client: TestClient) -> None:
    kinds = [{"kind": kind, "count": 0, "bytes": 0} for kind in ("jobs", "datasets", "teachers", "uploads")]
    found = read(client)
    assert found.pop("quota")["storage_bytes"] is None
    assert found == {"object": "storage", "bytes": 0, "kinds": kinds, "data": []}


def test_bytes_of_everything(client: TestClient, stranger: TestClient, make: Make, database: Database) -> None:
    job = make.job()
    dataset, teacher = job["dataset"]["id"], job["teacher"]["id"]
    make.file(job["students"][0]["id"], b"w" * 700)
    make.file(job["students"][1]["id"], b"w" * 50, "manifest.json")
    with database.write() as work:
        for step, size in ((1, 1000), (2, 2000)):
            fields = {"job_id": job["id"], "attempt": 1, "step": step, "epoch": 1, "key": "k", "sha256": "a"}
            work.add(Checkpoint(**fields, bytes=size))
        work.execute(update(Dataset).values(bytes=500))
        work.execute(update(Teacher).values(bytes=400))
    wish = {"filename": "whole", "bytes": 2500, "purpose": "dataset"}
    upload = client.post("/v1/uploads", json=wish).json()["id"]
    client.put(f"/v1/uploads/{upload}/parts/2", content=b"x" * 1000)  # of an open one, what has arrived
    other = client.put("/v1/uploads?filename=o&purpose=dataset", content=b"x" * 30).json()["id"]
    told = read(client)
    assert [(item["id"], item["bytes"]) for item in told["data"]] == [
        (job["id"], 3750),
        (upload, 1000),
        (dataset, 500),
        (teacher, 400),
        (other, 30),
    ]
    assert told["bytes"] == 5680
    assert {kind["kind"]: (kind["count"], kind["bytes"]) for kind in told["kinds"]} == {
        "jobs": (1, 3750),
        "datasets": (1, 500),
        "teachers": (1, 400),
        "uploads": (2, 1030),
    }
    assert {key: told["data"][0][key] for key in ("object", "name", "status", "created_at")} == {
        "object": "job",
        "name": job["name"],
        "status": "queued",
        "created_at": job["created_at"],
    }
    small = read(client, "?limit=1")
    assert ([item["id"] for item in small["data"]], small["bytes"]) == ([job["id"]], 5680)
    assert read(stranger)["data"] == []
    for odd in ("0", "501", "many"):
        assert client.get(f"/v1/storage?limit={odd}").status_code == 422


def test_why_not(client: TestClient, make: Make, database: Database) -> None:
    job = make.job()
    dataset, teacher = job["dataset"]["id"], job["teacher"]["id"]
    make.job(dataset=dataset, teacher=teacher)
    told = reasons(client)
    assert (told[dataset], told[teacher]) == ("used by 2 jobs", "used by 2 jobs")
    assert told[job["id"]] == "still waiting in the queue"
    client.post(f"/v1/jobs/{job['id']}/pause")
    assert reasons(client)[job["id"]] == "paused: it can still go on"
    with database.write() as work:
        work.execute(update(Job).where(Job.id == job["id"]).values(status=JobStatus.RUNNING))
    assert reasons(client)[job["id"]] == "still running"
    finish(database, job["id"])
    assert reasons(client)[job["id"]] is None
    with database.write() as work:
        work.execute(update(Teacher).where(Teacher.id == teacher).values(dataset_id=dataset))
    assert reasons(client)[dataset] == "used by 2 jobs and 1 teacher"
    student = job["students"][0]["id"]
    make.file(student, b"weights")
    next_ = client.post("/v1/teachers", json={"name": "n", "source": {"kind": "student", "student": student}}).json()
    assert reasons(client)[job["id"]] == "a teacher is being made of one of its students"
    assert reasons(client)[next_["id"]] is None
    with database.write() as work:
        work.execute(update(Run).where(Run.subject == next_["id"]).values(status=JobStatus.RUNNING))
    assert reasons(client)[next_["id"]] == "being read right now"
    upload = client.put("/v1/uploads?filename=o&purpose=teacher", content=b"x" * 30).json()["id"]
    assert reasons(client)[upload] is None
    client.post("/v1/teachers", json={"name": "n", "source": {"kind": "upload", "upload": upload}})
    assert reasons(client)[upload] == "still being read"


def test_what_is_said_is_what_a_delete_does(client: TestClient, make: Make, database: Database) -> None:
    """For every object: granted where it is deletable, refused as in use or unfinished where it is not."""
    done, waiting = make.job(), make.job()
    finish(database, done["id"])
    free = make.dataset(), make.teacher()
    members = [make.teacher(dataset_id=free[0]), make.teacher(dataset_id=free[0])]
    mean = {"kind": "ensemble", "members": [{"teacher": one} for one in members]}
    made = client.post("/v1/teachers", json={"name": "mean", "source": mean, "dataset": free[0]})
    assert made.status_code == 201, made.text
    client.put("/v1/uploads?filename=o&purpose=teacher", content=b"x")
    items = read(client)["data"]
    assert {item["deletable"] for item in items} == {True, False}
    assert all(item["deletable"] is (item["reason"] is None) for item in items)
    for item in sorted(items, key=lambda item: item["deletable"]):  # a refusal changes nothing
        answer = client.delete(f"/v1/{DELETE[item['object']]}/{item['id']}")
        assert answer.status_code == (204 if item["deletable"] else 409), (item, answer.text)
    assert waiting["id"] in reasons(client)


@pytest.mark.parametrize("count", [1, 5])
def test_the_number_of_queries_does_not_grow(client: TestClient, make: Make, database: Database, count: int) -> None:
    parts = {"dataset": make.dataset(), "teacher": make.teacher()}
    for _ in range(count):
        assert client.post("/v1/jobs", json=RECIPE | parts).status_code == 201
    asked: list[str] = []

    def note(*arguments: Any) -> None:
        asked.append(arguments[2])

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        read(client)
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
    assert len([one for one in asked if one.startswith("SELECT")]) < 25
