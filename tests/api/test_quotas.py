"""What one project, or one key, may use: and what it is told when that is spent."""

import hashlib
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from api.ratelimit import BURST_SECONDS, MANY, RateLimit, TooOften
from core.db import projects, runs, uploads, usage
from core.db.keys import DEFAULT_PROJECT
from core.db.models import Project, now
from core.db.session import Database
from core.errors import Conflict, TooLarge
from core.settings import Settings
from core.storage import Storage
from tests.fixtures.service import Make

Json = dict[str, Any]


def allow(database: Database, project: str = DEFAULT_PROJECT, **quotas: int) -> None:
    with database.write() as work:
        projects.change(work, work.get_one(Project, project), quotas)


def claim(database: Database, running_jobs: int | None = None) -> runs.Claim | None:
    with database.write() as work:
        return runs.claim(work, "wrk_x", running_jobs=running_jobs)


def end(database: Database, claim: runs.Claim) -> None:
    with database.write() as work:
        runs.end(work, runs.fence(work, claim), runs.Ending("failed"))


def test_jobs_beyond_the_quota_wait_and_others_pass_them(
    client: TestClient, stranger: TestClient, make: Make, database: Database
) -> None:
    jobs = [make.job(priority=9)["id"] for _ in range(3)]
    dataset = make.dataset(project="prj_other")
    body = {"dataset": dataset, "students": [{"name": "s", "architecture": "resnet8"}]}
    theirs = stranger.post("/v1/jobs", json=body).json()["id"]
    allow(database, running_jobs=2)
    taken = [found for _ in range(4) if (found := claim(database)) is not None]
    assert [one.subject for one in taken] == [jobs[0], jobs[1], theirs]
    assert claim(database) is None
    assert client.get(f"/v1/jobs/{jobs[2]}").json()["status"] == "queued"
    end(database, taken[0])
    after = claim(database)
    assert after is not None and after.subject == jobs[2]


def test_the_settings_hold_where_a_project_has_no_quota_of_its_own(make: Make, database: Database) -> None:
    for _ in range(3):
        make.job()
    assert claim(database, running_jobs=1) is not None
    assert claim(database, running_jobs=1) is None
    allow(database, running_jobs=2)
    assert claim(database, running_jobs=1) is not None
    assert claim(database, running_jobs=1) is None
    assert claim(database) is None


def test_reading_waits_for_no_quota(client: TestClient, make: Make, database: Database) -> None:
    make.job()
    allow(database, running_jobs=1)
    assert claim(database) is not None
    client.post("/v1/datasets", json={"name": "d", "source": {"kind": "builtin", "name": "digits"}})
    reading = claim(database)
    assert reading is not None and reading.kind == "read_dataset"


def test_a_full_project_is_told_what_to_do(client: TestClient, make: Make, database: Database) -> None:
    job = make.job()
    make.file(job["students"][0]["id"], b"x" * 1000)
    with database.read() as session:
        used = usage.total(session, DEFAULT_PROJECT)
    assert used == client.get("/v1/storage").json()["bytes"] == 1000
    allow(database, storage_bytes=1000)
    upload = {"filename": "f", "bytes": 10, "purpose": "dataset"}
    builtin = {"name": "d", "source": {"kind": "builtin", "name": "digits"}}
    teacher = {"name": "t", "source": {"kind": "student", "student": job["students"][0]["id"]}}
    again = {"source_job": job["id"]}
    asked = [("jobs", again), ("jobs?validate_only=true", again), ("uploads", upload), ("datasets", builtin)]
    for noun, body in [*asked, ("teachers", teacher)]:
        answer = client.post(f"/v1/{noun}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "storage_quota_exceeded"), noun
        assert "/v1/storage" in answer.json()["detail"]
    assert client.get("/v1/storage").json()["quota"]["storage_bytes"] == 1000
    allow(database, storage_bytes=1010)
    assert client.post("/v1/uploads", json=upload).status_code == 201
    assert client.post("/v1/uploads", json=upload).status_code == 409


def test_a_retry_needs_room_as_a_new_job_does(client: TestClient, make: Make, database: Database) -> None:
    job = make.job()["id"]
    client.post(f"/v1/jobs/{job}/cancel")
    allow(database, storage_bytes=0)
    one = client.post(f"/v1/jobs/{job}/retry")
    several = client.post("/v1/jobs/actions", json={"action": "retry", "jobs": [job]}).json()["data"][0]
    assert (one.status_code, one.json()["code"]) == (409, "storage_quota_exceeded")
    assert several["error"]["code"] == "storage_quota_exceeded"
    assert client.get(f"/v1/jobs/{job}").json()["status"] == "cancelled"
    allow(database, storage_bytes=2**40)
    assert client.post(f"/v1/jobs/{job}/retry").status_code == 202
    allow(database, storage_bytes=0)
    assert client.post(f"/v1/jobs/{job}/retry").status_code == 202, "it is queued already"


def test_what_a_project_may_upload_is_told(client: TestClient, stranger: TestClient, database: Database) -> None:
    allow(database, upload_bytes=12_345)
    mine, theirs = (who.get("/v1/limits").json()["upload_quota_bytes"] for who in (client, stranger))
    assert mine == 12_345 < theirs


def test_uploads_have_a_quota_of_their_own(client: TestClient, stranger: TestClient, database: Database) -> None:
    upload = {"filename": "f", "bytes": 600, "purpose": "dataset"}
    allow(database, upload_bytes=1000)
    assert client.post("/v1/uploads", json=upload).status_code == 201
    refused = client.post("/v1/uploads", json=upload)
    assert (refused.status_code, refused.json()["code"]) == (413, "quota_exceeded")
    assert stranger.post("/v1/uploads", json=upload).status_code == 201


WHOLE = "/v1/uploads?filename=f&purpose=dataset"


def test_whole_files_have_the_same_quotas_as_parts(client: TestClient, database: Database) -> None:
    announced = {"filename": "f", "bytes": 600, "purpose": "dataset"}
    for quotas, status, code in (
        ({"upload_bytes": 1000}, 413, "quota_exceeded"),
        ({"upload_bytes": 10_000, "storage_bytes": 1000}, 409, "storage_quota_exceeded"),
    ):
        allow(database, **quotas)
        kept = client.put(WHOLE, content=b"a" * 600)
        assert kept.status_code == 201
        for refused in (client.put(WHOLE, content=b"b" * 600), client.post("/v1/uploads", json=announced)):
            assert (refused.status_code, refused.json()["code"]) == (status, code)
        assert [upload["id"] for upload in client.get("/v1/uploads").json()["data"]] == [kept.json()["id"]]
        assert client.get("/v1/storage").json()["bytes"] == 600
        assert client.delete(f"/v1/uploads/{kept.json()['id']}").status_code == 204


@pytest.mark.parametrize("quota", ["upload_bytes", "storage_bytes"])
def test_bytes_that_are_here_already_need_no_room(
    client: TestClient, database: Database, storage: Storage, quota: str
) -> None:
    allow(database, **{quota: 1000})
    kept = client.put(WHOLE, content=b"a" * 600).json()["id"]
    files = list(storage.files(""))
    sha256 = hashlib.sha256(b"a" * 600).hexdigest()
    for url in (WHOLE, f"{WHOLE}&sha256={sha256}"):
        again = client.put(url, content=b"a" * 600)
        assert (again.status_code, again.json()["id"]) == (200, kept)
    refused = client.put(f"{WHOLE}&sha256={sha256}", content=b"b" * 600)
    assert (refused.status_code, refused.json()["code"]) == (422, "upload_mismatch"), "another file under that hash"
    for other in ("/v1/uploads?filename=f&purpose=teacher", f"{WHOLE}&sha256={'0' * 64}"):
        assert client.put(other, content=b"a" * 600).json()["code"].endswith("quota_exceeded")
    assert client.put(WHOLE, content=b"b" * 600).json()["code"].endswith("quota_exceeded")
    assert [upload["id"] for upload in client.get("/v1/uploads").json()["data"]] == [kept]
    assert list(storage.files("")) == files


def reserve(work: Session, settings: Settings) -> None:
    fields = {"filename": "f", "purpose": "dataset", "sha256": None, "part_size": 1000, "expires_at": now()}
    uploads.create(work, DEFAULT_PROJECT, settings, bytes=600, **fields)


def wait_for_lock(database: Database, other: Future[None]) -> None:
    """Until it waits for a lock, or has ended; SQLite has one writer, which waits at its beginning."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    while not database.is_sqlite and not other.done():
        with database.read() as session:
            if session.scalar(text(waiting)):
                return
        threading.Event().wait(0.01)


@pytest.mark.parametrize("quota", ["upload_bytes", "storage_bytes"])
@pytest.mark.usefixtures("client")
def test_two_that_reserve_at_once_share_one_quota(database: Database, settings: Settings, quota: str) -> None:
    allow(database, **{quota: 1000})

    def second() -> None:
        with database.write() as work:
            reserve(work, settings)

    with ThreadPoolExecutor(1) as thread:
        with database.write() as work:
            reserve(work, settings)
            other = thread.submit(second)
            wait_for_lock(database, other)
        with pytest.raises((Conflict, TooLarge)):
            other.result()


@pytest.fixture
def limited(app: FastAPI) -> None:
    app.state.rate_limit = RateLimit(2)


def test_a_key_that_asks_too_often_is_told_when_to_come_back(
    app: FastAPI, limited: None, client: TestClient, stranger: TestClient
) -> None:
    refused = next(answer for _ in range(10_000) if (answer := client.get("/v1/jobs")).status_code != 200)
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert int(refused.headers["retry-after"]) >= 1
    assert stranger.get("/v1/jobs").status_code == 200, "another key's requests are its own"
    assert client.get("/healthz").status_code == 200


def test_bursts_are_no_offence_and_steady_is_what_counts() -> None:
    at = 0.0
    limit = RateLimit(50, lambda: at)
    for _ in range(int(50 * BURST_SECONDS)):
        limit.count("key_x")
    with pytest.raises(TooOften) as error:
        limit.count("key_x")
    assert error.value.seconds == 1
    for _ in range(500):  # from then on, exactly as many as are let in
        at += 1 / 50
        limit.count("key_x")
        with pytest.raises(TooOften):
            limit.count("key_x")
    at += 1000
    for n in range(2 * MANY):
        limit.count(f"key_{n}")
        at += 1
    assert len(limit._paid_until) <= MANY


def test_up_has_no_limit_and_a_deployment_has(tmp_path: Path) -> None:
    assert Settings(data_dir=tmp_path, _env_file=None).rate_limit >= 50
    free = RateLimit(0)
    for _ in range(10_000):
        free.count("key_x")
