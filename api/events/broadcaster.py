"""The events of single jobs. One reader of the database per process, however many streams are open.

A stream first catches up from the rows, then hears live frames through a bounded queue. Numbers have no gaps, so a
stream that was too slow (its queue ran over) notices by itself and catches up again: nothing is lost, nothing waits
for a slow reader. Frames are encoded once, not once per stream.
"""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

from fastapi.concurrency import run_in_threadpool
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.events.streams import BEHIND, CLOSE, PING, Frame, Reader, Stream, together
from core.db import events
from core.db.keys import Caller
from core.db.models import Event, Job, stamp
from core.db.session import Database
from core.lifecycle import TERMINAL

READ_SECONDS = 0.1
PAGE = 500


def tell(event: Event) -> dict[str, Any]:
    """An event as clients see it: what it tells, in its envelope."""
    envelope = {"object": "event", "seq": event.seq, "type": event.type, "attempt": event.attempt}
    return {**event.data, **envelope, "created_at": stamp(event.created_at)}


def encode(event: Event, *, last: bool) -> Frame:
    """A `done` that was followed by a retry is no end: it goes out as the change of status that it was."""
    told = tell(event)
    if event.type == "done" and not last:
        told["type"] = "status"
    data = json.dumps(told, separators=(",", ":"))
    return Frame(event.seq, f"id: {event.seq}\nevent: {told['type']}\ndata: {data}\n\n".encode(), last)


def in_order(heard: Sequence[Frame], seq: int) -> tuple[list[Frame], Frame | None]:
    """What of it comes next after `seq`, and what ends it: CLOSE, or BEHIND where something is missing in between."""
    found: list[Frame] = []
    for frame in heard:
        if frame is CLOSE or frame is BEHIND:
            return found, frame
        if frame is not PING and frame.seq > seq + 1:
            return found, BEHIND
        if frame is PING or frame.seq == seq + 1:
            found.append(frame)
            seq = max(seq, frame.seq)
        if frame.last:
            return found, CLOSE
    return found, None


class Broadcaster(Reader):
    """`frames` is one stream of a job."""

    def __init__(self, database: Database, *, read_seconds: float = READ_SECONDS) -> None:
        super().__init__(database, read_seconds)
        self._cursors: dict[str, int] = {}  # by job: the last event handed to its streams

    # --- the reader -----------------------------------------------------------------------------------------------

    async def _deliver(self) -> None:
        for job_id, frames in (await run_in_threadpool(self._read, dict(self._cursors))).items():
            if job_id not in self._cursors:
                continue  # its last stream has gone meanwhile
            self._hand_out(job_id, frames)
            if frames and frames[-1] is not CLOSE:
                self._cursors[job_id] = max(self._cursors[job_id], frames[-1].seq)

    def _read(self, cursors: dict[str, int]) -> dict[str, list[Frame]]:
        """What is new for each job; a job that has been deleted closes its streams."""
        with self._database.read() as session:
            rows = session.execute(select(Job.id, Job.last_seq).where(Job.id.in_(cursors)))
            last = {row.id: row.last_seq for row in rows}
            news = {job_id: [CLOSE] for job_id in cursors if job_id not in last}
            for job_id, seq in last.items():
                if seq > cursors[job_id]:
                    news[job_id] = self._page(session, job_id, cursors[job_id])
            return news

    @staticmethod
    def _page(session: Session, job_id: str, seq: int) -> list[Frame]:
        """The next frames after `seq`; of a job that is over, at least the one that says so."""
        job = session.execute(select(Job.last_seq, Job.status).where(Job.id == job_id)).first()
        if job is None:
            return [CLOSE]
        over = job.status in TERMINAL
        seq = min(seq, job.last_seq - 1) if over else seq
        found = events.after(session, job_id, seq, limit=PAGE)
        return [encode(e, last=over and e.seq >= job.last_seq) for e in found]

    # --- one stream -----------------------------------------------------------------------------------------------

    async def frames(self, job_id: str, caller: Caller, seq: int) -> AsyncIterator[Frame]:
        """Everything after `seq`, then what happens, until the job is over, gone or the caller refused."""

        def behind() -> list[Frame]:
            with self._database.read() as session:
                return self._page(session, job_id, seq)

        stream = Stream(job_id, caller)
        try:
            while True:
                while page := await run_in_threadpool(behind):
                    if page[0] is CLOSE:
                        return
                    yield together(page)
                    if page[-1].last:
                        return
                    seq = page[-1].seq
                if self._subscribe(stream, seq) > seq:
                    continue  # others are further: what lies between is in the rows
                async for heard in stream.live():
                    next_ones, end = in_order(heard, seq)
                    if next_ones:
                        yield together(next_ones)
                        seq = max(seq, next_ones[-1].seq)  # a ping has none
                    if end is CLOSE:
                        return
                    if end is BEHIND:
                        break
        finally:
            self._close(stream)

    def _subscribe(self, stream: Stream, seq: int) -> int:
        """Returns the number after which this stream hears live frames."""
        self._open(stream)
        return self._cursors.setdefault(stream.topic, seq)

    def _forget(self, topic: str) -> None:
        self._cursors.pop(topic, None)
