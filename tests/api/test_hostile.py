"""Nothing that a client sends yields a 5xx, and everything that goes wrong is a problem."""

import json
import string
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from core.db.models import Run
from core.db.session import Database
from core.queue import CeleryQueue, RecordingQueue
from core.settings import Settings
from core.storage import Storage
from tests.api.operations import BODIES, Operation, operations
from tests.fixtures.service import RECIPE, Make, files_below

ODD = [
    "\x00",
    "%",
    "../../etc/passwd",
    "\ud800",
    "é" * 300,
    "a" * 900,
    "-1",
    "99999999999999999999999",
    "NaN",
    "\r\nX-Evil: 1",
    "\u202e",
    "",
]


def check(answer: Any, what: str) -> None:
    assert answer.status_code < 500, f"{what}: {answer.status_code} {answer.text}"
    assert answer.headers["x-request-id"]
    if answer.status_code >= 400 and answer.request.method != "HEAD":
        assert answer.headers["content-type"] == "application/problem+json", what
        body = answer.json()
        assert {"type", "title", "status", "detail", "instance", "code", "request_id"} <= body.keys(), what
        assert body["status"] == answer.status_code


def quoted(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode("utf-8", "surrogatepass")) or "%20"


def test_odd_words_in_paths_queries_and_headers(app: FastAPI, client: TestClient) -> None:
    for operation in operations(app):
        for word in () if operation.endless else ODD:
            path = operation.fill(dict.fromkeys(operation.parameters, quoted(word)))
            check(client.request(operation.method, path, json=operation.body), f"{operation.id} {word!r}")
            query = "&".join(f"{name}={quoted(word)}" for name in operation.query)
            path = operation.fill(dict.fromkeys(operation.parameters, "1"))
            plain = word.replace("\n", "").replace("\r", "").replace("\x00", "").encode("utf-8", "surrogatepass")
            headers = dict.fromkeys((b"Idempotency-Key", b"Range", b"If-None-Match", b"Last-Event-ID"), plain)
            answer = client.request(operation.method, f"{path}?{query}", json=operation.body, headers=headers)
            check(answer, f"{operation.id} ?{word!r}")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"x"',
        b"1" * 5000,
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"name": "\\u0000"}',
        b'{"name": "\\ud800"}',
        b'{"\\ud800": 1}',
        b'{"name": NaN}',
        b'{"name": 1e999}',
        json.dumps({"name": "x" * 2_000_000}).encode(),
    ],
    ids=lambda c: c[:12].decode("latin1") or "empty",
)
def test_odd_bodies(app: FastAPI, client: TestClient, content: bytes) -> None:
    for operation in operations(app):
        if operation.body is not None:
            path = operation.fill(dict.fromkeys(operation.parameters, "1"))
            for kind in ("application/json", "text/plain", "multipart/form-data", "/;;"):
                answer = client.request(operation.method, path, content=content, headers={"Content-Type": kind})
                check(answer, f"{operation.id} {content[:20]!r} {kind}")
                assert answer.status_code >= 400


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(string.printable + "\x00é\u202e", max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [path] + [p for key, below in value.items() for p in places(below, (*path, key))]
    if isinstance(value, list):
        return [path] + [p for n, below in enumerate(value) for p in places(below, (*path, n))]
    return [path]


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


WHOLE = {
    **BODIES,
    "create_job": RECIPE
    | {
        "dataset": "dst_x",
        "teacher": "tch_x",
        "loss": {"kind": "dist", "temperature": 4},
        "metadata": {"a": "b"},
        "training": {"schedule": {"kind": "multistep", "milestones": [1]}, "optimizer": {"lr": 1}, "seed": 1},
    },
}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_value_at_any_place(app: FastAPI, client: TestClient, data: st.DataObject) -> None:
    with_body = [operation for operation in operations(app) if operation.body is not None]
    operation: Operation = data.draw(st.sampled_from(with_body))
    good = WHOLE[operation.id]
    body = replaced(good, data.draw(st.sampled_from(places(good))), data.draw(JSON))
    path = operation.fill(dict.fromkeys(operation.parameters, "1"))
    content = json.dumps(body).encode()
    answer = client.request(operation.method, path, content=content, headers={"Content-Type": "application/json"})
    check(answer, f"{operation.id} {content!r}")


def test_a_body_without_an_announced_end(client: TestClient) -> None:
    endless = (b"x" * 100_000 for _ in range(100))
    answer = client.post("/v1/jobs", content=endless, headers={"Content-Type": "application/json"})
    check(answer, "chunked")
    assert answer.status_code == 413


def test_unknown_paths_and_methods(client: TestClient) -> None:
    for path in ("/v1", "/v1/", "/v1/nothing", "/v1/jobs/", "/v1/jobs/x/y/z", "/v2/jobs", "/metrics/x"):
        answer = client.get(path)
        assert answer.status_code == 404, path
        if path != "/v2/jobs":  # a page, not an interface
            check(answer, path)
    check(client.request("BREW", "/v1/jobs"), "a teapot")
    assert client.put("/v1/jobs").status_code == 405


def test_a_request_id_is_kept_or_made(client: TestClient) -> None:
    assert client.get("/healthz", headers={"X-Request-Id": "abc-1"}).headers["x-request-id"] == "abc-1"
    for odd in ("a b", "<script>", "x" * 200, ""):
        assert client.get("/healthz", headers={"X-Request-Id": odd}).headers["x-request-id"].startswith("req_")


# --- when parts of the service fail -------------------------------------------------------------------------------


def test_the_answer_comes_after_the_commit(client: TestClient, make: Make, database: Database) -> None:
    wish = RECIPE | {"dataset": make.dataset()}
    seen: list[str] = []

    class Watcher:
        """A worker that is nudged before the rows are there would find nothing."""

        def nudge(self) -> None:
            with database.read() as session:
                seen.extend(run.kind for run in session.query(Run))

    client.app.state.queue = Watcher()  # type: ignore[attr-defined]
    assert client.post("/v1/jobs", json=wish).status_code == 201
    assert seen == ["train"]


@pytest.mark.parametrize(
    ("message", "code"), [("server closed the connection", "database_unavailable"), ("disk is full", "disk_full")]
)
def test_a_commit_that_fails_is_a_request_that_failed(
    client: TestClient,
    database: Database,
    queue: RecordingQueue,
    monkeypatch: pytest.MonkeyPatch,
    message: str,
    code: str,
) -> None:
    wish = {"name": "d", "source": {"kind": "builtin", "name": "digits"}}
    assert client.get("/v1/datasets").status_code == 200  # the key has been marked as used

    def fail(_: object) -> None:
        raise database.engine.dialect.loaded_dbapi.OperationalError(message)

    with monkeypatch.context() as patch:
        patch.setattr(database.engine.dialect, "do_commit", fail)
        answer = client.post("/v1/datasets", json=wish)
    assert (answer.status_code, answer.json()["code"]) == (503, code)
    assert answer.headers["retry-after"] == "5"
    assert client.get("/v1/datasets").json()["data"] == []
    assert queue.nudges == 0
    assert client.post("/v1/datasets", json=wish).status_code == 201


def test_a_database_that_is_gone(app: FastAPI, client: TestClient, make: Make, postgres_server: str) -> None:
    gone = Database(postgres_server.replace("host=", "host=/nowhere"))
    app.state.database, there = gone, app.state.database
    try:
        for path in ("/v1/jobs", "/readyz"):
            answer = client.get(path)
            assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable"), path
            assert answer.headers["retry-after"] == "5"
        assert client.get("/healthz").json() == {"status": "ok"}
    finally:
        app.state.database = there
        gone.close()
    assert client.get("/readyz").json()["status"] == "ok"


def test_a_full_disk_leaves_nothing_half_made(
    app: FastAPI, client: TestClient, storage: Storage, settings: Settings
) -> None:
    class Full:
        @contextmanager
        def writing(self, key: str) -> Iterator[IO[bytes]]:
            with storage.writing(key) as file:
                yield file
                raise OSError(28, "No space left on device")

    id = client.post("/v1/uploads", json={"filename": "f", "bytes": 10, "purpose": "dataset"}).json()["id"]
    app.state.storage = Full()
    answer = client.put(f"/v1/uploads/{id}/parts/1", content=b"x" * 10)
    assert (answer.status_code, answer.json()["code"]) == (503, "disk_full")
    app.state.storage = storage
    assert client.get(f"/v1/uploads/{id}").json()["parts"] == []
    assert files_below(settings.data_dir / "storage") == []
    assert client.put(f"/v1/uploads/{id}/parts/1", content=b"x" * 10).status_code == 200


def test_a_broker_that_is_down_costs_nothing(app: FastAPI, client: TestClient) -> None:
    app.state.queue = CeleryQueue("redis://127.0.0.1:1/0")
    wish = {"name": "d", "source": {"kind": "builtin", "name": "digits"}}
    assert client.post("/v1/datasets", json=wish).status_code == 201
