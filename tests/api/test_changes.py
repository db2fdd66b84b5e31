"""The one stream of a tab: every kind of change in a project is told, coarsely, once, and to nobody else."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from api.changes import watcher
from api.changes.watcher import Watcher
from api.events import streams
from core.db import changes, keys, reports, runs
from core.db.keys import DEFAULT_PROJECT, Caller
from core.db.models import Dataset, Job, Teacher, Worker, now
from core.db.session import Database
from core.ids import first_id
from core.lifecycle import JobStatus
from core.recipe import Recipe
from tests.fixtures.service import RECIPE, Make

Told = dict[str, Any]
Do = Callable[[], object]
DATASET = {"name": "d", "source": {"kind": "builtin", "name": "digits"}}
TEACHER = {"name": "t", "source": {"kind": "pretrained", "library": "torchvision", "name": "resnet18"}}


class Ear:
    """An open stream. `after(do)` is what is told next; what `do` does is one transaction."""

    def __init__(self, database: Database, key: str, lease_seconds: float) -> None:
        self.watcher = Watcher(database, lease_seconds=lease_seconds, read_seconds=0.01)
        self.frames = self.watcher.frames(Caller(DEFAULT_PROJECT, key))

    async def next(self) -> Told:
        frame = await anext(self.frames)
        kind, data = frame.text.decode().strip().split("\n")
        told: Told = json.loads(data.removeprefix("data: "))
        assert kind == ("event: hello" if told["object"] == "hello" else "event: changed")
        return told

    async def after(self, do: Do) -> Told:
        await asyncio.to_thread(do)
        return await self.next()


def listening(
    database: Database, story: Callable[[Ear], Coroutine[Any, Any, None]], key: str = "key_any", lease: float = 30.0
) -> None:
    """Tells the story to an open stream that has heard its hello."""

    async def run() -> None:
        ear = Ear(database, key, lease)
        async with streams.running(ear.watcher), asyncio.timeout(60):
            assert await ear.next() == {"object": "hello"}
            await story(ear)
            await ear.frames.aclose()  # type: ignore[attr-defined]

    asyncio.run(run())


def job(id: str, status: str, last_event: int | None) -> Told:
    return {"object": "job", "id": id, "status": status, "last_event": last_event}


def other(object: str, id: str | None, status: str | None) -> Told:
    return {"object": object, "id": id, "status": status, "last_event": None}


def write(database: Database, do: Callable[[Any], object]) -> Do:
    def transaction() -> None:
        with database.write() as work:
            do(work)

    return transaction


def old_job(database: Database, make: Make) -> str:
    """One that was over long before anybody listened."""
    before, dataset = now() - timedelta(days=1), make.dataset()
    with database.write() as work:
        row = Job(
            id=first_id("job", before) + "0" * 16,
            project_id=DEFAULT_PROJECT,
            name="old",
            status=JobStatus.SUCCEEDED,
            dataset_id=dataset,
            recipe=Recipe.model_validate(RECIPE | {"dataset": "dst_x"}).model_dump(mode="json"),
            last_seq=7,
            created_at=before,
            finished_at=before,
        )
        work.add(row)
        work.flush()
        run = runs.enqueue(work, kind="train", subject=row.id, project_id=DEFAULT_PROJECT)
        run.status = JobStatus.SUCCEEDED
    return row.id


def test_the_life_of_a_job(client: TestClient, make: Make, database: Database) -> None:
    wish = RECIPE | {"dataset": make.dataset(), "teacher": make.teacher()}
    claims: list[runs.Claim] = []

    def claim(work: Session) -> None:
        got = runs.claim(work, "wrk_a", 30)
        assert got is not None
        claims.append(got)

    def end(outcome: str) -> Do:
        return write(database, lambda work: runs.end(work, runs.fence(work, claims[-1]), runs.Ending(outcome)))

    async def story(ear: Ear) -> None:
        made = await ear.after(lambda: client.post("/v1/jobs", json=wish))
        id = made["id"]
        assert made == job(id, "queued", 1)
        assert await ear.after(write(database, claim)) == job(id, "running", 2)
        point = [(1, "", "loss/total", 0.5)]
        told = await ear.after(write(database, lambda work: reports.record_metrics(work, id, 1, point)))
        assert told == job(id, "running", 3)
        assert await ear.after(lambda: client.post(f"/v1/jobs/{id}/pause")) == job(id, "pausing", 4)
        assert await ear.after(end("paused")) == job(id, "paused", 5)
        assert await ear.after(lambda: client.patch(f"/v1/jobs/{id}", json={"name": "x"})) == job(id, "paused", 5)
        assert await ear.after(lambda: client.post(f"/v1/jobs/{id}/resume")) == job(id, "queued", 6)
        assert await ear.after(write(database, claim)) == job(id, "running", 7)
        assert await ear.after(end("succeeded")) == job(id, "succeeded", 9)
        assert await ear.after(lambda: client.patch(f"/v1/jobs/{id}", json={"name": "y"})) == job(id, "succeeded", 9)
        assert await ear.after(lambda: client.delete(f"/v1/jobs/{id}")) == job(id, "deleted", None)

    listening(database, story)


def test_a_job_that_has_long_been_over(client: TestClient, make: Make, database: Database) -> None:
    id = old_job(database, make)

    async def story(ear: Ear) -> None:
        assert await ear.after(lambda: client.patch(f"/v1/jobs/{id}", json={"name": "x"})) == job(id, "succeeded", 7)
        assert await ear.after(lambda: client.delete(f"/v1/jobs/{id}")) == job(id, "deleted", None)

    listening(database, story)


def test_a_job_that_waited_ends_by_itself(make: Make, database: Database) -> None:
    """Nobody holds it, and nobody asked for it: what it waited for was rejected."""
    made = make.job()["id"]

    def fail(work: Session) -> None:
        run = runs.of_subject(work, made)
        assert run is not None
        runs.move(work, run, JobStatus.FAILED)

    async def story(ear: Ear) -> None:
        assert (await ear.after(write(database, fail)))["status"] == "failed"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(changes, "first_id", lambda prefix, _: prefix + "_~")  # nothing is new any more
        listening(database, story)


def test_data_sets_and_teachers(client: TestClient, database: Database) -> None:
    made: list[str] = []

    def create(path: str, wish: Told) -> Do:
        return lambda: made.append(client.post(path, json=wish).json()["id"])

    async def story(ear: Ear) -> None:
        for noun, path, row, wish in (
            ("dataset", "/v1/datasets", Dataset, DATASET),
            ("teacher", "/v1/teachers", Teacher, TEACHER),
        ):
            told = await ear.after(create(path, wish))
            id = made.pop()
            assert told == other(noun, id, "validating")
            if row is Dataset:
                read = update(Dataset).where(Dataset.id == id).values(progress="unpacking")
                assert await ear.after(write(database, lambda w, read=read: w.execute(read))) == told
            ready = update(row).where(row.id == id).values(status="ready")
            told = await ear.after(write(database, lambda w, ready=ready: w.execute(ready)))
            assert told == other(noun, id, "ready")
            gone = await ear.after(lambda path=path, id=id: client.delete(f"{path}/{id}"))
            assert gone == other(noun, id, "deleted")

    listening(database, story)


def test_workers(database: Database, client: TestClient) -> None:
    row = Worker(id="wrk_1", hostname="h", pid=1, slots=2, version="1")

    def change(**values: Any) -> Do:
        return write(database, lambda work: work.execute(update(Worker).values(**values)))

    async def story(ear: Ear) -> None:
        assert await ear.after(write(database, lambda work: work.add(row))) == other("worker", "wrk_1", "online")
        await asyncio.to_thread(change(heartbeat_at=now()))  # that it is heard of is no news
        assert await ear.after(change(busy=1)) == other("worker", "wrk_1", "online")
        assert await ear.after(change(heartbeat_at=now() - timedelta(hours=1))) == other("worker", "wrk_1", "silent")
        assert await ear.after(change(heartbeat_at=now(), busy=0)) == other("worker", "wrk_1", "online")
        assert await ear.after(change(stopped_at=now())) == other("worker", "wrk_1", "stopped")

    listening(database, story)


def test_other_projects_are_not_heard_of(client: TestClient, stranger: TestClient, database: Database) -> None:
    async def story(ear: Ear) -> None:
        await asyncio.to_thread(lambda: stranger.post("/v1/datasets", json=DATASET))
        await asyncio.sleep(0.1)
        ours = await ear.after(lambda: client.post("/v1/datasets", json=DATASET))
        with database.read() as session:
            assert session.get_one(Dataset, ours["id"]).project_id == DEFAULT_PROJECT

    listening(database, story)


def test_what_was_made_before_is_committed_after(make: Make, database: Database, client: TestClient) -> None:
    """Ids are drawn before the commit: an older one may appear behind a newer one that has been told."""

    def add(id: str) -> Do:
        source = {"kind": "builtin", "name": "digits"}
        row = Dataset(id=id, project_id=DEFAULT_PROJECT, name="d", source=source, status="ready")
        return write(database, lambda work: work.add(row))

    async def story(ear: Ear) -> None:
        newer, older = first_id("dst", now()) + "b", first_id("dst", now() - timedelta(seconds=20)) + "a"
        assert (await ear.after(add(newer)))["id"] == newer
        assert (await ear.after(add(older)))["id"] == older

    listening(database, story)


def test_many_changes_are_told_as_one(database: Database, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MANY", 3)

    def add(work: Session) -> None:
        for n in range(4):
            work.add(Worker(id=f"wrk_{n}", hostname="h", pid=n, slots=1, version="1"))

    async def story(ear: Ear) -> None:
        assert await ear.after(write(database, add)) == other("worker", None, None)

    listening(database, story)


# --- what can go wrong --------------------------------------------------------------------------------------------


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
