"""Who may ask: keys and signed-in browsers. What each of them may do is in test_isolation.py."""

import stat
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import update
from starlette.testclient import TestClient

from core.db import keys
from core.db.keys import DEFAULT_PROJECT
from core.db.models import ApiKey, Base, now
from core.db.session import Database
from core.settings import Settings
from tests.api.operations import OPEN, operations


@pytest.mark.parametrize(
    "key",
    [None, "", "Bearer", "Bearer dkd_wrong", "Basic dkd_wrong", "Bearer \u00fc", "x" * 9999, "revoked", "expired"],
)
def test_without_a_good_key_nothing_answers(
    app: FastAPI, client: TestClient, database: Database, key: str | None
) -> None:
    if key in ("revoked", "expired"):
        with database.write() as work:
            row, secret = keys.create(work, DEFAULT_PROJECT, key)
            row.revoked_at = now() if key == "revoked" else None
            row.expires_at = now() if key == "expired" else None
        key = f"Bearer {secret}"
    headers = {} if key is None else {"Authorization": key.encode()}
    nobody = TestClient(app, raise_server_exceptions=False, headers=headers)  # type: ignore[arg-type]
    for operation in operations(app):
        if operation.id in OPEN:
            continue
        values = dict.fromkeys(operation.parameters, "1") | {"split": "train"}
        answer = nobody.request(operation.method, operation.fill(values), json=operation.body)
        assert answer.status_code == 401, f"{operation.id}: {answer.status_code}"
        assert answer.headers["www-authenticate"] == "Bearer"
        if operation.method != "HEAD":
            assert answer.json()["code"] in ("missing_key", "invalid_key")


def test_a_browser_has_the_scope_of_its_key(app: FastAPI, client: TestClient) -> None:
    key = client.post("/v1/api-keys", json={"name": "k", "scope": "read"}).json()["key"]
    browser = TestClient(app, raise_server_exceptions=False)
    assert browser.post("/v1/sessions", json={"key": key}).status_code == 204
    assert browser.get("/v1/jobs").status_code == 200
    assert browser.post("/v1/uploads", json={"filename": "f", "bytes": 1, "purpose": "dataset"}).status_code == 403


def test_a_rotated_key_hands_over(app: FastAPI, client: TestClient, database: Database) -> None:
    old = client.post("/v1/api-keys", json={"name": "ci", "scope": "submit"}).json()
    new = client.post(f"/v1/api-keys/{old['id']}/rotate", json={"overlap_hours": 1}).json()
    assert (new["name"], new["scope"], new["expires_at"]) == ("ci", "submit", None) and new["key"] != old["key"]
    both = [TestClient(app, headers={"Authorization": f"Bearer {one['key']}"}) for one in (old, new)]
    assert [one.get("/v1/jobs").status_code for one in both] == [200, 200]
    with database.write() as work:
        row = work.get_one(ApiKey, old["id"])
        assert row.expires_at is not None and timedelta() < row.expires_at - now() <= timedelta(hours=1)
        row.expires_at = now()
    assert [one.get("/v1/jobs").status_code for one in both] == [401, 200]
    again = client.post(f"/v1/api-keys/{old['id']}/rotate")
    assert (again.status_code, again.json()["code"]) == (409, "key_not_good")


def test_the_first_start_writes_an_admin_key(client: TestClient, database: Database, settings: Settings) -> None:
    path = settings.admin_key_file
    text = path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert text == text.strip() + "\n"
    assert text.startswith("dkd_")
    assert keys.ensure_admin_key(database, settings) == path
    assert path.read_text() == text
    listed = client.get("/v1/api-keys").json()["data"]
    assert [(k["name"], text.startswith(k["prefix"])) for k in listed] == [("admin", True)]


def test_a_key_is_shown_once_and_can_be_revoked(client: TestClient, app: FastAPI, database: Database) -> None:
    made = client.post("/v1/api-keys", json={"name": "ci"}, headers={"Idempotency-Key": "a"}).json()
    assert made["key"].startswith("dkd_")
    assert len(made["key"]) >= 36
    replayed = client.post("/v1/api-keys", json={"name": "ci"}, headers={"Idempotency-Key": "a"})
    assert replayed.json() == made | {"key": None}
    mine = TestClient(app, headers={"Authorization": f"Bearer {made['key']}"})
    assert mine.get("/v1/jobs").status_code == 200
    listed = client.get("/v1/api-keys").json()["data"]
    assert made["key"] not in str(listed)
    assert listed[0]["last_used_at"] is not None
    assert client.delete(f"/v1/api-keys/{made['id']}").status_code == 204
    assert mine.get("/v1/jobs").json()["code"] == "invalid_key"


def test_a_key_expires(client: TestClient, app: FastAPI, database: Database) -> None:
    past = (now() - timedelta(seconds=1)).isoformat()
    assert client.post("/v1/api-keys", json={"name": "x", "expires_at": past}).json()["code"] == "in_the_past"
    soon = (now() + timedelta(hours=1)).isoformat()
    made = client.post("/v1/api-keys", json={"name": "x", "expires_at": soon}).json()
    mine = TestClient(app, headers={"Authorization": f"Bearer {made['key']}"})
    assert mine.get("/v1/jobs").status_code == 200
    with database.write() as work:
        work.execute(update(ApiKey).where(ApiKey.id == made["id"]).values(expires_at=now()))
    assert mine.get("/v1/jobs").status_code == 401


# --- browsers -----------------------------------------------------------------------------------------------------


@pytest.fixture
def browser(app: FastAPI, client: TestClient) -> TestClient:
    return TestClient(app, base_url="http://dash.example", raise_server_exceptions=False)


def test_a_browser_signs_in_and_out(browser: TestClient, settings: Settings) -> None:
    key = settings.admin_key_file.read_text().strip()
    assert browser.get("/v1/jobs").status_code == 401
    signed = browser.post("/v1/sessions", json={"key": key})
    assert signed.status_code == 204
    cookie = signed.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie
    assert browser.get("/v1/sessions/current").json()["key"]["name"] == "admin"
    assert browser.get("/v1/jobs").status_code == 200
    wish = {"name": "k"}
    for origin, status in (
        ("http://dash.example", 201),
        ("http://evil.example", 403),
        ("null", 403),
        ("http://[", 403),
        (None, 201),
    ):
        headers = {} if origin is None else {"Origin": origin}
        assert browser.post("/v1/api-keys", json=wish, headers=headers).status_code == status, origin
    assert browser.delete("/v1/sessions/current").status_code == 204
    assert browser.get("/v1/jobs").status_code == 401


def test_the_cookie_is_secure_over_https(app: FastAPI, client: TestClient, settings: Settings) -> None:
    browser = TestClient(app, base_url="https://dash.example")
    signed = browser.post("/v1/sessions", json={"key": settings.admin_key_file.read_text().strip()})
    assert "secure" in signed.headers["set-cookie"].lower()


def test_a_sign_in_code_works_once(browser: TestClient, app: FastAPI, database: Database, settings: Settings) -> None:
    with database.write() as work:
        key = keys.find(work, settings.admin_key_file.read_text().strip())
        assert key is not None
        code = keys.create_code(work, key.id)
        late = keys.create_code(work, key.id, minutes=-1)
    assert browser.post("/v1/sessions", json={"code": late}).status_code == 401
    assert browser.post("/v1/sessions", json={"code": code}).status_code == 204
    assert browser.get("/v1/jobs").status_code == 200
    second = TestClient(app)
    assert second.post("/v1/sessions", json={"code": code}).status_code == 401


def test_a_stolen_cookie_dies_with_its_key(browser: TestClient, client: TestClient) -> None:
    made = client.post("/v1/api-keys", json={"name": "laptop"}).json()
    browser.post("/v1/sessions", json={"key": made["key"]})
    assert browser.get("/v1/jobs").status_code == 200
    client.delete(f"/v1/api-keys/{made['id']}")
    assert browser.get("/v1/jobs").status_code == 401


def test_nothing_readable_lies_in_the_database(
    client: TestClient, browser: TestClient, database: Database, tmp_path: Path
) -> None:
    made = client.post("/v1/api-keys", json={"name": "k"}, headers={"Idempotency-Key": "b"}).json()["key"]
    browser.post("/v1/sessions", json={"key": made})
    token = browser.cookies["distillery_session"]
    with database.engine.connect() as connection:
        dump = "".join(str(row) for table in Base.metadata.sorted_tables for row in connection.execute(table.select()))
    assert len(dump) > 100
    assert made not in dump
    assert token not in dump
