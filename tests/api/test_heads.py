"""Bytes before a request is whole, and behind one that is not answered yet: they have an end, and cost no memory."""

import asyncio
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api import impatient
from api.impatient import HEAD_BYTES, MOST_WAITING, Impatient
from core.settings import Settings
from tests.api.test_slow_clients import HEAD, served
from tests.fixtures import loops

MUCH = 32 * 2**20  # bytes; more than the sockets of a machine hold
SHORT = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
PROTOCOLS = pytest.mark.parametrize(("protocol", "bounded"), [(Impatient, True), (HttpToolsProtocol, False)])


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One database is enough: hardly any of them is asked."""
    return sqlite_url


async def pushed(port: int, start: bytes, endless: bytes) -> tuple[int, bytes]:
    """How many of so many bytes were taken after the start, and what was answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    heard = asyncio.ensure_future(reader.read())
    taken, piece = 0, endless * (65_536 // len(endless))
    try:
        writer.write(start)
        await writer.drain()
        await asyncio.sleep(0.2)  # the start is a chunk of its own
        while taken < MUCH and not heard.done():
            writer.write(piece)
            await asyncio.wait_for(writer.drain(), 5.0)
            taken += len(piece)
    except (ConnectionError, TimeoutError):
        pass
    finally:
        writer.transport.abort()
        await asyncio.wait([heard])
    return taken, b"" if heard.exception() else heard.result()


async def answer(port: int, head: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head)
    try:
        return await asyncio.wait_for(reader.read(), 20.0)
    finally:
        writer.close()


@pytest.mark.parametrize("more", [0, 1])
def test_a_head_has_an_end_to_the_byte(app: FastAPI, more: int) -> None:
    start, end = HEAD.replace(b"X-Long", b"Connection: close\r\nX-Long"), b"\r\n\r\n"
    head = start + b"x" * (HEAD_BYTES + more - len(start) - len(end)) + end
    with served(app) as port:
        assert loops.run(answer(port, head)).startswith(b"HTTP/1.1 431 " if more else b"HTTP/1.1 200 ")


@PROTOCOLS
def test_a_head_without_an_end_is_refused(app: FastAPI, protocol: type[asyncio.Protocol], bounded: bool) -> None:
    with served(app, protocol) as port:
        taken, heard = loops.run(pushed(port, HEAD, b"x"))
    assert (taken < MUCH) == bounded
    assert heard in (b"", impatient.TOO_LARGE)  # none: reset while it was still sending


@PROTOCOLS
def test_a_head_behind_an_endless_answer_has_an_end_too(
    app: FastAPI, settings: Settings, protocol: type[asyncio.Protocol], bounded: bool
) -> None:
    with served(app, protocol) as port:
        key = settings.admin_key_file.read_text().strip()
        stream = f"GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n".encode()
        taken, heard = loops.run(pushed(port, stream + HEAD, b"x"))
    assert (taken < MUCH) == bounded
    assert b"431" not in heard  # it would be taken for a part of the stream


@PROTOCOLS
def test_trailers_have_an_end(app: FastAPI, protocol: type[asyncio.Protocol], bounded: bool) -> None:
    start = b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\nX-Long: "
    with served(app, protocol) as port:
        taken, _ = loops.run(pushed(port, start, b"x"))
    assert (taken < MUCH) == bounded


@PROTOCOLS
def test_trailers_are_no_headers(
    app: FastAPI, settings: Settings, protocol: type[asyncio.Protocol], bounded: bool
) -> None:
    body = b'{"name":"late"}'
    head = b"POST /v1/api-keys HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n"
    chunks = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n" % (len(body), body)
    with served(app, protocol) as port:
        key = settings.admin_key_file.read_bytes().strip()
        told = loops.run(answer(port, head + chunks + b"Authorization: Bearer " + key + b"\r\n\r\n"))
    assert told.startswith(b"HTTP/1.1 401 " if bounded else b"HTTP/1.1 201 ")


class Endless:
    """Answers a little now and then; counts who is gone."""

    def __init__(self) -> None:
        self.gone = 0

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return

        async def tell() -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            while True:
                await send({"type": "http.response.body", "body": b"x", "more_body": True})
                await asyncio.sleep(0.05)

        telling = asyncio.create_task(tell())
        while (await receive())["type"] != "http.disconnect":
            pass
        telling.cancel()
        self.gone += 1


@PROTOCOLS
def test_who_leaves_with_requests_behind_an_open_one_is_gone(protocol: type[asyncio.Protocol], bounded: bool) -> None:
    async def leave(port: int) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(2):
            writer.write(SHORT)
            await asyncio.sleep(0.2)
        writer.transport.abort()
        await asyncio.sleep(0.5)

    endless = Endless()
    with served(endless, protocol) as port:  # type: ignore[arg-type]
        loops.run(leave(port))
        gone = endless.gone
    assert (gone == 1) == bounded


@PROTOCOLS
def test_requests_behind_an_open_one_have_an_end(protocol: type[asyncio.Protocol], bounded: bool) -> None:
    async def crowd(port: int) -> bool:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(SHORT * (MOST_WAITING + 2))
        try:
            await asyncio.wait_for(reader.read(), 3.0)
            return True
        except ConnectionError:
            return True
        except TimeoutError:
            return False
        finally:
            writer.transport.abort()

    with served(Endless(), protocol) as port:  # type: ignore[arg-type]
        assert loops.run(crowd(port)) == bounded


def test_ordinary_requests_in_a_row_are_all_answered(app: FastAPI) -> None:
    async def ask(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(20):  # more bytes than may wait at once
            writer.write(SHORT.replace(b"x", b"x\r\nX-Long: " + b"x" * 3_000) * 20)
            for _ in range(20):
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
                await reader.readexactly(len(b'{"status":"ok"}'))
        writer.close()

    with served(app) as port:
        loops.run(ask(port))


@pytest.mark.parametrize("chunked", [True, False])
def test_a_long_body_is_no_head(app: FastAPI, settings: Settings, chunked: bool) -> None:
    with served(app) as port, httpx2.Client(base_url=f"http://127.0.0.1:{port}") as client:
        client.headers["Authorization"] = f"Bearer {settings.admin_key_file.read_text().strip()}"
        long: Any = (b" " * 1000 for _ in range(500)) if chunked else b" " * 500_000
        answer = client.post("/v1/jobs", content=long, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_json")


def test_who_asks_for_the_end_and_takes_no_answer_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    async def large(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"x" * MUCH})

    async def ask(port: int) -> bool:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(SHORT.replace(b"x", b"x\r\nConnection: close"))
        await asyncio.sleep(4.0)
        try:
            return len(await asyncio.wait_for(reader.read(), 20.0)) < MUCH
        except ConnectionError:
            return True
        finally:
            writer.close()

    monkeypatch.setattr(impatient, "LOOK_SECONDS", 0.5)
    with served(large) as port:  # type: ignore[arg-type]
        assert loops.run(ask(port))
