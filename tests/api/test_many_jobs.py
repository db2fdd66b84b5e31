"""Jobs like another one, jobs by their labels, and several jobs at once."""

from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from core.db.models import AuditEntry
from core.db.session import Database
from core.queue import RecordingQueue
from core.storage import Storage, keys
from tests.fixtures.service import Make

Json = dict[str, Any]


def test_a_job_like_another_one(client: TestClient, make: Make) -> None:
    source = make.job(metadata={"team": "birds"})
    same = client.post("/v1/jobs", json={"source_job": source["id"]}).json()
    assert same["id"] != source["id"] and same["recipe"] == source["recipe"]
    other = {"source_job": source["id"], "name": "longer", "training": {"epochs": 7}, "loss": {"kind": "kd"}}
    made = client.post("/v1/jobs", json=other).json()
    recipe, before = made["recipe"], source["recipe"]
    assert (recipe["name"], recipe["training"]["epochs"], recipe["loss"]["kind"]) == ("longer", 7, "kd")
    assert recipe["training"]["batch_size"] == before["training"]["batch_size"]
    assert recipe["students"] == before["students"] and made["dataset"]["id"] == source["dataset"]["id"]
    preview = client.post("/v1/jobs?validate_only=true", json=other)
    assert (preview.status_code, preview.json()["recipe"]["name"]) == (200, "longer")


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"source_job": "job_none"}, "/source_job", "unknown_job"),
        ({"source_job": 5}, "/source_job", "string_type"),
        ({"training": {"epochs": 0}}, "/training/epochs", "greater_than_equal"),
        ({"trainning": {}}, "/trainning", "extra_forbidden"),
        ({"students": []}, "/students", "too_short"),
        ({"dataset": "dst_none"}, "/dataset", "unknown_dataset"),
    ],
)
def test_what_is_wrong_with_it(client: TestClient, make: Make, changes: Json, pointer: str, code: str) -> None:
    answer = client.post("/v1/jobs", json={"source_job": make.job()["id"]} | changes)
    assert answer.status_code == 422
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [(pointer, code)]


def test_another_projects_job_is_no_source(stranger: TestClient, make: Make) -> None:
    answer = stranger.post("/v1/jobs", json={"source_job": make.job()["id"]})
    assert answer.json()["errors"][0]["code"] == "unknown_job"


def test_a_recipe_still_tells_its_own_errors(client: TestClient) -> None:
    answer = client.post("/v1/jobs", json={"dataset": "dst_x", "students": [{"name": "a", "architectur": "resnet8"}]})
    assert {e["pointer"] for e in answer.json()["errors"]} == {"/students/0/architecture", "/students/0/architectur"}


def test_jobs_by_their_labels(client: TestClient, make: Make) -> None:
    ids = {
        name: make.job(metadata=labels)["id"]
        for name, labels in {
            "a": {"team": "birds", "run": "1"},
            "b": {"team": "birds", "run": "2"},
            "c": {
                "team": "b:c",
                "ключ": "значение",
                "it's": "o'clock",
                "x.y": "z",
                "$": "dollar",
                "[0]": "%",
                'a"b': "c\\d",
            },
            "d": {},
        }.items()
    }

    def found(*labels: str) -> list[str]:
        listed = client.get("/v1/jobs", params={"metadata": list(labels), "order": "asc"}).json()["data"]
        return [job["id"] for job in listed]

    assert found("team:birds") == [ids["a"], ids["b"]]
    assert found("team:birds", "run:2") == [ids["b"]]
    for label in ("team:b:c", "ключ:значение", "it's:o'clock", "x.y:z", "$:dollar", "[0]:%", 'a"b:c\\d'):
        assert found(label) == [ids["c"]], label
    assert found("team:bird") == found("Team:birds") == found("team:") == []
    for bad in ("team", ":x", ""):
        answer = client.get("/v1/jobs", params={"metadata": bad})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/query/metadata"), bad


def act(client: TestClient, action: str, *jobs: str) -> list[tuple[str | None, str | None]]:
    answer = client.post("/v1/jobs/actions", json={"action": action, "jobs": list(jobs)})
    assert answer.status_code == 200, answer.text
    assert [one["job"] for one in answer.json()["data"]] == list(jobs)
    return [(one["status"], one["error"] and one["error"]["code"]) for one in answer.json()["data"]]


def test_several_at_once_and_each_for_itself(
    client: TestClient, make: Make, storage: Storage, queue: RecordingQueue, database: Database
) -> None:
    one, two, over = (make.job()["id"] for _ in range(3))
    make.file(client.get(f"/v1/jobs/{over}").json()["students"][0]["id"], b"weights")
    client.post(f"/v1/jobs/{over}/cancel")
    assert act(client, "pause", one, over, "job_none", two) == [
        ("paused", None),
        (None, "invalid_transition"),
        (None, "not_found"),
        ("paused", None),
    ]
    before = queue.nudges
    assert act(client, "resume", one, two) == [("queued", None)] * 2
    assert queue.nudges == before + 1
    assert act(client, "cancel", one, two, one) == [("cancelled", None)] * 3
    assert act(client, "delete", one, over, one) == [("deleted", None), ("deleted", None), (None, "not_found")]
    assert [job["id"] for job in client.get("/v1/jobs").json()["data"]] == [two]
    assert list(storage.files(keys.job_folder(over))) == []
    with database.read() as session:
        told = session.execute(select(AuditEntry.action, AuditEntry.subject)).all()
    assert [tuple(row) for row in told].count(("job.delete", over)) == 1


def test_nobody_elses(client: TestClient, stranger: TestClient, make: Make) -> None:
    job = make.job()["id"]
    assert act(stranger, "cancel", job) == act(stranger, "delete", job) == [(None, "not_found")]
    assert client.get(f"/v1/jobs/{job}").json()["status"] == "queued"


def test_how_many(client: TestClient) -> None:
    for jobs in ([], ["job_x"] * 101):
        answer = client.post("/v1/jobs/actions", json={"action": "cancel", "jobs": jobs})
        assert answer.json()["errors"][0]["pointer"] == "/jobs"
