"""Jobs on uploads and on parts that are still being read: they wait, then run or fail as a request would have."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from core.db import runs, waiting
from core.db.models import Dataset, Teacher
from core.db.session import Database
from core.recipe import Recipe
from tests.fixtures.service import RECIPE, Make

FILES = {"teacher": "teacher.pt", "dataset": "images.zip"}


@pytest.fixture
def uploads(client: TestClient) -> dict[str, str]:
    return {
        purpose: client.put(f"/v1/uploads?filename={name}&purpose={purpose}", content=name.encode()).json()["id"]
        for purpose, name in FILES.items()
    }


def post(client: TestClient, **changes: Any) -> dict[str, Any]:
    answer = client.post("/v1/jobs", json=RECIPE | changes)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def claim(database: Database) -> runs.Claim | None:
    with database.write() as work:
        return runs.claim(work, "wrk_test")


def finish(database: Database, claim: runs.Claim | None, **fields: Any) -> bool:
    """As a worker ends the reading of a data set or teacher."""
    assert claim is not None
    with database.write() as work:
        run = runs.fence(work, claim)
        noun: type[Dataset | Teacher] = Dataset if claim.kind == "read_dataset" else Teacher
        row = work.get_one(noun, claim.subject)
        row.status = "ready"
        for name, value in fields.items():
            setattr(row, name, value)
        runs.end(work, run, runs.Ending("succeeded"))
        return waiting.release(work)


READ = {"classes": ["a", "b", "c"], "counts": {"train": 90, "val": 9}, "image_size": 32, "form": "pixels"}


def test_a_job_on_two_uploads_waits_for_both(client: TestClient, database: Database, uploads: dict[str, str]) -> None:
    job = post(client, **uploads)
    assert (job["status"], job["waits_for"]) == ("queued", job["dataset"]["id"])
    assert (job["dataset"]["name"], job["teacher"]["name"]) == ("images.zip", "teacher.pt")
    assert job["recipe"]["dataset"] == job["dataset"]["id"]
    assert {s["parameters"] for s in job["students"]} == {None}
    again = post(client, **uploads)
    assert [again[part]["id"] for part in FILES] == [job[part]["id"] for part in FILES], "the same uploads, once"

    images = claim(database)
    assert images is not None and (images.kind, images.subject) == ("read_dataset", job["dataset"]["id"])
    assert claim(database) is None, "the teacher is measured on the data set, the jobs need both"
    assert finish(database, images, **READ)
    weights = claim(database)
    assert weights is not None and weights.kind == "read_teacher"
    assert client.get(f"/v1/jobs/{job['id']}").json()["waits_for"] == job["teacher"]["id"]
    assert claim(database) is None
    assert finish(database, weights, classes=3, architecture="cifar/resnet20")
    shown = client.get(f"/v1/jobs/{job['id']}").json()
    assert shown["waits_for"] is None
    assert all(student["parameters"] > 0 for student in shown["students"])
    assert "checked when" not in " ".join(shown["warnings"])
    trained = [claim(database), claim(database)]
    assert {c.subject for c in trained if c} == {job["id"], again["id"]}


def test_parts_that_turn_out_not_to_fit(client: TestClient, database: Database, uploads: dict[str, str]) -> None:
    job = post(client, **uploads)
    finish(database, claim(database), **READ)
    assert not finish(database, claim(database), classes=10, architecture="cifar/resnet20")
    failed = client.get(f"/v1/jobs/{job['id']}").json()
    assert (failed["status"], failed["error"]["code"]) == ("failed", "class_count_mismatch")
    assert failed["error"]["errors"][0]["pointer"] == "/teacher"
    events = client.get(f"/v1/jobs/{job['id']}/events").json()["data"]
    assert [e["type"] for e in events][-1] == "done"
    assert claim(database) is None


def test_a_rejected_data_set_fails_teacher_and_job_and_a_retry_looks_again(
    client: TestClient, database: Database, uploads: dict[str, str]
) -> None:
    job = post(client, **uploads)
    held = claim(database)
    assert held is not None
    with database.write() as work:
        run = runs.fence(work, held)
        wrong = runs.Failure("archive_corrupt", "Bad", "It is no archive.", "Pack it again.")
        runs.end(work, run, runs.Ending("failed"), error=wrong)
        assert not waiting.release(work)

    def error() -> tuple[str, str]:
        shown = client.get(f"/v1/jobs/{job['id']}").json()
        assert shown["status"] == "failed" and "It is no archive." in shown["error"]["detail"]
        assert shown["error"]["hint"] == "Pack it again."
        assert f"Data set {shown['dataset']['name']!r} was rejected" in shown["error"]["detail"]
        return shown["error"]["code"], shown["error"]["errors"][0]["pointer"]

    assert error() == ("dataset_rejected", "/dataset")
    teacher = client.get(f"/v1/teachers/{job['teacher']['id']}").json()
    assert (teacher["status"], teacher["error"]["code"]) == ("rejected", "checkpoint_not_checked")
    assert teacher["error"]["hint"] == "Pack it again."
    assert client.post(f"/v1/jobs/{job['id']}/retry").status_code == 202
    assert claim(database) is None, "a retry waits as well"
    with database.write() as work:
        waiting.release(work)
    assert error() == ("dataset_rejected", "/dataset")
    # The same upload again is read again: it may have been the worker's fault.
    assert post(client, **uploads)["dataset"]["id"] != job["dataset"]["id"]


def test_one_that_cannot_be_checked_fails_alone(
    client: TestClient, database: Database, uploads: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake of ours in one job must not keep its data set from being read, or others from being let go."""
    bad, good = post(client, name="bad", **uploads), post(client, name="good", **uploads)
    finish(database, claim(database), **READ)

    def careless(recipe: Recipe, *parts: Any) -> list[str]:
        if recipe.name == "bad":
            raise KeyError("epochs")
        return fit(recipe, *parts)

    fit = waiting.fit
    monkeypatch.setattr(waiting, "fit", careless)
    assert finish(database, claim(database), classes=3, architecture="cifar/resnet20")
    failed = client.get(f"/v1/jobs/{bad['id']}").json()
    assert (failed["status"], failed["error"]["code"]) == ("failed", "check_failed")
    assert "KeyError: 'epochs'" in failed["error"]["detail"]
    found = claim(database)
    assert found is not None and found.subject == good["id"]


def test_a_waiting_job_can_be_cancelled(client: TestClient, database: Database, uploads: dict[str, str]) -> None:
    job = post(client, **uploads)
    assert client.post(f"/v1/jobs/{job['id']}/cancel").json()["status"] == "cancelled"
    finish(database, claim(database), **READ)
    finish(database, claim(database), classes=3, architecture="cifar/resnet20")
    assert claim(database) is None


def test_options_builtin_sets_and_what_is_not_accepted(client: TestClient, make: Make, uploads: dict[str, str]) -> None:
    options = {"path": uploads["dataset"], "val_fraction": 0.3, "image_size": 64}
    made = post(client, dataset=options)["dataset"]["id"]
    source = client.get(f"/v1/datasets/{made}").json()["source"]
    assert (source["val_fraction"], source["image_size"]) == (0.3, 64)
    assert post(client, dataset=options)["dataset"]["id"] == made
    assert post(client, dataset=uploads["dataset"])["dataset"]["id"] != made
    assert post(client, dataset="builtin:digits")["dataset"]["name"] == "digits"

    def refused(**changes: Any) -> tuple[str, str]:
        answer = client.post("/v1/jobs", json=RECIPE | changes)
        assert answer.status_code == 422, answer.text
        error = answer.json()["errors"][0]
        return error["pointer"], error["code"]

    ready = make.dataset()
    assert refused(dataset="builtin:nothing") == ("/dataset", "unknown_dataset")
    assert refused(dataset="upl_none") == ("/dataset", "unknown_upload")
    assert refused(dataset=uploads["teacher"]) == ("/dataset", "wrong_purpose")
    assert refused(dataset={"path": "images.zip"}) == ("/dataset/path", "dataset_is_a_file")
    assert refused(dataset=ready, teacher="upl_none") == ("/teacher", "unknown_upload")
    assert refused(dataset=ready, teacher={"path": "t.pt"}) == ("/teacher", "teacher_is_a_file")
    assert refused(dataset=uploads["dataset"], students=[{"name": "a", "architecture": "resnet9000"}])[0] == (
        "/students/0/architecture"
    )


def test_validate_only_registers_nothing(client: TestClient, uploads: dict[str, str]) -> None:
    answer = client.post("/v1/jobs?validate_only=true", json=RECIPE | uploads)
    assert answer.status_code == 200
    preview = answer.json()
    assert "checked when" in preview["warnings"][0]
    assert preview["dataset"]["id"] is preview["teacher"]["id"] is None
    assert {name: preview["recipe"][name] for name in uploads} == uploads, "what can be sent as it is"
    assert client.get("/v1/datasets").json()["data"] == client.get("/v1/teachers").json()["data"] == []
    job = client.post("/v1/jobs", json=preview["recipe"]).json()
    known = client.post("/v1/jobs?validate_only=true", json=RECIPE | uploads).json()
    for name in ("dataset", "teacher"):
        assert known[name]["id"] == known["recipe"][name] == job[name]["id"], "what is there keeps its id"
