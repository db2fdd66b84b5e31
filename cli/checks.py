"""What `distillery doctor` looks at. Each check reads, tries, and leaves nothing behind; it says what it found."""

import json
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

import psutil
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

import migrations
from cli.output import SERVER, counted, size
from cli.parts import redis_binary
from core import VERSION
from core.db.session import Database
from core.errors import DistilleryError, Unavailable
from core.gpus import list_gpus
from core.ids import new_id
from core.intake import walls
from core.queue import ask_broker
from core.settings import Settings
from core.storage import keys, open_storage

GB = 10**9
FEW_BYTES, HARDLY_ANY = 20 * GB, 1 * GB
REMOTE = ("nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "fuse.glusterfs", "ceph")
TORCH = """
import json, torch, torchvision
print(json.dumps([torch.__version__, torch.version.cuda,
                  [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]]))
"""


@dataclass(frozen=True)
class Finding:
    """`fix`: what to do about it; empty where nothing needs doing."""

    state: Literal["ok", "warn", "fail"]
    detail: str
    fix: str = ""


Findings = Iterator[Finding]


@dataclass(frozen=True)
class Asked:
    """`alone`: this check was asked for by name: what is usually allowed to be missing is then a failure."""

    settings: Settings
    alone: bool = False


def ok(detail: str) -> Finding:
    return Finding("ok", detail)


def warn(detail: str, fix: str = "") -> Finding:
    return Finding("warn", detail, fix)


def fail(detail: str, fix: str) -> Finding:
    return Finding("fail", detail, fix)


# --- this machine -----------------------------------------------------------------------------------------------


def python(_: Asked) -> Findings:
    said = f"{platform.python_version()} on {platform.system()} {platform.release()}, {platform.machine()}"
    if not (3, 11) <= sys.version_info[:2] <= (3, 14):
        yield fail(said, "Distillery is tested with Python 3.11 to 3.14: make an environment with one of them.")
    elif platform.system() != "Linux":
        yield warn(said, "Uploads are read in a sandbox that only Linux has: use this for trying out alone.")
    else:
        yield ok(said)


def packages(_: Asked) -> Findings:
    there, missing = [f"distillery {VERSION}"], []
    for name in ("torch", "torchvision", "timm", "scikit-learn"):
        try:
            there.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        yield warn(
            f"{', '.join(there)}; without {', '.join(missing)} nothing can be trained here",
            f"On a machine that runs workers: {SERVER}",
        )
    else:
        yield ok(", ".join(there))


def processor(asked: Asked) -> Findings:
    cores, memory = os.cpu_count() or 1, psutil.virtual_memory()
    slots = asked.settings.slots_for(len(list_gpus()))
    said = f"{counted(cores, 'core')}, {size(memory.available)} of {size(memory.total)} memory free; "
    said += f"{counted(slots, 'slot')} of {counted(asked.settings.threads_per_child(slots), 'thread')}"
    if slots * asked.settings.threads_per_child(slots) > cores:
        yield warn(said, "More threads than cores: jobs slow each other down. Lower DISTILLERY_SLOTS or _THREADS.")
    elif memory.available < 2 * GB:
        yield warn(said, "A training process takes about 1 GB and the data set's pages: free some memory.")
    else:
        yield ok(said)


def gpus(_: Asked) -> Findings:
    listed = list_gpus()
    command = [sys.executable, "-P", "-c", TORCH]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    except (subprocess.SubprocessError, OSError) as error:
        yield fail(f"torch cannot be started: {error}", f"Install it again: {SERVER}")
        return
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        absent = "No module named" in last
        yield (warn if absent else fail)(f"torch does not load: {last}", f"Install it again: {SERVER}")
        return
    torch, cuda, seen = json.loads(done.stdout.splitlines()[-1])
    if seen:
        yield ok(f"{', '.join(seen)} (torch {torch}, CUDA {cuda})")
    elif listed:
        yield fail(
            f"the driver has {', '.join(listed)}, but torch {torch} (CUDA {cuda or 'none'}) sees none",
            "Install a torch for this driver's CUDA, and check CUDA_VISIBLE_DEVICES.",
        )
    else:
        yield warn(f"none: torch {torch} trains on the CPU", "Fine for trying out; real jobs want an NVIDIA GPU.")


def shared_memory(_: Asked) -> Findings:
    if not Path("/dev/shm").is_dir():
        yield warn("/dev/shm is not there", "In a container: --shm-size=1g")
        return
    free = shutil.disk_usage("/dev/shm").free
    said = f"/dev/shm has {size(free)} free"
    yield ok(said) if free >= GB // 4 else warn(said, "torch wants more on several GPUs. In a container: --shm-size=1g")


def sandbox(_: Asked) -> Findings:
    found = walls.standing()
    if found.network and found.files:
        yield ok(walls.told(found))
    else:
        fix = "A stranger's file that takes its reader over is held back by less: Linux 5.13 has both walls."
        yield warn(walls.told(found), fix)


def broker(asked: Asked) -> Findings:
    url = asked.settings.broker_url
    if not url:
        binary = redis_binary()
        if binary:
            yield ok(f"none is set; `up` starts {binary}")
        else:
            yield warn(
                "none is set and there is no redis-server: workers find jobs by polling alone, which works",
                "For jobs that start at once: apt-get install redis-server",
            )
        return
    shown = urlsplit(url)._replace(netloc=urlsplit(url).netloc.rpartition("@")[2]).geturl()
    try:
        yield ok(f"{shown}, Redis {ask_broker(url, 5.0)}")
    except Unavailable as error:
        yield warn(
            f"{shown} does not answer: {error.detail}; jobs start by polling",
            "Start Redis, or correct DISTILLERY_BROKER_URL.",
        )


# --- what it keeps ----------------------------------------------------------------------------------------------


def data_dir(asked: Asked) -> Findings:
    folder = asked.settings.data_dir
    there = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        yield fail(f"{folder} cannot be written: {error.strerror}", "Give it to this user, or set DISTILLERY_DATA_DIR.")
        return
    free, kind = shutil.disk_usage(there).free, _file_system(there)
    said = (
        f"{folder}{'' if there == folder else ' (not there yet)'}, {kind or 'file system unknown'}, {size(free)} free"
    )
    if free < HARDLY_ANY:
        yield fail(said, "Jobs fail when it is full: free some space, or delete jobs (each one's files go with it).")
    elif kind in ("tmpfs", "ramfs"):
        yield warn(said, "It is gone after a restart: set DISTILLERY_DATA_DIR to a folder on a disk.")
    elif kind in REMOTE and asked.settings.database.startswith("sqlite"):
        yield warn(said, "SQLite's locks are not safe on a network: use PostgreSQL (DISTILLERY_DATABASE_URL).")
    elif free < FEW_BYTES:
        yield warn(said, "Data sets, checkpoints and uploads need room: 20 GB and more.")
    else:
        yield ok(said)


def _file_system(folder: Path) -> str | None:
    mounts = [p for p in psutil.disk_partitions(all=True) if folder.is_relative_to(p.mountpoint)]
    return max(mounts, key=lambda p: len(p.mountpoint)).fstype if mounts else None


def database(asked: Asked) -> Findings:
    settings = asked.settings
    if settings.database_url is None and not Path(settings.database.removeprefix("sqlite:///")).exists():
        yield ok("none yet: `up` or `migrate` makes it")
        return
    try:
        there = Database(settings.database)
    except (SQLAlchemyError, OSError, ImportError) as error:
        yield fail(f"DISTILLERY_DATABASE_URL cannot work: {first_line(error)}", "postgresql://user@host:5432/name")
        return
    shown = there.url.render_as_string(hide_password=True)
    try:
        with there.engine.connect() as connection:
            server = sqlite3.sqlite_version
            journal = ""
            if there.is_sqlite:
                journal = f", {connection.scalar(text('PRAGMA journal_mode'))} journal"
            else:
                server = str(connection.scalar(text("SHOW server_version"))).split()[0]
        migrations.check(there.engine)
    except SQLAlchemyError as error:
        yield fail(f"{shown} does not answer: {first_line(error)}", "Start it, or correct DISTILLERY_DATABASE_URL.")
    except DistilleryError as error:
        yield fail(f"{shown}: {error.detail}", "Bring the schema up to date: distillery migrate")
    else:
        kind = "SQLite" if there.is_sqlite else "PostgreSQL"
        yield ok(f"{shown}, {kind} {server}{journal}, schema {migrations.HEAD}")
    finally:
        there.close()


def storage(asked: Asked) -> Findings:
    url, key = asked.settings.storage, keys.probe(new_id("probe"))
    folder = Path(unquote(urlsplit(url).path))
    if url.startswith("file:") and not folder.exists():
        if asked.settings.storage_url:
            yield warn(f"{folder} is not there yet", "It is made at the first use: check that its disk is mounted.")
        else:
            yield ok("none yet: it is made in the data dir")
        return
    try:
        store = open_storage(asked.settings)
        with tempfile.NamedTemporaryFile() as probe:
            probe.write(b"distillery")
            probe.flush()
            store.put(key, Path(probe.name))
        with store.reading(key) as pieces:
            read = b"".join(pieces)
        store.delete(key)
    except (DistilleryError, ValueError, OSError) as error:
        fix = "Give the folder to this user, or correct DISTILLERY_STORAGE_URL."
        if url.startswith("s3:"):
            fix = "Check DISTILLERY_STORAGE_URL, _ENDPOINT and _REGION, the keys, and what they may do in the bucket."
        yield fail(f"{url}: {first_line(error)}", fix)
        return
    if read == b"distillery":
        yield ok(f"{url}: written, read, deleted")
    else:
        yield fail(f"{url} gave back other bytes than were put", "Do not trust this storage: check it, then restore.")


def first_line(error: BaseException) -> str:
    return (str(getattr(error, "orig", None) or getattr(error, "detail", None) or error).splitlines() or [""])[0]
