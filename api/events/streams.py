"""What the readers behind event streams share: bounded queues, pings, streams that end with their key.

A reader looks at the database for all streams of this process at once, and only while there are any. What it finds
goes to the streams of a topic, each through a bounded queue: a slow one is told that it is behind, and nobody waits.
"""

import asyncio
import contextlib
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from fastapi.concurrency import run_in_threadpool
from sqlalchemy.exc import SQLAlchemyError

from core.db import keys
from core.db.keys import Caller
from core.db.session import Database

log = logging.getLogger(__name__)

PING_SECONDS = 15.0
RECHECK_SECONDS = 30.0  # how long a stream may outlive its key
QUEUE = 256


@dataclass(frozen=True)
class Frame:
    """What goes over the wire at once. `seq`: of an event of a job; `last` ends the stream."""

    seq: int
    text: bytes
    last: bool = False


PING = Frame(0, b": ping\n\n")
CLOSE = Frame(-1, b"")
BEHIND = Frame(-2, b"")


def together(frames: Sequence[Frame]) -> Frame:
    """Several as one: what is sent at once costs a thousand streams a third of what three frames would."""
    return frames[0] if len(frames) == 1 else Frame(frames[-1].seq, b"".join(f.text for f in frames), frames[-1].last)


@dataclass(eq=False)
class Stream:
    """One open stream. `topic`: the job or project that it is about."""

    topic: str
    caller: Caller
    queue: asyncio.Queue[Frame] = field(default_factory=lambda: asyncio.Queue(QUEUE))

    def put(self, frame: Frame) -> None:
        if self.queue.full():
            while not self.queue.empty():
                self.queue.get_nowait()
            frame = CLOSE if frame is CLOSE else BEHIND
        self.queue.put_nowait(frame)

    async def live(self) -> AsyncIterator[list[Frame]]:
        """What has been put, all that is there at once, and pings in between."""
        while True:
            try:
                async with asyncio.timeout(PING_SECONDS):
                    heard = [await self.queue.get()]
            except TimeoutError:
                heard = [PING]
            while not self.queue.empty():
                heard.append(self.queue.get_nowait())
            yield heard


class Reader(ABC):
    """`run` reads while any stream is open."""

    def __init__(self, database: Database, read_seconds: float) -> None:
        self._database = database
        self._read_seconds = read_seconds
        self._streams: dict[str, set[Stream]] = {}  # by topic
        self._wanted = asyncio.Event()
        self._closed = False

    @property
    def open_streams(self) -> int:
        return sum(len(streams) for streams in list(self._streams.values()))

    @abstractmethod
    async def _deliver(self) -> None:
        """Read what is new for the topics, and hand it out."""

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

    async def _recheck(self) -> None:
        callers = {stream.caller for streams in self._streams.values() for stream in streams}

        def good() -> set[Caller]:
            with self._database.read() as session:
                return keys.still_good(session, callers)

        refused = callers - await run_in_threadpool(good)
        for streams in self._streams.values():
            for stream in streams:
                if stream.caller in refused:
                    stream.put(CLOSE)

    def _hand_out(self, topic: str, frames: Iterable[Frame]) -> None:
        for stream in self._streams.get(topic, ()):
            for frame in frames:
                stream.put(frame)

    def close(self) -> None:
        """End every stream, and those that have yet to open: the process stops, clients come back to the next one."""
        self._closed = True
        for streams in self._streams.values():
            for stream in streams:
                stream.put(CLOSE)

    def _open(self, stream: Stream) -> None:
        self._streams.setdefault(stream.topic, set()).add(stream)
        self._wanted.set()
        if self._closed:
            stream.put(CLOSE)

    def _close(self, stream: Stream) -> None:
        streams = self._streams.get(stream.topic, set())
        streams.discard(stream)
        if not streams:
            self._streams.pop(stream.topic, None)
            self._forget(stream.topic)
        if not self._streams:
            self._wanted.clear()

    @abstractmethod
    def _forget(self, topic: str) -> None:
        """Nobody listens to it any more."""


class Runs(Protocol):
    async def run(self) -> None: ...


@contextlib.asynccontextmanager
async def running(*background: Runs) -> AsyncIterator[None]:
    """What goes on beside the requests, until they end."""
    tasks = [asyncio.create_task(one.run(), name=type(one).__name__) for one in background]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
