"""Ten thousand messages to a webhook that fails at random, from an API that is killed several times.

The receiver takes a message when its signature is good and chance allows; the same message is refused at most twice,
as the third wait is five minutes. Then every message must have been taken, and by its id one effect of each is left.
"""

import asyncio
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import func, select
from standardwebhooks.webhooks import Webhook as Verifier

from benchmarks.load.place import Finding, Place, Size, place
from core.db import webhooks
from core.db.models import Delivery, Job
from core.lifecycle import JobStatus

MESSAGES, TRANSACTION, KILLS = 10_000, 100, 5
REFUSED, MOST_REFUSED = 0.1, 2
PATIENCE = 900.0


@dataclass
class Receiver:
    """Answers on a port of its own, in a thread of its own."""

    port: int = 0
    secret: str = ""
    posts: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)
    forged: int = 0

    def judge(self, headers: dict[str, str], body: bytes) -> bytes:
        """The status line. Half of those refused are not answered at all: the connection ends."""
        id = headers["webhook-id"]
        self.posts[id] += 1
        try:
            Verifier(self.secret).verify(body.decode(), headers)
        except Exception:
            self.forged += 1
        if self.refused[id] < MOST_REFUSED and random.random() < REFUSED:
            self.refused[id] += 1
            return b"500 Internal Server Error" if random.random() < 0.5 else b""
        self.taken[id] += 1
        return b"204 No Content"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
            headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head)}
            status = self.judge(headers, await reader.readexactly(int(headers["content-length"])))
            if status:
                writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):  # the API was killed
            pass
        finally:
            writer.close()


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver, loop, ready = Receiver(), asyncio.new_event_loop(), threading.Event()

    async def listen() -> None:
        server = await asyncio.start_server(receiver.answer, "127.0.0.1", 0)
        receiver.port = server.sockets[0].getsockname()[1]
        ready.set()

    def run() -> None:
        loop.create_task(listen())
        loop.run_forever()

    thread = threading.Thread(target=run)
    thread.start()
    ready.wait()
    try:
        yield receiver
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def findings(size: Size) -> Iterator[Finding]:
    count, kills = size.of(MESSAGES), 1 if size.quick else KILLS
    with receiving() as receiver, place(size.engine, DISTILLERY_WEBHOOK_NETWORKS="127.0.0.0/8") as here:
        wish = {"url": f"http://127.0.0.1:{receiver.port}/", "events": ["job.paused"]}
        webhook = here.service.post("/v1/webhooks", wish)
        receiver.secret = webhook["secret"]
        begun = time.monotonic()
        for start in range(0, count, TRANSACTION):
            _tell(here, min(TRANSACTION, count - start))
        killed = 0
        while pending := _pending(here):
            if killed < kills and pending < count * (1 - (killed + 1) / (kills + 2)):
                here.api().kill()
                killed += 1
            if time.monotonic() - begun > PATIENCE:
                break
            time.sleep(0.2)
        took = time.monotonic() - begun
        with here.database.read() as session:
            sent = set(session.scalars(select(Delivery.message_id)))
            failed = session.scalar(select(func.count()).where(Delivery.status != "delivered"))
    lost, strange = len(sent - receiver.taken.keys()), len(receiver.taken.keys() - sent) + receiver.forged
    again = sum(receiver.taken.values()) - len(receiver.taken)
    what = f"{len(sent):,} messages, {receiver.refused.total():,} refused, the API killed {killed} times"
    yield Finding(what, f"{took:.0f} s, {receiver.posts.total():,} posts, {again} taken more than once")
    exact = f"{lost} lost, {failed} not delivered, {strange} strange; {len(receiver.taken):,} ids taken"
    yield Finding("by id, after the receiver's dedup", exact, "each once", not (lost or failed or strange))


def _tell(here: Place, count: int) -> None:
    """As a worker does, in the transaction of what it tells; of a kind that the job beside tells nobody."""
    with here.database.write() as work:
        job = work.get_one(Job, here.training)
        for _ in range(count):
            webhooks.tell_job(work, job, JobStatus.PAUSED)


def _pending(here: Place) -> int:
    with here.database.read() as session:
        return session.scalar(select(func.count()).where(Delivery.status == "pending")) or 0
