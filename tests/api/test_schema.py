"""The service does what its description says: the short form of `python -m tests.api.schema`, and that it can fail."""

import json
import multiprocessing
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.settings import Settings
from tests.api.schema.run import PHASES, Tally, run, told
from tests.api.schema.service import Service, serving

EXAMPLES = 4  # per operation and phase
COVERED = ("/v1/webhooks", "/v1/uploads/{upload_id}/parts/{n}", "/v1/jobs/actions", "/v1/students")


Ask = Callable[..., Tally]


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """`run` in a process of its own: schemathesis leaves connections open, and warnings are errors in this one."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield lambda *given, **named: pool.submit(run, *given, **named).result()


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The description is the same on every engine."""
    return sqlite_url


def assert_whole(tally: Tally) -> None:
    assert not tally.failed and not tally.errors, "\n".join(told(tally))


def test_the_service_does_what_its_description_says(tmp_path: Path, ask: Ask) -> None:
    with serving(tmp_path) as service:
        tally = ask(service, examples=EXAMPLES, seed=1, phases=("examples", "fuzzing", "stateful"))
        for path in COVERED:
            tally.join(ask(service, examples=1, seed=1, phases=("coverage",), only=path))
    assert_whole(tally)
    assert min(tally.phases[name] for name in PHASES) > 0
    described = json.loads(Path("frontend/openapi.json").read_text())["paths"]
    asked = {f"{method.upper()} {path}" for path, methods in described.items() for method in methods}
    assert set(tally.cases) == asked


# --- that it can fail ---------------------------------------------------------------------------------------------

PATH = "/v1/storage"


class Faulty:
    """The service with one fault, at one address: what the checks are there to find."""

    def __init__(self, app: ASGIApp, fault: str, key: str) -> None:
        self._app = app
        self._fault = fault
        self._key = key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path") != PATH:
            await self._app(scope, receive, send)
            return
        if self._fault == "takes anything":
            scope["query_string"] = b""
        if self._fault == "knows everybody":
            scope["headers"] = [*scope["headers"], (b"authorization", f"Bearer {self._key}".encode())]
        if self._fault == "knows every method":
            scope["method"] = "GET"

        async def spoil(message: Message) -> None:
            await send(self._spoilt(message))

        await self._app(scope, receive, spoil)

    def _spoilt(self, message: Message) -> Message:
        if message["type"] == "http.response.start" and message["status"] == 200:
            headers = dict(message["headers"])
            if self._fault == "breaks":
                return message | {"status": 500}
            if self._fault == "answers oddly":
                return message | {"status": 203}
            if self._fault == "names another type":
                headers[b"content-type"] = b"text/html"
            if self._fault == "leaves a header out":
                headers.pop(b"x-request-id")
            return message | {"headers": list(headers.items())}
        if message["type"] == "http.response.body" and self._fault == "leaves a field out":
            return message | {"body": message["body"].replace(b'"quota"', b'"quote"')}
        return message


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    config = uvicorn.Config(app, port=0, ws="none", log_level="warning", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


FAULTS = {
    "none": None,
    "breaks": "not_a_server_error",
    "answers oddly": "status_code_conformance",
    "names another type": "content_type_conformance",
    "leaves a header out": "response_headers_conformance",
    "leaves a field out": "response_schema_conformance",
    "takes anything": "negative_data_rejection",
    "knows everybody": "ignored_auth",
    "knows every method": "unsupported_method",
}


def test_every_kind_of_fault_is_found(app: FastAPI, client: TestClient, settings: Settings, ask: Ask) -> None:
    key = settings.admin_key_file.read_text().strip()
    for fault, found in FAULTS.items():
        with served(Faulty(app, fault, key)) as url:
            tally = ask(Service(url, key, {}), examples=1, seed=1, phases=("coverage",), only=PATH)
        assert set(tally.kinds) >= {found} if found else not tally.kinds, f"{fault}: {list(told(tally))}"
