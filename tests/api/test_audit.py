"""Who changed what: an entry for each change, in its transaction; none for what changed nothing."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from starlette.testclient import TestClient

from api.audit.route import READING, action
from core.db import audit
from core.db.models import AuditEntry, now
from core.db.session import Database
from core.ids import first_id
from core.settings import Settings
from tests.api.operations import operations
from tests.fixtures.service import RECIPE, Make

DATASET = {"name": "d", "source": {"kind": "builtin", "name": "digits"}}


def entries(client: TestClient) -> list[dict[str, Any]]:
    """Oldest first."""
    data: list[dict[str, Any]] = client.get("/v1/audit?order=asc&limit=100").json()["data"]
    return data


def told(client: TestClient) -> list[tuple[str, str | None]]:
    return [(entry["action"], entry["subject"]) for entry in entries(client)]


def test_every_change_is_told(client: TestClient, make: Make) -> None:
    job = make.job()["id"]
    for verb in ("pause", "resume", "cancel", "retry", "cancel"):
        assert client.post(f"/v1/jobs/{job}/{verb}").status_code == 202
    client.patch(f"/v1/jobs/{job}", json={"name": "x"})
    client.delete(f"/v1/jobs/{job}")
    dataset = client.post("/v1/datasets", json=DATASET).json()["id"]
    client.delete(f"/v1/datasets/{dataset}")
    key = client.post("/v1/api-keys", json={"name": "ci"}).json()["id"]
    client.delete(f"/v1/api-keys/{key}")
    assert told(client) == [
        ("job.create", job),
        *((f"job.{verb}", job) for verb in ("pause", "resume", "cancel", "retry", "cancel", "change", "delete")),
        ("dataset.create", dataset),
        ("dataset.delete", dataset),
        ("api_key.create", key),
        ("api_key.revoke", key),
    ]


def test_uploads_are_told_by_file_and_not_by_part(client: TestClient) -> None:
    content = b"x" * 1500
    wish = {"filename": "f", "bytes": len(content), "purpose": "dataset"}
    id = client.post("/v1/uploads", json=wish).json()["id"]
    for n in (1, 2):
        client.put(f"/v1/uploads/{id}/parts/{n}", content=content[1000 * (n - 1) : 1000 * n])
    body = {"sha256": hashlib.sha256(content).hexdigest()}
    for _ in range(2):  # the second changes nothing
        assert client.post(f"/v1/uploads/{id}/complete", json=body).status_code == 200
    whole = client.put("/v1/uploads?filename=g&purpose=teacher", content=content).json()["id"]
    client.delete(f"/v1/uploads/{whole}")
    assert told(client) == [
        ("upload.create", id),
        ("upload.complete", id),
        ("upload.send", whole),
        ("upload.delete", whole),
    ]


def test_an_entry_says_who_from_where_and_in_which_request(client: TestClient, settings: Settings) -> None:
    answer = client.post("/v1/datasets", json=DATASET, headers={"X-Request-Id": "mine-1"})
    key = client.get("/v1/api-keys").json()["data"][0]
    (entry,) = entries(client)
    assert entry["id"].startswith("aud_")
    assert entry["object"] == "audit_entry"
    assert entry["key"] == {"id": key["id"], "name": "admin"}
    assert (entry["address"], entry["request_id"]) == ("testclient", answer.headers["x-request-id"])


def test_browsers_come_and_go(app: FastAPI, client: TestClient, settings: Settings, database: Database) -> None:
    key = settings.admin_key_file.read_text().strip()
    browser = TestClient(app)
    assert browser.post("/v1/sessions", json={"key": "dkd_wrong"}).status_code == 401
    browser.post("/v1/sessions", json={"key": key})
    browser.post("/v1/datasets", json=DATASET)
    browser.delete("/v1/sessions/current")
    assert [entry["action"] for entry in entries(client)] == ["session.create", "dataset.create", "session.delete"]
    assert {entry["key"]["name"] for entry in entries(client)} == {"admin"}
    with database.read() as session:
        rows = [str(vars(row)) for row in session.scalars(select(AuditEntry))]
    assert not any(key in row or browser.cookies.get("distillery_session", "none") in row for row in rows)


def test_what_changes_nothing_leaves_none(client: TestClient, make: Make) -> None:
    wish = RECIPE | {"dataset": make.dataset(), "teacher": make.teacher()}
    assert client.post("/v1/jobs?validate_only=true", json=wish).status_code == 200
    assert client.post("/v1/jobs", json=wish | {"students": []}).status_code == 422
    assert client.delete("/v1/jobs/job_none").status_code == 404
    assert client.get("/v1/jobs").status_code == 200
    assert entries(client) == []
    for _ in range(2):  # the second is answered from memory
        assert client.post("/v1/jobs", json=wish, headers={"Idempotency-Key": "a"}).status_code == 201
    assert len(entries(client)) == 1


def test_a_commit_that_fails_leaves_none(
    client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get("/v1/datasets").status_code == 200  # the key has been marked as used

    def fail(_: object) -> None:
        raise database.engine.dialect.loaded_dbapi.OperationalError("disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(database.engine.dialect, "do_commit", fail)
        assert client.post("/v1/datasets", json=DATASET).status_code == 503
    assert entries(client) == []


def test_pages_and_projects(client: TestClient, stranger: TestClient) -> None:
    for _ in range(3):
        client.post("/v1/datasets", json=DATASET)
    first = client.get("/v1/audit?limit=2").json()
    rest = client.get(f"/v1/audit?limit=2&after={first['next']}").json()
    ids = [entry["id"] for entry in first["data"] + rest["data"]]
    assert ids == sorted(ids, reverse=True)
    assert (len(ids), first["has_more"], rest["has_more"]) == (3, True, False)
    assert stranger.get("/v1/audit").json()["data"] == []


def test_entries_older_than_a_year_go(client: TestClient, database: Database) -> None:
    client.post("/v1/datasets", json=DATASET)
    (young,) = entries(client)
    with database.write() as work:
        for days in (364, 366):
            at = now() - timedelta(days=days)
            id = first_id("aud", at) + "0"
            work.add(AuditEntry(id=id, project_id="prj_default", action=f"day.{days}", created_at=at))
        work.flush()
        audit.drop_old(work, now())
    assert [entry["action"] for entry in entries(client)] == ["day.364", young["action"]]


def test_every_changing_operation_has_a_name(app: FastAPI) -> None:
    """noun.verb, from the operation's own name."""
    assert action("create_api_key") == "api_key.create"
    for operation in operations(app):
        if operation.method not in READING:
            noun, _, verb = action(operation.id).partition(".")
            assert noun and verb, operation.id
