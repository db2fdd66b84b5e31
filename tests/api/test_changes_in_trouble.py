"""The one stream of a tab with slow readers, refused keys, a database that is away; and over a real server."""

import asyncio
import json
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from api.changes import watcher
from api.events import streams
from core.db import changes, keys
from core.db.keys import DEFAULT_PROJECT, Caller
from core.db.session import Database
from tests.api.ear import DATASET, Ear, listening, other


def test_a_slow_reader_is_told_to_ask_again(
    database: Database, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "QUEUE", 2)

    async def story(ear: Ear) -> None:
        seen = asyncio.Event()
        hand_out = ear.watcher._hand_out

        def counted(topic: str, frames: list[streams.Frame]) -> None:
            hand_out(topic, frames)
            if frames:
                seen.set()

        monkeypatch.setattr(ear.watcher, "_hand_out", counted)
        for _ in range(3):  # nobody takes them
            seen.clear()
            await asyncio.to_thread(lambda: client.post("/v1/datasets", json=DATASET))
            await seen.wait()
        assert await ear.next() == {"object": "hello"}
        told = await ear.after(lambda: client.post("/v1/datasets", json=DATASET))
        assert told["status"] == "validating"

    listening(database, story)


def test_a_stream_ends_with_its_key(client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "RECHECK_SECONDS", 0.0)
    with database.write() as work:
        row, _ = keys.create(work, DEFAULT_PROJECT, "short-lived")

    async def story(ear: Ear) -> None:
        await asyncio.to_thread(lambda: client.delete(f"/v1/api-keys/{row.id}"))
        with pytest.raises(StopAsyncIteration):
            await ear.next()
        assert ear.watcher._watches == {}  # nobody listens, nothing is read

    listening(database, story, key=row.id)


def test_a_database_that_is_away_for_a_while(
    client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, look_up, calls = changes.look, changes.look_up, iter(range(1000))

    def broken(*_: Any) -> Any:
        raise OperationalError("SELECT", {}, Exception("gone"))

    def shaky(*arguments: Any) -> Any:
        return broken() if next(calls) % 2 == 0 else look(*arguments)

    monkeypatch.setattr(changes, "look", shaky)  # the first of them is that of the opening stream

    async def story(ear: Ear) -> None:
        told = await ear.after(lambda: client.post("/v1/datasets", json=DATASET))
        assert told["status"] == "validating"
        monkeypatch.setattr(changes, "look_up", broken)  # half of the look succeeds: nothing counts as seen
        await asyncio.to_thread(lambda: client.delete(f"/v1/datasets/{told['id']}"))
        await asyncio.sleep(0.1)
        monkeypatch.setattr(changes, "look_up", look_up)
        assert await ear.next() == other("dataset", told["id"], "deleted")

    listening(database, story)


def test_two_streams_hear_the_same(client: TestClient, database: Database) -> None:
    async def story(ear: Ear) -> None:
        second = ear.watcher.frames(Caller(DEFAULT_PROJECT, "key_other"))
        assert await anext(second) is watcher.HELLO
        told = await ear.after(lambda: client.post("/v1/datasets", json=DATASET))
        assert json.loads((await anext(second)).text.split(b"data: ")[1]) == told
        await second.aclose()  # type: ignore[attr-defined]

    listening(database, story)


# --- over a real server -------------------------------------------------------------------------------------------


@contextmanager
def opened(url: str, headers: dict[str, str]) -> Any:
    with httpx2.stream("GET", f"{url}/v1/events", headers=headers, timeout=30) as response:
        yield response


def test_the_stream_over_http(server: str, client: TestClient) -> None:
    key = client.headers["Authorization"]
    for accept in ("text/event-stream", "application/json", "nonsense"):
        with opened(server, {"Authorization": key, "Accept": accept, "Last-Event-ID": "-9"}) as response:
            assert response.status_code == 200
            assert response.headers["content-type"].startswith("text/event-stream")
            assert response.headers["cache-control"] == "no-store"
            lines = (line for line in response.iter_lines() if line)
            assert [next(lines) for _ in range(3)] == ["retry: 2000", "event: hello", 'data: {"object":"hello"}']
            client.post("/v1/datasets", json=DATASET)
            assert next(lines) == "event: changed"
            assert json.loads(next(lines).removeprefix("data: "))["object"] == "dataset"
    with opened(server, {"Authorization": "Bearer dkd_wrong"}) as response:
        assert response.status_code == 401
