"""A client knows nothing of databases: what it is tried against stands on SQLite alone."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn
from typer.testing import CliRunner, Result

from api.app import create_app
from cli.main import app
from core.db.session import Database
from core.queue import RecordingQueue
from core.settings import Settings
from core.storage import Storage
from tests.cli.cuts import Wire, wire_to
from tests.fixtures.service import Make


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def server(settings: Settings, database: Database, storage: Storage, queue: RecordingQueue) -> Iterator[str]:
    """Address of the API on a port of its own, in a thread."""
    service = create_app(settings, database, storage, queue)
    config = uvicorn.Config(service, port=0, log_config=None, lifespan="on", timeout_graceful_shutdown=1)
    served = uvicorn.Server(config)
    thread = threading.Thread(target=served.run)
    thread.start()
    while not served.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield f"http://127.0.0.1:{served.servers[0].sockets[0].getsockname()[1]}"
    served.should_exit = True
    thread.join()


@pytest.fixture
def key(settings: Settings, make: Make) -> str:
    return settings.admin_key_file.read_text().strip()


@pytest.fixture
def wire(server: str) -> Iterator[Wire]:
    """A wire to the API as its own process, that can be cut."""
    with wire_to(server) as wire:
        yield wire


Command = Callable[..., Result]


@pytest.fixture
def command(server: str, key: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    """Runs a command against the service."""
    for name in list(os.environ):
        if name.startswith("DISTILLERY_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("DISTILLERY_URL", server)
    monkeypatch.setenv("DISTILLERY_API_KEY", key)
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, arguments)
