"""Every change in a project, coarsely: one stream serves a whole tab, and one reader per process all streams.

It tells that something is different, not what: whoever hears it asks. So nothing is replayed. A stream that was too
slow (its queue ran over), and whoever comes back, gets a hello: ask again for what is on screen.
"""

import asyncio
import logging
from collections.abc import AsyncIterator

from fastapi.concurrency import run_in_threadpool
from sqlalchemy.exc import SQLAlchemyError

from api.changes.schemas import ChangedRead, HelloRead
from api.events.streams import BEHIND, CLOSE, Frame, Reader, Stream
from core.db import changes
from core.db.changes import Change, Watch
from core.db.keys import Caller
from core.db.session import Database

log = logging.getLogger(__name__)

READ_SECONDS = 0.5
HELLO = Frame(0, f"event: hello\ndata: {HelloRead().model_dump_json()}\n\n".encode())


def encode(change: Change) -> Frame:
    data = ChangedRead.model_validate(change).model_dump_json()
    return Frame(0, f"event: changed\ndata: {data}\n\n".encode())


class Watcher(Reader):
    """`frames` is one stream of a project. `lease_seconds`: a worker unheard of for so long is silent."""

    def __init__(self, database: Database, *, lease_seconds: float, read_seconds: float = READ_SECONDS) -> None:
        super().__init__(database, read_seconds)
        self._lease_seconds = lease_seconds
        self._watches: dict[str, Watch] = {}  # by project

    # --- the reader -----------------------------------------------------------------------------------------------

    async def _deliver(self) -> None:
        found = await run_in_threadpool(self._read, dict(self._watches))
        for project, news in found.items():
            self._hand_out(project, [encode(change) for change in news])

    def _read(self, watches: dict[str, Watch]) -> dict[str, list[Change]]:
        if not watches:
            return {}
        with self._database.snapshot() as session:
            glances = changes.look(session, watches, self._lease_seconds)
            news = {id: watch.changes(session, glances[id], self._lease_seconds) for id, watch in watches.items()}
        for id, watch in watches.items():  # when nothing can go wrong any more: no change is lost
            watch.accept(glances[id])
        return news

    def _begin(self, project: str) -> Watch:
        watch = Watch()
        with self._database.snapshot() as session:
            watch.accept(changes.look(session, [project], self._lease_seconds)[project])
        return watch

    # --- one stream -----------------------------------------------------------------------------------------------

    async def frames(self, caller: Caller) -> AsyncIterator[Frame]:
        """A hello, then what happens in the caller's project, until the caller is refused.

        What is read after the hello is newer than what changes are told against: nothing falls in between.
        """
        stream = Stream(caller.project_id, caller)
        try:
            self._open(stream)
            while stream.topic not in self._watches and not self._closed:
                try:
                    self._watches.setdefault(stream.topic, await run_in_threadpool(self._begin, stream.topic))
                except SQLAlchemyError as error:
                    log.warning("an event stream waits for the database: %s", error)
                    await asyncio.sleep(self._read_seconds)
            yield HELLO
            async for heard in stream.live():
                for frame in heard:
                    if frame is CLOSE:
                        return
                    yield HELLO if frame is BEHIND else frame
        finally:
            self._close(stream)

    def _forget(self, topic: str) -> None:
        self._watches.pop(topic, None)
