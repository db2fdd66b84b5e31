"""Clients that trickle: each is ended, nobody else notices."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api import impatient
from api.impatient import Impatient
from core.settings import Settings
from tests.fixtures import loops

HEAD = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: "
CROWD = 60


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One database is enough: none of them is asked."""
    return sqlite_url


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(impatient, "LOOK_SECONDS", 0.5)


@contextmanager
def served(app: FastAPI, protocol: type[asyncio.Protocol] = Impatient) -> Iterator[int]:
    """The port of the application under that protocol."""
    config = uvicorn.Config(app, port=0, http=protocol, ws="none", log_level="warning", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.02)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


async def trickle(port: int, start: bytes, patience: float) -> bool:
    """One byte now and then after the start; whether the other side ended it within so many seconds."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(start)
    ended = asyncio.ensure_future(reader.read())
    try:
        for _ in range(int(patience / 0.1)):
            if (await asyncio.wait([ended], timeout=0.1))[0]:
                return True
            if start:
                writer.write(b"x")
        return False
    except ConnectionError:
        return True
    finally:
        ended.cancel()
        await asyncio.wait([ended])
        writer.close()


async def crowd(port: int, start: bytes, patience: float) -> list[bool]:
    """Many who trickle, and meanwhile one who asks what anybody asks."""
    slow = [asyncio.ensure_future(trickle(port, start, patience)) for _ in range(CROWD)]
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        for _ in range(10):
            assert (await client.get("/healthz")).status_code == 200
            await asyncio.sleep(0.05)
    return await asyncio.gather(*slow)


def upload(key: str) -> bytes:
    lines = ["PUT /v1/uploads/upl_x/parts/1 HTTP/1.1", "Host: x", f"Authorization: Bearer {key}"]
    return "\r\n".join([*lines, "Content-Length: 100000", "", ""]).encode()


@pytest.mark.parametrize("what", ["nothing", "head", "body"])
def test_who_trickles_is_ended(app: FastAPI, settings: Settings, what: str) -> None:
    with served(app) as port:
        key = settings.admin_key_file.read_text().strip()
        start = {"nothing": b"", "head": HEAD, "body": upload(key)}[what]
        assert all(loops.run(crowd(port, start, 30.0)))


def test_the_negative_control_without_impatience_they_stay(app: FastAPI) -> None:
    with served(app, HttpToolsProtocol) as port:
        assert not any(loops.run(crowd(port, HEAD, 3.0)))


def test_who_asks_now_and_then_stays(app: FastAPI) -> None:
    async def ask(port: int) -> None:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            for _ in range(4):
                assert (await client.get("/healthz")).status_code == 200
                await asyncio.sleep(0.6)

    with served(app) as port:
        loops.run(ask(port))


def test_a_stream_that_says_little_stays(app: FastAPI, settings: Settings) -> None:
    async def listen(port: int) -> None:
        headers = {"Authorization": f"Bearer {settings.admin_key_file.read_text().strip()}"}
        async with (
            httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers) as client,
            client.stream("GET", "/v1/events") as answer,
        ):
            lines = answer.aiter_lines()
            while await anext(lines) != "event: hello":
                pass
            with pytest.raises(TimeoutError):  # silence, and no end
                while True:
                    await asyncio.wait_for(anext(lines), 3.0)

    with served(app) as port:
        loops.run(listen(port))
