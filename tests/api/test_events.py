"""Events: a list, and a stream over a real server that replays, follows, and ends with the job."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from api.events import broadcaster, streams
from core.db import events, keys, reports, runs
from core.db.keys import Caller
from core.db.models import Job
from core.db.session import Database
from core.lifecycle import JobStatus
from tests.fixtures import loops
from tests.fixtures.service import Make


def tell(database: Database, job_id: str, type: str, data: dict[str, Any]) -> int:
    with database.write() as work:
        return events.append(work, job_id, 1, [(type, data)])


def finish(database: Database, job_id: str) -> None:
    with database.write() as work:
        claim = runs.claim(work, "wrk_test")
        assert claim is not None
        runs.end(work, runs.fence(work, claim), runs.Ending("succeeded"))
        assert work.get_one(Job, job_id).status == JobStatus.SUCCEEDED


def test_the_list(client: TestClient, make: Make, database: Database) -> None:
    job = make.job()["id"]
    tell(database, job, "rewind", {"to_step": 7, "attempt": 1})
    tell(database, job, "log", {"level": "warning", "message": "hot"})
    tell(database, job, "log", {"level": "info", "message": "fine"})
    page = client.get(f"/v1/jobs/{job}/events?limit=2").json()
    assert [(e["seq"], e["type"]) for e in page["data"]] == [(1, "status"), (2, "rewind")]
    assert (page["data"][1]["to_step"], page["data"][1]["attempt"]) == (7, 1)
    assert (page["has_more"], page["next"]) == (True, "2")
    rest = client.get(f"/v1/jobs/{job}/events?after=2").json()
    assert [e["seq"] for e in rest["data"]] == [3, 4]
    assert rest["has_more"] is False
    assert [e["seq"] for e in client.get(f"/v1/jobs/{job}/events?types=rewind").json()["data"]] == [2]
    lines = client.get(f"/v1/jobs/{job}/logs").json()["data"]
    assert [(line["level"], line["message"]) for line in lines] == [("warning", "hot"), ("info", "fine")]
    lines = client.get(f"/v1/jobs/{job}/logs?level=warning").json()["data"]
    assert [line["message"] for line in lines] == ["hot"]
    assert client.get(f"/v1/jobs/{job}/logs?after=3").json()["data"][0]["message"] == "fine"


# --- a real server ------------------------------------------------------------------------------------------------


class Stream:
    """Reads server-sent events: (id, type, data)."""

    def __init__(self, url: str, job: str, key: str, last_event_id: int | None = None) -> None:
        headers = {"Authorization": key, "Accept": "text/event-stream"}
        if last_event_id is not None:
            headers["Last-Event-ID"] = str(last_event_id)
        self._client = httpx2.Client(timeout=30)
        request = self._client.build_request("GET", f"{url}/v1/jobs/{job}/events", headers=headers)
        self.response = self._client.send(request, stream=True)
        self._lines = self.response.iter_lines()

    def read(self, count: int | None = None) -> list[tuple[int, str, dict[str, Any]]]:
        """So many events, or all until the server ends the stream."""
        found: list[tuple[int, str, dict[str, Any]]] = []
        fields: dict[str, str] = {}
        for line in self._lines:
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "data" in fields:
                found.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
                fields = {}
                if len(found) == count:
                    break
        return found

    def close(self) -> None:
        self.response.close()
        self._client.close()


Listen = Callable[..., Stream]


@pytest.fixture
def listen(server: str, client: TestClient) -> Iterator[Listen]:
    """Opens streams, and closes them in the end."""
    opened: list[Stream] = []

    def open_(job: str, key: str = client.headers["Authorization"], last_event_id: int | None = None) -> Stream:
        opened.append(Stream(server, job, key, last_event_id))
        return opened[-1]

    yield open_
    for stream in opened:
        stream.close()


def test_a_stream_replays_follows_and_ends(listen: Listen, make: Make, database: Database) -> None:
    job = make.job()["id"]
    tell(database, job, "log", {"level": "info", "message": "one"})
    stream, second = listen(job), listen(job)
    assert stream.response.headers["content-type"].startswith("text/event-stream")
    assert stream.response.headers["cache-control"] == "no-store"
    assert [(id, type) for id, type, _ in stream.read(2)] == [(1, "status"), (2, "log")]
    for n in range(3, 53):
        tell(database, job, "log", {"level": "info", "message": str(n)})
    live = stream.read(50)
    assert [id for id, _, _ in live] == list(range(3, 53))
    assert live[0][2]["seq"] == 3
    assert live[0][2]["message"] == "3"
    stream.close()  # a connection breaks, and comes back with the last id it has seen
    with database.write() as work:
        reports.rewind(work, job, 2, 20)
    third = listen(job, last_event_id=40)
    finish(database, job)
    rest = third.read()
    assert [id for id, _, _ in rest] == list(range(41, 57))
    assert [type for _, type, _ in rest[-4:]] == ["rewind", "status", "status", "done"]
    assert (rest[-4][2]["to_step"], rest[-4][2]["attempt"]) == (20, 2)
    whole = second.read()
    assert [id for id, _, _ in whole] == list(range(1, 57)), "every stream sees every event once"
    assert whole[-1][2]["status"] == "succeeded"
    again = listen(job, last_event_id=56).read()
    assert [type for _, type, _ in again] == ["done"], "who comes back late is told that it is over"


def test_a_retried_job_does_not_end_its_replay_half_way(
    listen: Listen, client: TestClient, make: Make, database: Database
) -> None:
    job = make.job()["id"]
    client.post(f"/v1/jobs/{job}/cancel")
    client.post(f"/v1/jobs/{job}/retry")
    client.post(f"/v1/jobs/{job}/cancel")
    found = listen(job).read()
    assert [type for _, type, _ in found] == ["status", "status", "status", "status", "status", "done"]
    assert found[2][2]["status"] == "cancelled"


def test_a_deleted_job_ends_its_streams(listen: Listen, make: Make, database: Database) -> None:
    job = make.job()["id"]
    stream = listen(job)
    assert len(stream.read(1)) == 1
    with database.write() as work:
        work.delete(work.get_one(Job, job))
    assert stream.read() == []


def test_a_slow_reader_loses_nothing(listen: Listen, make: Make, database: Database) -> None:
    job = make.job()["id"]
    stream = listen(job)
    assert len(stream.read(1)) == 1
    with database.write() as work:  # far more than a queue holds, in one go
        events.append(work, job, 1, [("log", {"level": "info", "message": "x" * 2000}) for _ in range(1500)])
    tell(database, job, "log", {"level": "info", "message": "last"})
    finish(database, job)
    found = stream.read()
    assert [id for id, _, _ in found] == list(range(2, found[-1][0] + 1))
    assert found[-1][1] == "done"


def test_a_stream_ends_with_its_key(
    client: TestClient, make: Make, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "RECHECK_SECONDS", 0.0)
    job = make.job()["id"]
    with database.write() as work:
        row, _ = keys.create(work, keys.DEFAULT_PROJECT, "short-lived")

    async def watch() -> list[int]:
        reader = broadcaster.Broadcaster(database, read_seconds=0.01)
        seen = []
        async with streams.running(reader), asyncio.timeout(30):
            async for frame in reader.frames(job, Caller(keys.DEFAULT_PROJECT, row.id), 0):
                seen.append(frame.seq)
                with database.write() as work:
                    keys.revoke(work, keys.DEFAULT_PROJECT, row.id)
        return seen

    assert loops.run(watch()) == [1]


def test_strangers_get_no_stream(listen: Listen, stranger: TestClient, make: Make) -> None:
    job = make.job()["id"]
    assert listen(job, stranger.headers["Authorization"]).response.status_code == 404
    assert listen(job, "Bearer dkd_wrong").response.status_code == 401


def test_a_server_without_its_schema_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "uvicorn", "--factory", "api.app:create_app", "--port", "0"]
    environment = os.environ | {"DISTILLERY_DATA_DIR": str(tmp_path)}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode != 0
    assert ended.stderr.strip().splitlines()[-1].endswith("Run: distillery migrate")
    assert "Traceback" not in ended.stderr
