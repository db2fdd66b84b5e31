"""Jobs over REST: made whole, listed by keyset, steered through the lifecycle, deleted with their files."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from anyio import to_thread
from sqlalchemy import select, update
from starlette.testclient import TestClient

from core.db.models import Event, Job, Run
from core.db.session import Database
from core.lifecycle import JobStatus
from core.queue import RecordingQueue
from core.recipe import Recipe
from core.storage import Storage
from core.storage import keys as storage_keys
from tests.fixtures.service import RECIPE, Make


def test_a_job_is_made_with_students_controls_run_and_event(
    client: TestClient, make: Make, database: Database, queue: RecordingQueue
) -> None:
    job = make.job(metadata={"team": "a"}, priority=3)
    assert job["object"] == "job"
    assert job["status"] == "queued"
    assert job["progress"]["percent"] == 0.0
    assert job["progress"]["total_epochs"] == 2
    assert job["teacher"]["architecture"] == "cifar/resnet20"
    assert job["teacher"]["top1"] == 0.9
    assert job["dataset"]["classes"] == 3
    assert job["available_actions"] == ["cancel", "pause"]
    assert job["recipe"]["students"][0]["architecture"] == "cifar/resnet8"
    assert job["metadata"] == {"team": "a"}
    shown = [(s["label"], s["role"], s["seed"], s["loss"], s["status"]) for s in job["students"]]
    assert shown == [
        ("small-seed0", "student", 0, "dist", "waiting"),
        ("small-seed1", "student", 1, "dist", "waiting"),
        ("medium", "student", 0, "dist", "waiting"),
        ("small-control-seed0", "control", 0, "task", "waiting"),
        ("small-control-seed1", "control", 1, "task", "waiting"),
        ("medium-control", "control", 0, "task", "waiting"),
    ]
    assert all(s["parameters"] > 70_000 for s in job["students"])
    with database.read() as session:
        run = session.scalars(select(Run)).one()
        assert (run.kind, run.subject, run.status, run.priority) == ("train", job["id"], "queued", 3)
        assert [(e.seq, e.type) for e in session.scalars(select(Event))] == [(1, "status")]
    assert queue.nudges == 1
    assert client.get(f"/v1/jobs/{job['id']}").json() == job


def test_a_preset_fills_what_is_not_given(client: TestClient, make: Make) -> None:
    wish = {"preset": "digits", "dataset": make.dataset(), "teacher": make.teacher(), "training": {"epochs": 3}}
    job = client.post("/v1/jobs", json=wish).json()
    assert job["recipe"]["training"]["epochs"] == 3
    assert job["recipe"]["training"]["schedule"]["kind"] == "multistep"
    assert [s["name"] for s in job["recipe"]["students"]] == ["small", "medium"]


def test_validate_only_stores_nothing(
    client: TestClient, make: Make, database: Database, queue: RecordingQueue
) -> None:
    wish = RECIPE | {"dataset": make.dataset(), "teacher": make.teacher(), "training": {"batch_size": 8}}
    answer = client.post("/v1/jobs?validate_only=true", json=wish)
    assert answer.status_code == 200
    preview = answer.json()
    assert preview["recipe"]["training"]["epochs"] == 30
    assert len(preview["students"]) == 6
    assert "32 and more" in preview["warnings"][0]
    with database.read() as session:
        assert session.scalars(select(Job)).all() == []
    assert queue.nudges == 0


def test_warnings_stay_with_the_job(client: TestClient, make: Make) -> None:
    job = make.job(training={"batch_size": 8})
    assert "32 and more" in client.get(f"/v1/jobs/{job['id']}").json()["warnings"][0]


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"teacher": "tch_none"}, "/teacher", "unknown_teacher"),
        ({"teacher": {"path": "/etc/passwd"}}, "/teacher", "teacher_is_a_file"),
        ({"dataset": "dst_none"}, "/dataset", "unknown_dataset"),
        (
            {"students": [{"name": "a", "architecture": "resnet9000"}]},
            "/students/0/architecture",
            "unknown_architecture",
        ),
        ({"students": [{"name": "a", "architecture": "resnet8", "seeds": [1, 1]}]}, "/students/0/seeds", "value_error"),
        ({"loss": {"kind": "dist", "temperature": -1}}, "/loss/temperature", "greater_than"),
        ({"loss": {"kind": "magic"}}, "/loss", "union_tag_invalid"),
        ({"training": {"epochs": 0}}, "/training/epochs", "greater_than_equal"),
        ({"training": {"batch_size": 2}}, "/training/batch_size", "batch_too_small"),
        ({"colour": "red"}, "/colour", "extra_forbidden"),
        ({"students": []}, "/students", "too_short"),
        ({"name": "a\u0007b"}, "/name", "value_error"),
    ],
)
def test_bad_recipes_are_told_where_and_what(
    client: TestClient, make: Make, change: dict[str, Any], pointer: str, code: str
) -> None:
    wish = RECIPE | {"dataset": make.dataset(), "teacher": make.teacher()} | change
    answer = client.post("/v1/jobs", json=wish)
    assert answer.status_code == 422, answer.text
    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["request_id"] == answer.headers["x-request-id"]
    assert (pointer, code) in [(e["pointer"], e["code"]) for e in body["errors"]]


def test_an_unknown_field_is_told_its_neighbour(client: TestClient, make: Make) -> None:
    answer = client.post("/v1/jobs", json=RECIPE | {"dataset": make.dataset(), "studnets": []})
    assert answer.json()["errors"][0]["detail"] == "There is no such field. Did you mean students?"


def test_class_counts_that_do_not_match(client: TestClient, make: Make) -> None:
    wish = RECIPE | {"dataset": make.dataset(classes=3), "teacher": make.teacher(classes=10)}
    body = client.post("/v1/jobs", json=wish).json()
    assert body["code"] == "class_count_mismatch"
    assert body["errors"][0]["pointer"] == "/teacher"


def test_parts_that_are_not_ready(client: TestClient, make: Make) -> None:
    validating = make.dataset(status="validating")
    waiting = client.post("/v1/jobs", json=RECIPE | {"dataset": validating})
    assert (waiting.status_code, waiting.json()["waits_for"]) == (201, validating)
    refused = client.post("/v1/jobs", json=RECIPE | {"dataset": make.dataset(status="rejected")})
    assert (refused.status_code, refused.json()["code"]) == (422, "dataset_rejected")
    assert "It is bad." in refused.json()["detail"]


def test_lists_are_keyset_and_filtered(client: TestClient, make: Make) -> None:
    ids = [make.job(name=f"job {n}")["id"] for n in range(5)]
    client.post(f"/v1/jobs/{ids[0]}/cancel")
    first = client.get("/v1/jobs?limit=2").json()
    assert [j["id"] for j in first["data"]] == [ids[4], ids[3]]
    assert (first["object"], first["has_more"], first["next"]) == ("list", True, ids[3])
    rest = client.get(f"/v1/jobs?limit=3&after={first['next']}").json()
    assert [j["id"] for j in rest["data"]] == [ids[2], ids[1], ids[0]]
    assert (rest["has_more"], rest["next"]) == (False, None)
    rising = client.get(f"/v1/jobs?order=asc&after={ids[1]}&limit=1").json()
    assert [j["id"] for j in rising["data"]] == [ids[2]]
    assert [j["id"] for j in client.get("/v1/jobs?status=cancelled").json()["data"]] == [ids[0]]
    assert len(client.get("/v1/jobs?status=cancelled&status=queued").json()["data"]) == 5
    assert [j["id"] for j in client.get("/v1/jobs?name=JOB 3").json()["data"]] == [ids[3]]
    assert client.get("/v1/jobs?name=%25").json()["data"] == []
    assert client.get("/v1/jobs?limit=101").json()["errors"][0]["pointer"] == "/query/limit"


def test_rename_label_and_reorder(client: TestClient, make: Make, database: Database) -> None:
    job = make.job()
    changed = client.patch(f"/v1/jobs/{job['id']}", json={"name": "b", "metadata": {"k": "v"}, "priority": 9}).json()
    assert (changed["name"], changed["metadata"], changed["priority"]) == ("b", {"k": "v"}, 9)
    assert changed["status"] == "queued"
    with database.read() as session:
        assert session.scalars(select(Run)).one().priority == 9
    assert client.patch(f"/v1/jobs/{job['id']}", json={"status": "succeeded"}).status_code == 422
    assert client.patch(f"/v1/jobs/{job['id']}", json={"priority": 101}).status_code == 422


def test_actions_follow_the_lifecycle(client: TestClient, make: Make, queue: RecordingQueue) -> None:
    job = make.job()
    path = f"/v1/jobs/{job['id']}"
    assert client.post(f"{path}/pause").json()["status"] == "paused"
    again = client.post(f"{path}/pause")
    assert (again.status_code, again.json()["status"]) == (202, "paused")
    assert client.post(f"{path}/resume").json()["status"] == "queued"
    assert queue.nudges == 2
    refused = client.post(f"{path}/retry")
    assert refused.status_code == 202  # it is queued already: what was wished for is so
    cancelled = client.post(f"{path}/cancel").json()
    assert cancelled["status"] == "cancelled"
    assert cancelled["finished_at"] is not None
    assert {s["status"] for s in cancelled["students"]} == {"cancelled"}
    impossible = client.post(f"{path}/pause")
    assert impossible.status_code == 409
    assert impossible.json()["code"] == "invalid_transition"
    assert impossible.json()["available_actions"] == ["retry", "delete"]
    assert client.post(f"{path}/retry").json()["status"] == "queued"
    types = [e["type"] for e in client.get(f"{path}/events").json()["data"]]
    assert types == ["status", "status", "status", "status", "done", "status"]


def test_only_what_is_over_can_be_deleted_and_its_storage_goes(
    client: TestClient, make: Make, storage: Storage, database: Database
) -> None:
    job = make.job()
    student = job["students"][0]["id"]
    make.file(student, b"weights")
    path = f"/v1/jobs/{job['id']}"
    refused = client.delete(path)
    assert (refused.status_code, refused.json()["available_actions"]) == (409, ["cancel", "pause"])
    client.post(f"{path}/cancel")
    assert client.delete(path).status_code == 204
    for gone in (path, f"{path}/events", f"/v1/students/{student}"):
        assert client.get(gone).status_code == 404
    assert not (storage.fetch(storage_keys.dataset(job["dataset"]["id"])).parents[2] / "jobs" / job["id"]).exists()
    with database.read() as session:
        assert session.scalars(select(Run)).all() == []
        assert session.scalars(select(Event)).all() == []


def test_a_job_in_every_state_can_be_shown(client: TestClient, make: Make, database: Database) -> None:
    job = make.job()
    error = {"code": "crash_loop", "title": "It dies", "detail": "Often.", "hint": "", "retryable": True, "errors": []}
    for status in JobStatus:
        with database.write() as work:
            values = {"status": status, "error": error, "progress": {"step": 5, "total_steps": 10, "percent": None}}
            work.execute(update(Job).values(**values))
        shown = client.get(f"/v1/jobs/{job['id']}").json()
        assert shown["status"] == status
        assert shown["error"]["code"] == "crash_loop"
        assert shown["progress"]["percent"] == (100.0 if status == "succeeded" else 50.0)


def test_the_recipe_that_is_shown_is_a_recipe(client: TestClient, make: Make) -> None:
    job = make.job()
    assert Recipe.model_validate(job["recipe"]).model_dump(mode="json") == job["recipe"]


def test_more_requests_write_at_once_than_there_are_threads(client: TestClient, make: Make) -> None:
    """Those that wait for the database must leave a thread to the one that holds it."""
    dataset = make.dataset()
    body = {"dataset": dataset, "students": [{"name": "s", "architecture": "resnet8"}]}

    def leave_few_threads() -> None:
        to_thread.current_default_thread_limiter().total_tokens = 3

    assert client.portal is not None
    client.portal.call(leave_few_threads)
    with ThreadPoolExecutor(12) as crowd:
        answers = list(crowd.map(lambda _: client.post("/v1/jobs", json=body).status_code, range(24)))
    assert answers == [201] * 24
