"""A thousand streams of a job that trains: how late its events come, and whether each comes, once and in order.

Late is from the stamp that the worker put on the event to its last byte here; the clients share the machine's cores.
What a client missed while it was cut off comes from the rows when it is back: counted, and not among the late ones.
"""

import asyncio
import contextlib
import json
import random
import re
import time
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import httpx2

from benchmarks.load.place import Finding, Place, Size, milliseconds, place

CLIENTS, WAVES, CUT = 1_000, 20, 50
WAVE_SECONDS, RAMP, PATIENCE = 2.0, 0.01, 120.0
GOAL = 0.250
FRAME = re.compile(rb"id: (\d+)\nevent: (\w+)\ndata: (.*)\n\n")


@dataclass
class Crowd:
    """What all clients have seen."""

    place: Place
    late: "array[float]" = field(default_factory=lambda: array("d"))
    frames: int = 0
    caught_up: int = 0  # of the frames
    disorder: int = 0  # numbers that were not the next one
    reconnects: int = 0
    stamps: dict[int, float] = field(default_factory=dict)  # by number of the event: parsed once, not by each client

    def stamp(self, seq: int, data: bytes) -> float:
        if seq not in self.stamps:
            self.stamps[seq] = datetime.fromisoformat(json.loads(data)["created_at"]).timestamp()
        return self.stamps[seq]


class Listener(asyncio.Protocol):
    """One client: comes back, as a browser does, with the number that it has seen, until it is told the end."""

    def __init__(self, crowd: Crowd) -> None:
        self.crowd, self.seen, self.over = crowd, 0, False
        self._buffer, self._since = b"", 0.0
        self.transport: asyncio.Transport | None = None

    async def connect(self) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", self.crowd.place.port)
        except OSError:
            self._come_back()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport, self._buffer, self._since = transport, b"", float("inf")
        lines = [f"GET /v1/jobs/{self.crowd.place.training}/events HTTP/1.1", "Host: 127.0.0.1"]
        lines += [f"Authorization: Bearer {self.crowd.place.key}", "Accept: text/event-stream"]
        transport.write("\r\n".join([*lines, f"Last-Event-ID: {self.seen}", "", ""]).encode())

    def data_received(self, data: bytes) -> None:
        now = time.time()
        self._buffer += data
        if self._since > now and b"retry:" in self._buffer:
            self._since = now
        end = 0
        for match in FRAME.finditer(self._buffer):
            end = match.end()
            self._take(int(match[1]), match[2], match[3], now)
        self._buffer = self._buffer[end:]

    def _take(self, seq: int, kind: bytes, body: bytes, now: float) -> None:
        crowd = self.crowd
        crowd.frames += 1
        crowd.disorder += seq != self.seen + 1
        stamp = crowd.stamp(seq, body)
        if stamp > self._since:
            crowd.late.append(now - stamp)
        else:
            crowd.caught_up += 1
        self.seen, self.over = seq, kind == b"done"

    def connection_lost(self, _: Exception | None) -> None:
        self.transport = None
        self._come_back()

    def _come_back(self) -> None:
        if not self.over:
            self.crowd.reconnects += 1
            loop = asyncio.get_running_loop()
            loop.call_later(random.uniform(0.1, 2.0), lambda: loop.create_task(self.connect()))

    def cut(self) -> None:
        if self.transport is not None:
            self.transport.abort()


def findings(size: Size) -> Iterator[Finding]:
    with place(size.engine) as here:
        yield from asyncio.run(_all(here, size))


async def _all(here: Place, size: Size) -> list[Finding]:
    crowd = Crowd(here)
    listeners = [Listener(crowd) for _ in range(size.of(CLIENTS))]
    for listener in listeners:
        await listener.connect()
        await asyncio.sleep(RAMP)
    await _behind(crowd, listeners)
    crowd.late = array("d")  # from here on everybody listens
    steps, spent = await asyncio.to_thread(here.steps), sum(here.api().cpu_times()[:2])
    waves = 4 if size.quick else WAVES
    for _ in range(waves):
        for listener in random.sample(listeners, size.of(CUT)):
            listener.cut()
        await asyncio.sleep(WAVE_SECONDS)
    trained = await asyncio.to_thread(here.steps) - steps
    spent = sum(here.api().cpu_times()[:2]) - spent
    late, cut = array("d", crowd.late), crowd.reconnects
    here.api().kill()
    killed = time.monotonic()
    await _behind(crowd, listeners)
    back = time.monotonic() - killed
    last = await _finish(here, listeners)
    told = f"{len(listeners):,} streams, {cut:,} reconnects in {waves} waves, {trained} steps trained beside"
    lost = sum(last - listener.seen for listener in listeners)
    exact = f"{crowd.frames:,} events: {lost} lost, {crowd.disorder} doubled or out of order"
    busy = f"{100 * spent / (waves * WAVE_SECONDS):.0f} % of one core"
    return [
        milliseconds(f"late, {told}", late, GOAL),
        Finding("the API's process meanwhile", busy),
        Finding("from the kill of the API until all were back and had caught up", f"{back:.1f} s"),
        Finding("to the last event of each", exact, "0 and 0", lost == crowd.disorder == 0),
    ]


async def _behind(crowd: Crowd, listeners: list[Listener]) -> None:
    """Until everybody listens and has seen what had happened by now."""
    deadline = time.monotonic() + PATIENCE
    last = 0
    while any(one.transport is None or one.seen < last for one in listeners) or not last:
        if time.monotonic() > deadline:
            raise TimeoutError("the streams did not catch up")
        with contextlib.suppress(httpx2.TransportError):  # the API is being started again
            last = last or await asyncio.to_thread(_last, crowd.place)
        await asyncio.sleep(0.1)


def _last(here: Place) -> int:
    return int(here.service.get(f"/v1/jobs/{here.training}/metrics?names=none")["last_event"])


async def _finish(here: Place, listeners: list[Listener]) -> int:
    """End the job, and with it the streams; the number of its last event."""
    await asyncio.to_thread(here.service.post, f"/v1/jobs/{here.training}/cancel")
    deadline = time.monotonic() + PATIENCE
    while not all(listener.over for listener in listeners) and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    for listener in listeners:  # what the service has not closed by now
        listener.cut()
    return await asyncio.to_thread(_last, here)
