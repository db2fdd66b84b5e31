"""A real process of the API that is left and stopped in the middle of things: nothing of it is an error."""

import asyncio
import signal
import socket
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from api.changes.watcher import HELLO, Watcher
from api.events.broadcaster import Broadcaster
from core.db import changes
from core.db.keys import DEFAULT_PROJECT, Caller
from core.db.session import Database
from core.settings import Settings
from tests.api.serving import serving
from tests.fixtures.loops import run
from tests.fixtures.service import Make

CUT = b"PUT /v1/uploads?purpose=dataset&filename=cut.zip HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Nothing here depends on the engine."""
    return sqlite_url


def test_cut_uploads_and_open_streams_are_no_errors(
    settings: Settings, client: TestClient, make: Make, tmp_path: Path
) -> None:
    job, log = make.job()["id"], tmp_path / "log"
    with serving(settings, log) as (process, http):
        with socket.create_connection((http.base_url.host, http.base_url.port or 0)) as there:
            there.sendall(CUT + f"Authorization: {http.headers['authorization']}\r\n\r\n".encode() + b"x" * 1000)
        events = http.stream("GET", f"/v1/jobs/{job}/events", headers={"Accept": "text/event-stream"})
        with events as of_job, http.stream("GET", "/v1/events") as of_all:
            streams = [stream.iter_raw() for stream in (of_job, of_all)]
            assert all(next(stream) for stream in streams)
            process.send_signal(signal.SIGTERM)
            process.wait(30)
            for stream in streams:
                for _ in stream:  # to their proper end: a cut connection would raise
                    pass
    told = log.read_text()
    assert "status=499" in told and "Application shutdown complete" in told
    assert "ERROR" not in told and "Traceback" not in told, told


@pytest.mark.parametrize("database_is", ["there", "away"])
def test_a_stream_that_opens_while_the_process_stops_ends_too(
    database: Database, make: Make, monkeypatch: pytest.MonkeyPatch, database_is: str
) -> None:
    """A response has begun before its stream is open: the stop that comes in between must not leave it open."""
    job, caller = make.job()["id"], Caller(DEFAULT_PROJECT, "key_here")

    def away(*_: Any) -> Any:
        raise OperationalError("SELECT", {}, Exception("gone"))

    if database_is == "away":
        monkeypatch.setattr(changes, "look", away)

    async def story() -> None:
        of_job, of_all = Broadcaster(database), Watcher(database, lease_seconds=30, read_seconds=0.01)
        of_job.close()
        of_all.close()
        async with asyncio.timeout(10):
            assert [frame.seq async for frame in of_job.frames(job, caller, 0)][-1] > 0
            assert [frame async for frame in of_all.frames(caller)] == [HELLO]
        assert of_job.open_streams == of_all.open_streams == 0

    run(story())
