"""`distillery up`: the whole stack on one machine, in the foreground."""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path
from types import FrameType
from typing import IO, Annotated

import httpx2
import typer

from cli.address import RunningStack
from cli.output import load_settings, out, say
from cli.parts import api_command, migrate_database, redis_binary, redis_command, refuse_shadows, worker_command
from cli.supervisor import Part, Supervisor, adopt_orphans
from core.db import keys, runs
from core.db.session import Database
from core.errors import Conflict, DistilleryError
from core.gpus import list_gpus
from core.settings import Settings

SOCKET_BYTES = 100  # longer paths do not fit into a unix socket's address
START_SECONDS = 60.0
STOP_ORDER = ["worker", "api", "redis"]  # the worker first: its jobs yield while everything else is still there


@contextlib.contextmanager
def only_one(data_dir: Path) -> Iterator[None]:
    """A second `up` on the same folder is refused; the kernel forgets the lock of one that died."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock: IO[str] = (data_dir / "up.lock").open("w")
    except OSError as error:
        raise DistilleryError("unwritable", f"Cannot write to {data_dir}: {error.strerror}.") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            detail = f"Another one uses this folder: {data_dir}. Stop it, or choose another --data-dir."
            raise Conflict("folder_in_use", detail) from error
        yield


def free_port(host: str, port: int) -> int:
    """The port if it can be used (0: any); `Conflict` before anything has started."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except socket.gaierror as error:
            raise Conflict("unknown_host", f"--host {host}: {error.strerror}.") from error
        except OSError as error:
            detail = f"Port {port} on {host} cannot be used ({error.strerror}). Choose another: --port {port + 1}"
            raise Conflict("port_in_use", detail) from error
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def broker_socket(data_dir: Path) -> Iterator[Path]:
    """Where Redis listens: in the data dir, or in a short temporary folder where that path is too long."""
    path = data_dir / "redis.sock"
    if len(os.fsencode(path)) <= SOCKET_BYTES:
        yield path
        return
    folder = tempfile.mkdtemp(prefix="distillery-", dir="/tmp")  # mode 0700
    try:
        yield Path(folder) / "redis.sock"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sign_in_address(url: str, settings: Settings) -> str:
    """The dashboard's address; with a one-time code where the admin key's file is there to make one for."""
    database = Database(settings.database)
    try:
        keys.ensure_admin_key(database, settings)
        with contextlib.suppress(OSError), database.write() as work:
            key = keys.find(work, settings.admin_key_file.read_text().strip())
            if key is not None:
                return f"{url}/#code={keys.create_code(work, key.id)}"
    finally:
        database.close()
    return url


def release_runs(settings: Settings) -> None:
    """Those of an earlier `up` that was killed: in its own database, with the folder's lock in hand, nobody holds any.

    Without this they would come free a lease later.
    """
    if settings.database_url is not None:
        return
    database = Database(settings.database)
    with database.write() as work:
        released = runs.release(work, runs.signs(work))
    database.close()
    if released:
        say(f"Going on with {len(released)} run(s) that were cut off.")


def own_names(host: str, given: Sequence[str] = ()) -> dict[str, str]:
    """This machine's names, by which its own programs ask: beside those that were given, and where it listens to this
    machine alone. By others it is asked by pages that led a browser astray.
    """
    try:
        here = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        here = False
    if not here and not given:
        return {}
    names = dict.fromkeys(["localhost", "127.0.0.1", "::1", *([host] if here else []), *given])
    return {"DISTILLERY_ALLOWED_HOSTS": ",".join(names)}


class Stack:
    """The parts, from the first start to the last stop."""

    def __init__(self, settings: Settings, host: str, port: int, slots: int) -> None:
        self.settings, self.host, self.port, self.slots = settings, host, port, slots
        shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
        self.url = f"http://{shown}:{port}{settings.root_path}"
        self.stopping = False

    def run(self) -> None:
        logs = self.settings.data_dir / "logs"
        logs.mkdir(exist_ok=True)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        adopt_orphans()
        migrate_database(self.settings)
        release_runs(self.settings)
        address = sign_in_address(self.url, self.settings)
        with broker_socket(self.settings.data_dir) as redis_socket:
            redis = None if self.settings.broker_url else redis_binary()
            supervisor = Supervisor(self._environment(redis_socket if redis else None), say)
            try:
                if redis:
                    command = redis_command(redis, redis_socket, self.settings.data_dir)
                    supervisor.add(Part("redis", command, logs / "redis.log", 5.0))
                elif not self.settings.broker_url:
                    say("No redis-server or valkey-server here: workers find jobs by polling alone.")
                command = api_command(self.host, self.port, self.settings.trusted_proxies)
                api = supervisor.add(Part("api", command, logs / "api.log", 8.0))
                supervisor.add(Part("worker", worker_command(self.slots), logs / "worker.log", 25.0))
                if self._wait_until_ready(supervisor, api):
                    self._announce(address)
                while not self.stopping:
                    supervisor.tick()
                    time.sleep(0.2)
                say("Stopping; running jobs yield to a checkpoint.")
            finally:
                RunningStack.file(self.settings.data_dir).unlink(missing_ok=True)
                supervisor.stop(STOP_ORDER)
        say("Stopped.")

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def _environment(self, redis_socket: Path | None) -> dict[str, str]:
        broker = {"DISTILLERY_BROKER_URL": f"redis+socket://{redis_socket}"} if redis_socket else {}
        asked = self.settings.model_fields_set
        unlimited = {} if "rate_limit" in asked else {"DISTILLERY_RATE_LIMIT": "0"}  # it is one's own machine
        given = self.settings.allowed_hosts
        own = own_names(self.host, given) if given or "allowed_hosts" not in asked else {}
        return (
            os.environ
            | broker
            | unlimited
            | own
            | {
                "DISTILLERY_DATA_DIR": str(self.settings.data_dir),
                "DISTILLERY_SLOTS": str(self.slots),
                "OMP_WAIT_POLICY": "PASSIVE",
                "PYTHONUNBUFFERED": "1",
            }
        )

    def _wait_until_ready(self, supervisor: Supervisor, api: Part) -> bool:
        """True once the API answers. A part that cannot start at all ends everything, with its last words."""
        deadline = time.monotonic() + START_SECONDS
        while not self.stopping:
            dead = next((part for part in supervisor.parts if not part.alive), None)
            if dead is not None or time.monotonic() > deadline:
                part = dead or api
                raise DistilleryError("start_failed", f"{part.name} did not start. Its log ends:\n{part.tail()}")
            with contextlib.suppress(httpx2.TransportError):
                if httpx2.get(f"{self.url}/healthz", timeout=2, trust_env=False).is_success:
                    return True
            time.sleep(0.1)
        return False

    def _announce(self, address: str) -> None:
        file = RunningStack.file(self.settings.data_dir)
        partial = file.with_suffix(".partial")
        partial.write_text(json.dumps({"url": self.url, "pid": os.getpid()}))
        partial.replace(file)
        out.print(f"Dashboard: {address}", soft_wrap=True)
        out.print(f"Admin key: {self.settings.admin_key_file}", soft_wrap=True)
        out.print(f"Logs:      {self.settings.data_dir / 'logs'}", soft_wrap=True)
        sys.stdout.flush()


def up(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0: any that is free.")] = 8000,
    data_dir: Annotated[Path | None, typer.Option(help="Everything it keeps; default: ./data.")] = None,
    slots: Annotated[int | None, typer.Option(min=1, max=64, help="Jobs at once; default: GPUs, else 1.")] = None,
) -> None:
    """Run the whole stack on this machine until Ctrl-C: Redis, SQLite, API with dashboard, one worker."""
    refuse_shadows()
    settings = load_settings()
    if data_dir is not None:
        settings = settings.model_copy(update={"data_dir": data_dir.expanduser().resolve()})
    with only_one(settings.data_dir):
        port = free_port(host, port)
        Stack(settings, host, port, slots or settings.slots_for(len(list_gpus()))).run()
