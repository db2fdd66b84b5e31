"""An upload of several GiB against a running stack: `python -m benchmarks.upload --gib 5 [--kill] [--sparse] [--curl]`.

Memory of the API's process and of the command line's before, during and after; with --kill the API is killed in the
middle, started again by `up`, and the same command goes on. Needs twice the bytes of disk, and gives them back; with
--sparse the file here is all holes but for a number in each piece, and only the service's copy takes disk. With --curl
it is sent by curl as one request, in place of the command line's parts.
"""

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

PIECE = 1 << 22
MIB = 1 << 20


@dataclass
class Watched:
    """Resident memory of a process, in bytes: the first and the largest that was seen."""

    first: int = 0
    most: int = 0
    pids: set[int] = field(default_factory=set)

    def look(self, process: psutil.Process) -> None:
        try:
            size = process.memory_info().rss
        except psutil.NoSuchProcess:
            return
        self.first = self.first or size
        self.most = max(self.most, size)
        self.pids.add(process.pid)

    def __str__(self) -> str:
        return f"{self.first / MIB:.0f} MiB at first, {self.most / MIB:.0f} MiB at most"


def make_file(path: Path, size: int, sparse: bool) -> str:
    """Bytes that no compression finds, unless sparse; returns their SHA-256."""
    block, hasher, left = bytearray(PIECE if sparse else os.urandom(PIECE)), hashlib.sha256(), size
    with path.open("wb") as file:
        while left:
            block[:8] = left.to_bytes(8, "big")  # no two pieces are the same
            piece = bytes(block[: min(PIECE, left)])
            file.write(piece[:8] if sparse else piece)
            file.seek(size - left + len(piece))
            hasher.update(piece)
            left -= len(piece)
        file.truncate(size)
    return hasher.hexdigest()


@contextmanager
def stack(data_dir: Path, port: int) -> Iterator[psutil.Process]:
    command = [sys.executable, "-m", "cli.main", "up", "--port", str(port), "--data-dir", str(data_dir)]
    with (data_dir / "up.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        while not (data_dir / "up.json").exists():
            if process.poll() is not None:
                raise SystemExit((data_dir / "up.log").read_text())
            time.sleep(0.1)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(60)


def api_process(up: psutil.Process) -> psutil.Process | None:
    for child in up.children(recursive=True):
        try:
            if "api.serve" in child.cmdline():
                return child
        except psutil.NoSuchProcess:
            continue
    return None


def stored(data_dir: Path) -> int:
    """Bytes that the service's storage takes on disk."""
    total = 0
    for path in (data_dir / "storage").rglob("*"):
        try:
            total += path.stat().st_blocks * 512 if path.is_file() else 0
        except FileNotFoundError:
            continue
    return total


def sender(file: Path, port: int, data_dir: Path, curl: bool) -> list[str]:
    """The command that sends it."""
    if not curl:
        return [sys.executable, "-m", "cli.main", "upload", str(file), "--json"]
    header = data_dir / "header"  # a key is no argument of a process
    header.write_text(f"Authorization: Bearer {(data_dir / 'admin.key').read_text().strip()}\n")
    url = f"http://127.0.0.1:{port}/v1/uploads?purpose=dataset&filename={file.name}"
    return ["curl", "--fail", "--silent", "--show-error", "--header", f"@{header}", "--upload-file", str(file), url]


def measure(size: int, port: int, kill: bool, folder: Path, sparse: bool, curl: bool) -> bool:
    """Print the figures; whether every byte arrived."""
    data_dir, file = folder / "data", folder / "images.zip"
    data_dir.mkdir()
    digest = make_file(file, size, sparse)
    api, client, disk, killed = Watched(), Watched(), 0, False
    with stack(data_dir, port) as up:
        before = api_process(up)
        if before is not None:
            api.look(before)
        command = sender(file, port, data_dir, curl)
        began = time.monotonic()
        environment = os.environ | {"DISTILLERY_DATA_DIR": str(data_dir)}
        with (folder / "answer.json").open("wb") as answer:
            cli = subprocess.Popen(command, stdout=answer, env=environment)
        while cli.poll() is None:
            client.look(psutil.Process(cli.pid))
            if (process := api_process(up)) is not None:
                api.look(process)
                if kill and not killed and stored(data_dir) > size // 2:
                    process.send_signal(signal.SIGKILL)
                    killed = True
            disk = max(disk, stored(data_dir))
            time.sleep(0.05)
        took = time.monotonic() - began
        whole = cli.returncode == 0 and json.loads((folder / "answer.json").read_text())["sha256"] == digest
    print(f"{size / 2**30:.2f} GiB, {'whole' if whole else 'NOT WHOLE'}, {took:.0f} s, {size / took / 1e6:.0f} MB/s")
    print(f"API: {api}; {len(api.pids)} process(es){', one killed in the middle' if killed else ''}")
    print(f"{'curl' if curl else 'command line'}: {client}")
    print(f"disk in storage: {disk / size:.2f} times the file at most, {stored(data_dir) / size:.2f} at the end")
    return whole


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gib", type=float, default=5.0, help="size of the file")
    parser.add_argument("--port", type=int, default=8102)
    parser.add_argument("--kill", action="store_true", help="kill the API when half has arrived")
    parser.add_argument("--sparse", action="store_true", help="a file of holes: half the disk")
    parser.add_argument("--curl", action="store_true", help="as one request")
    parser.add_argument("--folder", type=Path, help="where the files lie meanwhile; default: the system's own")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="distillery-upload-", dir=options.folder) as folder:
        size = int(options.gib * 2**30)
        arrived = measure(size, options.port, options.kill, Path(folder), options.sparse, options.curl)
    return 0 if arrived else 1


if __name__ == "__main__":
    sys.exit(main())
