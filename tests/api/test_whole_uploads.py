"""A file in one request, met by others while it is under way, cut, cancelled, killed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from anyio import to_thread
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.uploads import whole
from core.db.models import Upload, now
from core.db.session import Database
from core.queue import RecordingQueue
from core.settings import Settings
from core.storage import Storage
from core.storage import keys as storage_keys
from tests.api.test_uploads import CONTENT, SHA, stored
from tests.fixtures.loops import run
from tests.fixtures.service import EVERY_STORAGE
from worker.equipment import Equipment
from worker.garbage import Garbage

pytestmark = EVERY_STORAGE
Answer = httpx2.Response
URL = "/v1/uploads?filename=images.zip&purpose=dataset"


async def put(app: FastAPI, client: TestClient, meanwhile: Callable[[], Awaitable[None]]) -> Answer:
    """Send the file; half-way, something else happens."""

    async def body() -> AsyncIterator[bytes]:
        yield CONTENT[:1000]
        await meanwhile()
        yield CONTENT[1000:]

    headers = {"Authorization": client.headers["Authorization"], "Content-Length": str(len(CONTENT))}
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://testserver", headers=headers) as sender:
        return await sender.put(URL, content=body())


def put_and(app: FastAPI, client: TestClient, meanwhile: Callable[[], None]) -> Answer:
    async def in_thread() -> None:
        await to_thread.run_sync(meanwhile)

    return run(put(app, client, in_thread))


def only(client: TestClient) -> dict[str, Any]:
    """The one upload there is."""
    [found] = client.get("/v1/uploads").json()["data"]
    return dict(found)


def test_a_file_that_is_deleted_while_it_arrives_is_gone(app: FastAPI, client: TestClient, storage: Storage) -> None:
    def delete() -> None:
        assert client.delete(f"/v1/uploads/{only(client)['id']}").status_code == 204

    answer = put_and(app, client, delete)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert client.get("/v1/uploads").json()["data"] == []
    assert stored(storage) == []


def test_a_file_that_arrives_whole_is_nobody_elses(app: FastAPI, client: TestClient, storage: Storage) -> None:
    def interfere() -> None:
        there = only(client)
        url = f"/v1/uploads/{there['id']}"
        assert (there["status"], there["missing"]) == ("arriving", [])
        assert client.get("/v1/uploads?status=open").json()["data"] == []
        for refused in (
            client.put(f"{url}/parts/1", content=CONTENT),
            client.post(f"{url}/complete", json={"sha256": SHA}),
        ):
            assert (refused.status_code, refused.json()["code"]) == (409, "upload_arriving")
        source = {"kind": "upload", "upload": there["id"]}
        early = client.post("/v1/datasets", json={"name": "x", "source": source})
        assert (early.status_code, early.json()["code"]) == (409, "not_ready")

    answer = put_and(app, client, interfere)
    assert (answer.status_code, answer.json()["status"]) == (201, "complete")
    assert only(client) == answer.json()
    assert storage.fetch(storage_keys.upload_file(answer.json()["id"])).read_bytes() == CONTENT


def test_a_file_that_is_cut_after_it_has_arrived_stays(
    app: FastAPI, client: TestClient, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle = whole.Arrival._settle

    def cut(*arguments: Any) -> Any:
        settle(*arguments)
        raise ConnectionResetError

    monkeypatch.setattr(whole.Arrival, "_settle", cut)
    assert client.put(URL, content=CONTENT).status_code == 500
    there = only(client)
    assert there["status"] == "complete"
    assert stored(storage) == [storage_keys.upload_file(there["id"])]


def test_a_service_that_stops_gives_the_room_back(
    app: FastAPI, client: TestClient, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server cancels its requests, and what is left of them once more before the loop ends."""
    store = whole.Arrival._store

    async def stop() -> None:
        half, closed = asyncio.Event(), asyncio.Event()

        async def close(*arguments: Any) -> Any:
            try:
                return await store(*arguments)
            finally:
                closed.set()

        monkeypatch.setattr(whole.Arrival, "_store", close)

        async def wait() -> None:
            half.set()
            await asyncio.Event().wait()

        sending = asyncio.create_task(put(app, client, wait))
        await half.wait()
        sending.cancel()
        await closed.wait()
        while not sending.done():
            sending.cancel()
            await asyncio.sleep(0)

    run(stop())
    assert client.get("/v1/uploads").json()["data"] == []
    assert stored(storage) == []


def test_a_killed_service_keeps_the_room_for_an_hour(
    app: FastAPI, client: TestClient, equipment: Equipment, storage: Storage
) -> None:
    garbage = Garbage(equipment)

    def collect() -> None:
        garbage.drop_uploads(now() + whole.KEPT - timedelta(minutes=10))
        assert only(client)["status"] == "arriving"
        garbage.drop_uploads(now() + whole.KEPT)
        garbage.drop_folders()
        assert client.get("/v1/uploads").json()["data"] == []

    assert put_and(app, client, collect).status_code == 404
    assert stored(storage) == []


def test_a_slow_file_is_kept_while_it_comes(
    app: FastAPI, client: TestClient, equipment: Equipment, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole, "KEEP_SECONDS", 0.0)
    settle = whole.Arrival._settle

    def expire() -> None:
        with database.write() as work:
            work.get_one(Upload, only(client)["id"]).expires_at = now() - timedelta(minutes=1)

    def collect_first(*arguments: Any) -> Any:
        Garbage(equipment).drop_uploads()
        return settle(*arguments)

    monkeypatch.setattr(whole.Arrival, "_settle", collect_first)
    assert put_and(app, client, expire).status_code == 201


@pytest.fixture
def equipment(settings: Settings, database: Database, storage: Storage, queue: RecordingQueue) -> Equipment:
    return Equipment(settings=settings, database=database, storage=storage, queue=queue, threads=1)
