"""An open stream of changes, and a story told to it."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

from api.changes.watcher import Watcher
from api.events import streams
from core.db.keys import DEFAULT_PROJECT, Caller
from core.db.session import Database
from tests.fixtures import loops

Told = dict[str, Any]
Do = Callable[[], object]
DATASET = {"name": "d", "source": {"kind": "builtin", "name": "digits"}}
TEACHER = {"name": "t", "source": {"kind": "pretrained", "library": "torchvision", "name": "resnet18"}}


class Ear:
    """An open stream. `after(do)` is what is told next; what `do` does is one transaction."""

    def __init__(self, database: Database, key: str) -> None:
        self.watcher = Watcher(database, lease_seconds=30, read_seconds=0.01)
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


def listening(database: Database, story: Callable[[Ear], Coroutine[Any, Any, None]], key: str = "key_any") -> None:
    """Tells the story to an open stream that has heard its hello."""

    async def run() -> None:
        ear = Ear(database, key)
        async with streams.running(ear.watcher), asyncio.timeout(60):
            assert await ear.next() == {"object": "hello"}
            await story(ear)
            await ear.frames.aclose()  # type: ignore[attr-defined]

    loops.run(run())


def job(id: str, status: str, last_event: int | None) -> Told:
    return {"object": "job", "id": id, "status": status, "last_event": last_event}


def other(object: str, id: str | None, status: str | None) -> Told:
    return {"object": object, "id": id, "status": status, "last_event": None}


def write(database: Database, do: Callable[[Any], object]) -> Do:
    def transaction() -> None:
        with database.write() as work:
            do(work)

    return transaction
