"""One reader of the database per process, however many streams are open.

A stream first catches up from the rows, then hears live frames through a bounded queue. Numbers have no gaps, so a
stream that was too slow (its queue ran over) notices by itself and catches up again: nothing is lost, nothing waits
for a slow reader. Frames are encoded once, not once per stream.
"""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from fastapi.concurrency import run_in_threadpool
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core.db import events, keys
from core.db.keys import Caller
from core.db.models import Event, Job
from core.db.session import Database
from core.lifecycle import TERMINAL

log = logging.getLogger(__name__)

READ_SECONDS = 0.25
PING_SECONDS = 15.0
RECHECK_SECONDS = 30.0  # how long a stream may outlive its key
QUEUE = 256
PAGE = 500


@dataclass(frozen=True)
class Frame:
    """One event as it goes over the wire; `last` ends the stream."""

    seq: int
    text: bytes
    last: bool = False


PING = Frame(0, b": ping\n\n")
_CLOSE = Frame(-1, b"")
_BEHIND = Frame(-2, b"")


@dataclass(eq=False)
class _Stream:
    job_id: str
    caller: Caller
    queue: asyncio.Queue[Frame] = field(default_factory=lambda: asyncio.Queue(QUEUE))

    def put(self, frame: Frame) -> None:
        if self.queue.full():
            while not self.queue.empty():
                self.queue.get_nowait()
            frame = _CLOSE if frame is _CLOSE else _BEHIND
        self.queue.put_nowait(frame)


def tell(event: Event) -> dict[str, Any]:
    """An event as clients see it: what it tells, in its envelope."""
    envelope = {"object": "event", "seq": event.seq, "type": event.type, "attempt": event.attempt}
    return {**event.data, **envelope, "created_at": event.created_at.isoformat().replace("+00:00", "Z")}


def encode(event: Event, *, last: bool) -> Frame:
    """A `done` that was followed by a retry is no end: it goes out as the change of status that it was."""
    told = tell(event)
    if event.type == "done" and not last:
        told["type"] = "status"
    data = json.dumps(told, separators=(",", ":"))
    return Frame(event.seq, f"id: {event.seq}\nevent: {told['type']}\ndata: {data}\n\n".encode(), last)


class Broadcaster:
    """`run` reads while any stream is open; `frames` is one stream."""

    def __init__(self, database: Database, *, read_seconds: float = READ_SECONDS) -> None:
        self._database = database
        self._read_seconds = read_seconds
        self._streams: dict[str, set[_Stream]] = {}  # by job
        self._cursors: dict[str, int] = {}  # by job: the last event handed to its streams
        self._wanted = asyncio.Event()

    async def run(self) -> None:
        checked = time.monotonic()
        while True:
            await self._wanted.wait()
            try:
                await self._deliver()
                if time.monotonic() - checked > RECHECK_SECONDS:
                    checked = time.monotonic()
                    await self._recheck()
            except SQLAlchemyError as error:
                log.warning("event streams wait for the database: %s", error)
            await asyncio.sleep(self._read_seconds)

    # --- the reader -----------------------------------------------------------------------------------------------

    async def _deliver(self) -> None:
        for job_id, frames in (await run_in_threadpool(self._read, dict(self._cursors))).items():
            if job_id not in self._cursors:
                continue  # its last stream has gone meanwhile
            for stream in self._streams[job_id]:
                for frame in frames:
                    stream.put(frame)
            if frames and frames[-1] is not _CLOSE:
                self._cursors[job_id] = max(self._cursors[job_id], frames[-1].seq)

    def _read(self, cursors: dict[str, int]) -> dict[str, list[Frame]]:
        """What is new for each job; a job that has been deleted closes its streams."""
        with self._database.read() as session:
            rows = session.execute(select(Job.id, Job.last_seq).where(Job.id.in_(cursors)))
            last = {row.id: row.last_seq for row in rows}
            news = {job_id: [_CLOSE] for job_id in cursors if job_id not in last}
            for job_id, seq in last.items():
                if seq > cursors[job_id]:
                    news[job_id] = self._page(session, job_id, cursors[job_id])
            return news

    @staticmethod
    def _page(session: Session, job_id: str, seq: int) -> list[Frame]:
        """The next frames after `seq`; of a job that is over, at least the one that says so."""
        job = session.execute(select(Job.last_seq, Job.status).where(Job.id == job_id)).first()
        if job is None:
            return [_CLOSE]
        over = job.status in TERMINAL
        seq = min(seq, job.last_seq - 1) if over else seq
        found = events.after(session, job_id, seq, limit=PAGE)
        return [encode(e, last=over and e.seq >= job.last_seq) for e in found]

    async def _recheck(self) -> None:
        callers = {stream.caller for streams in self._streams.values() for stream in streams}

        def good() -> set[Caller]:
            with self._database.read() as session:
                return keys.still_good(session, callers)

        refused = callers - await run_in_threadpool(good)
        for streams in self._streams.values():
            for stream in streams:
                if stream.caller in refused:
                    stream.put(_CLOSE)

    # --- one stream -----------------------------------------------------------------------------------------------

    async def frames(self, job_id: str, caller: Caller, seq: int) -> AsyncIterator[Frame]:
        """Everything after `seq`, then what happens, until the job is over, gone or the caller refused."""

        def behind() -> list[Frame]:
            with self._database.read() as session:
                return self._page(session, job_id, seq)

        stream = _Stream(job_id, caller)
        try:
            while True:
                while page := await run_in_threadpool(behind):
                    for frame in page:
                        if frame is _CLOSE:
                            return
                        yield frame
                        if frame.last:
                            return
                        seq = frame.seq
                if self._subscribe(stream, seq) > seq:
                    continue  # others are further: what lies between is in the rows
                async for frame in self._live(stream):
                    if frame is _CLOSE:
                        return
                    if frame is PING:
                        yield frame
                    elif frame is _BEHIND or frame.seq > seq + 1:
                        break
                    elif frame.seq == seq + 1:
                        yield frame
                        if frame.last:
                            return
                        seq = frame.seq
        finally:
            self._unsubscribe(stream)

    @staticmethod
    async def _live(stream: _Stream) -> AsyncIterator[Frame]:
        while True:
            try:
                yield await asyncio.wait_for(stream.queue.get(), PING_SECONDS)
            except TimeoutError:
                yield PING

    def _subscribe(self, stream: _Stream, seq: int) -> int:
        """Returns the number after which this stream hears live frames."""
        self._streams.setdefault(stream.job_id, set()).add(stream)
        self._wanted.set()
        return self._cursors.setdefault(stream.job_id, seq)

    def _unsubscribe(self, stream: _Stream) -> None:
        streams = self._streams.get(stream.job_id, set())
        streams.discard(stream)
        if not streams:
            self._streams.pop(stream.job_id, None)
            self._cursors.pop(stream.job_id, None)
        if not self._streams:
            self._wanted.clear()


@contextlib.asynccontextmanager
async def running(broadcaster: Broadcaster) -> AsyncIterator[None]:
    task = asyncio.create_task(broadcaster.run(), name="event reader")
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
