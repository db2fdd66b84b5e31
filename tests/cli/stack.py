"""`distillery up` as a real process, for the tests that need the whole stack."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from cli.client import Client

START_SECONDS = 120.0


def clean_environment(**more: str) -> dict[str, str]:
    """This shell's, without settings of another stack; one thread, so that results do not hang on the machine."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DISTILLERY_")}
    return kept | {"DISTILLERY_THREADS": "1", "OMP_NUM_THREADS": "1"} | more


def distillery(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cli.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=clean_environment(**more), timeout=280)


@dataclass
class Stack:
    process: subprocess.Popen[str]
    data_dir: Path
    url: str

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A client command that finds the stack in its data dir."""
        return distillery(*arguments, DISTILLERY_DATA_DIR=str(self.data_dir))

    def answer(self, *arguments: str) -> Any:
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def client(self) -> Client:
        return Client(self.url, (self.data_dir / "admin.key").read_text().strip())

    def descendants(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def printed(self, words: str) -> str:
        """All that `up` has said, once these words are among it: it answers requests before it has said so."""
        deadline = time.monotonic() + START_SECONDS
        while words not in (said := (self.data_dir / "up.log").read_text()):
            assert self.process.poll() is None and time.monotonic() < deadline, said
            time.sleep(0.05)
        return said

    def stop(self) -> tuple[int, list[psutil.Process]]:
        """(exit code, descendants that are still there)."""
        before = self.descendants()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        _, alive = psutil.wait_procs(before, timeout=10)
        return code, alive


@contextmanager
def running(data_dir: Path, *arguments: str, program: Path | None = None, **more: str) -> Iterator[Stack]:
    """`program`: a folder with another version of ours."""
    data_dir.mkdir(parents=True, exist_ok=True)
    log = data_dir / "up.log"
    command = [sys.executable, "-m", "cli.main", "up", "--port", "0", "--data-dir", str(data_dir), *arguments]
    with log.open("w") as output:
        environment = clean_environment(**more) | ({"PYTHONPATH": str(program)} if program else {})
        process = subprocess.Popen(command, stdout=output, stderr=output, text=True, env=environment, cwd=program)
    try:
        deadline = time.monotonic() + START_SECONDS
        file = data_dir / "up.json"
        while not (file.exists() and json.loads(file.read_text())["pid"] == process.pid):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield Stack(process, data_dir, json.loads(file.read_text())["url"])
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(60)
