"""A job's events through cuts, in both clients; and coroutines that are cancelled in the middle of a file."""

import asyncio
import hashlib
import threading
import time
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from cli import transfer
from cli.async_client import AsyncClient
from cli.client import ApiError, Client, Unreachable
from core.db import events
from core.db.session import Database
from tests.cli.both import BOTH, Blocking, Kind
from tests.cli.cuts import Wire
from tests.cli.flaky_server import flaky
from tests.fixtures import loops
from tests.fixtures.service import Make

Json = dict[str, Any]


def write(database: Database, job: str, count: int) -> None:
    with database.write() as work:
        events.append(work, job, 1, [("log", {"level": "info", "message": str(n)}) for n in range(count)])


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_events_come_once_each_through_every_cut(
    kind: str, wire: Wire, key: str, make: Make, database: Database
) -> None:
    job = make.job()["id"]
    write(database, job, 40)
    wire.limits += [1000, 1500, 3000]  # in the middle of a line
    seen: list[int] = []

    def heard(event: Json) -> None:
        """Once all is told: a cut while nothing comes, and one behind which the service is away for a while."""
        seen.append(event["seq"])
        if event["seq"] == 41:
            wire.cut()
            write(database, job, 20)
        if event["seq"] == 61:
            with wire.away():
                make.client.post(f"/v1/jobs/{job}/cancel").raise_for_status()

    async def listen() -> None:
        async with AsyncClient(wire.url, key) as service:
            async for event in service.events(job):
                await asyncio.to_thread(heard, event)

    if kind == "async":
        loops.run(listen())
    else:
        with Client(wire.url, key) as service:
            for event in service.events(job):
                heard(event)
    last = make.client.get(f"/v1/jobs/{job}").json()["last_event"]
    assert seen == list(range(1, last + 1)) and last > 61
    assert wire.opened >= 6, "it was cut"
    assert b"last-event-id: 41\r\n" in wire.asked.lower(), "what was told is not sent again"


@BOTH
def test_events_begin_behind_the_last_that_is_known(kind: Kind, server: str, key: str, make: Make) -> None:
    job = make.job()["id"]
    make.client.post(f"/v1/jobs/{job}/cancel")
    service = kind(server, key)
    whole = list(service.events(job))
    assert whole[-1]["type"] == "done"
    assert list(service.events(job, after=1)) == whole[1:]
    assert list(service.events(job, after=whole[-1]["seq"])) == [], "it is over"


@BOTH
def test_events_end_with_what_the_service_says_or_when_patience_does(
    kind: Kind, wire: Wire, server: str, key: str, make: Make
) -> None:
    with pytest.raises(ApiError, match="There is no job"):
        list(kind(server, key).events("job_none"))
    with pytest.raises(ApiError) as refused:
        list(kind(server, "dkd_wrong").events(make.job()["id"]))
    assert refused.value.status == 401
    with wire.away(), pytest.raises(Unreachable, match="does not answer"):
        list(kind(wire.url, key).events(make.job()["id"], patience=0.0))


def test_who_leaves_a_stream_early_leaves_no_connection(server: str, key: str, make: Make) -> None:
    job = make.job()["id"]

    async def first() -> str:
        async with AsyncClient(server, key) as service, aclosing(service.events(job)) as stream:
            return str((await anext(stream))["type"])

    assert loops.run(first()) == "status"


# --- a cancelled coroutine ----------------------------------------------------------------------------------------


def test_a_cancelled_download_leaves_the_files_alone_and_is_gone_on_with(
    server: str, key: str, make: Make, tmp_path: Path
) -> None:
    content = b"x" * 4_000_000
    student = make.job()["students"][0]["id"]
    make.file(student, content)
    part = tmp_path / ".weights.safetensors.part"

    async def leave() -> int:
        begun = asyncio.Event()
        async with AsyncClient(server, key) as service:
            task = asyncio.create_task(service.download(student, tmp_path, lambda *_: begun.set()))
            await begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return part.stat().st_size if part.exists() else -1

    size = loops.run(leave())
    assert 0 < size < len(content), "it was in the middle"
    assert part.stat().st_size == size
    (path,) = Blocking(server, key).download(student, tmp_path)
    assert path.read_bytes() == content


def test_a_download_that_is_cancelled_while_it_waits_for_the_service_ends(tmp_path: Path) -> None:
    content = bytes(3_000_000)
    sha256 = hashlib.sha256(content).hexdigest()
    with flaky(content, f'"sha256-{sha256}"', cut_after=[10] * 1000) as unsteady, Client(unsteady.url, "key") as client:
        ended = threading.Event()

        def fetch() -> None:
            with pytest.raises(Unreachable):
                transfer.fetch_file(client, "/f", tmp_path / "f", bytes=len(content), sha256=sha256)
            ended.set()

        threading.Thread(target=fetch, daemon=True).start()
        while len(unsteady.starts) < 1:
            time.sleep(0.01)
        client.stop()
        assert ended.wait(60), "without `stop` it goes on until its patience of two minutes is over"
