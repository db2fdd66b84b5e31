"""Who may see /metrics, and in which of its two forms."""

from typing import Any

import pytest
from fastapi import FastAPI
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_open
from starlette.testclient import TestClient

from api.app import create_app
from core.db.session import Database
from core.queue import RecordingQueue
from core.settings import Settings
from core.storage import Storage
from tests.api.scraping import HERE

TOKEN = "scrape-me-0123456789"


def ask(app: FastAPI, client: tuple[str, int] = HERE, base: str = "http://127.0.0.1:8000", **headers: str) -> Any:
    answer = TestClient(app, base_url=base, client=client).get(
        "/metrics", headers={name.replace("_", "-"): value for name, value in headers.items()}
    )
    if answer.status_code != 200:
        assert answer.headers["content-type"] == "application/problem+json"
        assert "DISTILLERY_METRICS_TOKEN" in answer.json()["detail"], "it says what to do"
        assert "distillery_jobs" not in answer.text
        return answer.status_code, answer.json()["code"]
    return 200


@pytest.fixture
def sqlite_app(settings: Settings, storage: Storage, sqlite_url: str) -> FastAPI:
    """Nothing about access depends on the engine."""
    return create_app(settings, Database(sqlite_url), storage, RecordingQueue())


def test_without_a_token_only_this_machine_is_answered(sqlite_app: FastAPI) -> None:
    refused = (403, "metrics_are_local")
    for host in ("127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"):
        assert ask(sqlite_app, (host, 1)) == 200, host
    for base in ("http://localhost:8000", "http://[::1]:8000"):
        assert ask(sqlite_app, base=base) == 200, base
    for host in ("10.0.0.1", "192.168.1.1", "::ffff:10.0.0.1", "fe80::1", "testclient", ""):
        assert ask(sqlite_app, (host, 1)) == refused, host
    for name in ("x_forwarded_for", "forwarded", "x_real_ip", "via", "x_forwarded_proto", "x_forwarded_host"):
        assert ask(sqlite_app, **{name: "127.0.0.1"}) == refused, f"a proxy on this machine, told by {name}"
    for host in ("dash.example", "127.0.0.1.example", "[", ""):
        assert ask(sqlite_app, host=host) == refused, f"a page that leads a browser here as {host!r}"
    assert ask(sqlite_app, ("10.0.0.1", 1), authorization=f"Bearer {TOKEN}") == refused


def test_with_a_token_it_is_asked_of_everybody(
    app: FastAPI, client: TestClient, settings: Settings, database: Database, storage: Storage
) -> None:
    guarded = create_app(Settings(**settings.model_dump() | {"metrics_token": TOKEN}), database, storage)
    assert ask(guarded) == (401, "missing_token")
    for wrong in ("Bearer x", f"Basic {TOKEN}", f"Bearer {TOKEN}x", client.headers["authorization"]):
        assert ask(guarded, authorization=wrong)[0] == 401, wrong
    assert ask(guarded, ("10.0.0.1", 1), "http://dash.example", authorization=f"Bearer {TOKEN}") == 200
    with pytest.raises(ValueError, match="at least 16"):
        Settings(metrics_token="short", _env_file=None)


def test_openmetrics_for_those_who_accept_it(sqlite_app: FastAPI) -> None:
    local = TestClient(sqlite_app, base_url="http://127.0.0.1", client=HERE)
    answer = local.get("/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert {family.name for family in parse_open(answer.text)} >= {"distillery_jobs", "distillery_http_requests"}
