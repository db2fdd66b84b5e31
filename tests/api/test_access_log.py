"""One line for each request, in both forms, whatever a client sends. The last test reads a real process's stderr."""

import json
import re
import signal
import socket
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from core.settings import Settings
from tests.api.serving import serving
from tests.fixtures.logs import Ear
from tests.fixtures.service import Make

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (INFO|WARNING|ERROR) [\w.]+: .*")


def access(ear: Ear) -> list[dict[str, Any]]:
    return [line for line in ear.lines if line["logger"] == "api.access"]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Nothing here depends on the engine."""
    return sqlite_url


def test_a_request_leaves_one_line(client: TestClient, make: Make, ear: Ear) -> None:
    job = make.job()["id"]
    (mine,) = client.get("/v1/api-keys").json()["data"]
    ear.lines.clear()
    answer = client.get(f"/v1/jobs/{job}/metrics?names=sesame", headers={"X-Request-Id": "abc-1"})
    (line,) = access(ear)
    assert answer.headers["x-request-id"] == "abc-1"
    assert line["duration_ms"] > 0
    assert {name: line[name] for name in ("method", "path", "status", "request_id", "key")} == {
        "method": "GET",
        "path": f"/v1/jobs/{job}/metrics",
        "status": 200,
        "request_id": "abc-1",
        "key": mine["id"],
    }
    assert "sesame" not in str(ear.lines[-1])
    ear.lines.clear()
    client.get("/healthz")
    client.post("/v1/sessions", json={"key": "dkd_wrong"})
    assert [(line["path"], line["status"], "key" in line) for line in access(ear)] == [
        ("/healthz", 200, False),
        ("/v1/sessions", 401, False),
    ]
    assert len({line["request_id"] for line in access(ear)}) == 2


def test_what_an_endpoint_logs_belongs_to_its_request(client: TestClient, ear: Ear) -> None:
    """Also from the thread that it runs in."""
    client.app.state.storage = None  # type: ignore[attr-defined]
    answer = client.get("/readyz", headers={"X-Request-Id": "abc-2"})
    assert answer.status_code == 503
    (line,) = [line for line in ear.lines if line["logger"] == "api.health.service"]
    assert line["request_id"] == "abc-2"


def raw(port: int, *lines: bytes) -> bytes:
    """A request as its bytes: no client's library in between."""
    with socket.create_connection(("127.0.0.1", port)) as there:
        there.sendall(b"\r\n".join((*lines, b"Host: 127.0.0.1", b"Connection: close", b"", b"")))
        return b"".join(iter(lambda: there.recv(65536), b""))


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_log_of_a_process(settings: Settings, client: TestClient, tmp_path: Path, form: str) -> None:
    key = settings.admin_key_file.read_text().strip()
    log, token = tmp_path / "log", "c4n4ry-of-the-scrape"
    variables = {
        "DISTILLERY_BROKER_URL": "redis://:c4n4ry-of-the-broker@127.0.0.1:1/0",
        "DISTILLERY_METRICS_TOKEN": token,
        "DISTILLERY_LOG_FORMAT": form,
    }
    plain = ("uvicorn", "--factory", "api.app:create_app")
    with serving(settings, log, plain, **variables) as (process, http):
        assert http.get("/readyz").json()["status"] == "degraded"
        assert http.get("/metrics", headers={"Authorization": f"Bearer {token}"}).status_code == 200
        wish = {"filename": "a\n2026 ERROR forged\u202e\x1b[31m", "bytes": 1, "purpose": "dataset"}
        assert http.post("/v1/uploads", json=wish).status_code < 500
        digits = {"name": f"{key}\u2028ERROR forged", "source": {"kind": "builtin", "name": "digits"}}
        assert http.post("/v1/datasets", json=digits).status_code < 500  # its nudge fails, and is told of
        cookie = http.post("/v1/sessions", json={"key": key}).headers["set-cookie"].split(";")[0]
        http.get(f"/v1/jobs/{key}", params={"key": key}, headers={"Cookie": cookie})
        port = http.base_url.port or 0
        for odd in (b"a b\x1b[31m", b"x\x0bERROR forged", b"\xff\xfe", b"<script>" * 50):
            raw(port, b"GET /healthz HTTP/1.1", b"X-Request-Id: " + odd)
        for path in (b"/%0aERROR%20forged", b"/%0d%0a%1b%5b2J", b"/%e2%80%a8x", b"/%ff%fe", b"/a" * 5000, b"/%00"):
            raw(port, b"GET " + path + b"?key=sesame HTTP/1.1")
        raw(port, b"BREW\x1b / HTTP/1.1")
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    lines = log.read_text().splitlines()
    whole = "\n".join(lines)
    assert whole.isascii() or form == "text"
    for canary in (key, "c4n4ry", "sesame", cookie.partition("=")[2]):
        assert canary not in whole
    assert '"GET /' not in whole, "uvicorn's own access log is off, also without being told"
    if form == "json":
        told = [json.loads(line) for line in lines]
        assert all({"time", "level", "logger", "message"} <= line.keys() for line in told)
        paths = [line["path"] for line in told if line["logger"] == "api.access"]
        assert "/\nERROR forged" in paths and "/v1/jobs/dkd_***" in paths
        assert max(map(len, paths)) <= 300
    else:
        assert all(LINE.fullmatch(line) and line.isprintable() for line in lines), whole
        assert 'path="/\\nERROR forged" status=404' in whole
    assert whole.count("nudge not sent") == 1 and "Started server process" in whole
