"""The same Idempotency-Key and request: one object, one answer."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from starlette.testclient import TestClient

from core.db import datasets
from core.db.models import Dataset, IdempotencyKey, now
from core.db.session import Database, UnitOfWork

WISH = {"name": "digits", "source": {"kind": "builtin", "name": "digits"}}


def count(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Dataset)) or 0


def test_a_repeated_request_is_replayed(client: TestClient, database: Database) -> None:
    headers = {"Idempotency-Key": "one"}
    first = client.post("/v1/datasets", json=WISH, headers=headers)
    second = client.post("/v1/datasets", json=WISH, headers=headers)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json() == first.json()
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert count(database) == 1
    other = client.post("/v1/datasets", json=WISH | {"name": "other"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    elsewhere = client.post("/v1/uploads", json={"filename": "f", "bytes": 1, "purpose": "dataset"}, headers=headers)
    assert elsewhere.status_code == 422


def test_keys_belong_to_a_project(client: TestClient, stranger: TestClient, database: Database) -> None:
    headers = {"Idempotency-Key": "one"}
    client.post("/v1/datasets", json=WISH, headers=headers)
    theirs = stranger.post("/v1/datasets", json=WISH, headers=headers)
    assert "idempotent-replayed" not in theirs.headers
    assert count(database) == 2


def test_a_request_that_failed_may_be_mended(client: TestClient, database: Database) -> None:
    headers = {"Idempotency-Key": "one"}
    bad = {"name": "x", "source": {"kind": "builtin", "name": "none"}}
    assert client.post("/v1/datasets", json=bad, headers=headers).status_code == 422
    assert client.post("/v1/datasets", json={"name": 1}, headers=headers).status_code == 422
    assert client.post("/v1/datasets", json=WISH, headers=headers).status_code == 201


def test_many_at_once_make_one(client: TestClient, database: Database) -> None:
    def post(_: int) -> int:
        return client.post("/v1/datasets", json=WISH, headers={"Idempotency-Key": "one"}).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = set(pool.map(post, range(16)))
    assert statuses <= {201, 409}
    assert 201 in statuses
    assert count(database) == 1


def test_in_flight_is_a_conflict_until_it_is_abandoned(client: TestClient, database: Database) -> None:
    headers = {"Idempotency-Key": "one"}
    first = client.post("/v1/datasets", json=WISH, headers=headers)
    assert first.status_code == 201
    with database.write() as work:  # as if that process had died before it answered
        work.execute(update(IdempotencyKey).values(status=None, body=None))
    flying = client.post("/v1/datasets", json=WISH, headers=headers)
    assert (flying.status_code, flying.json()["code"]) == (409, "idempotency_in_flight")
    with database.write() as work:
        work.execute(update(IdempotencyKey).values(created_at=now() - timedelta(seconds=31)))
    assert client.post("/v1/datasets", json=WISH, headers=headers).status_code == 201


def test_who_took_so_long_that_another_took_the_key_makes_nothing(
    client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = datasets.create

    def overtaken(work: UnitOfWork, *args: Any, **kwargs: Any) -> Any:
        work.execute(update(IdempotencyKey).values(created_at=now()))
        return create(work, *args, **kwargs)

    monkeypatch.setattr(datasets, "create", overtaken)
    late = client.post("/v1/datasets", json=WISH, headers={"Idempotency-Key": "one"})
    assert (late.status_code, late.json()["code"]) == (409, "idempotency_in_flight")
    assert count(database) == 0


def test_an_answer_is_kept_for_a_day(client: TestClient, database: Database) -> None:
    headers = {"Idempotency-Key": "one"}
    first = client.post("/v1/datasets", json=WISH, headers=headers).json()
    with database.write() as work:
        work.execute(update(IdempotencyKey).values(created_at=now() - timedelta(hours=25)))
    assert client.post("/v1/datasets", json=WISH, headers=headers).json()["id"] != first["id"]
