"""Keeps the parts of one machine's stack alive, and takes them along when it goes.

A part dies with this process three times over: the kernel kills it (PR_SET_PDEATHSIG), orphaned grandchildren become
ours (PR_SET_CHILD_SUBREAPER) and are ended at the stop, and training children hold their worker's lifeline.
"""

import contextlib
import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
BACKOFF = (0.2, 1.0, 2.0, 5.0, 10.0, 30.0)  # seconds before the nth restart in a row
STEADY_SECONDS = 30.0  # a part that lived so long starts afresh in the backoff
REAP_SECONDS = 5.0
LOG_BYTES = 10_000_000  # a larger log is set aside
IMPORTANT = re.compile(r'(\S+ |\{"time": "\S+", "level": ")?(WARNING|ERROR|CRITICAL)\b')  # what the terminal shows too
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def adopt_orphans() -> None:
    """Grandchildren whose parent dies become our children, not init's."""
    if _libc is not None:
        _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _die_with_parent() -> None:
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


@dataclass
class Part:
    """One process of the stack. `stop_seconds`: from SIGTERM to SIGKILL."""

    name: str
    command: list[str]
    log: Path
    stop_seconds: float
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    deaths: int = 0  # in a row
    start_at: float = 0.0
    _read_to: int = field(default=0, repr=False)

    def start(self, environment: Mapping[str, str]) -> None:
        if not self._read_to:
            self._set_aside_large_log()
            self._read_to = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=dict(environment),
                start_new_session=True,  # Ctrl-C is for the supervisor alone
                preexec_fn=_die_with_parent,  # safe: this process has a single thread
            )
        self.started_at = time.monotonic()

    def _set_aside_large_log(self) -> None:
        """In place: the part goes on appending to the same file."""
        with contextlib.suppress(OSError):
            if self.log.stat().st_size > LOG_BYTES:
                shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
                os.truncate(self.log, 0)
                self._read_to = 0

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def new_lines(self) -> list[str]:
        """Whole lines of its log since the last call."""
        try:
            with self.log.open("rb") as file:
                file.seek(self._read_to)
                whole, newline, _ = file.read(1 << 20).rpartition(b"\n")
        except OSError:
            return []
        self._read_to += len(whole) + len(newline)
        if self._read_to > LOG_BYTES:
            self._set_aside_large_log()
        return whole.decode(errors="replace").splitlines() if newline else []

    def tail(self, lines: int = 10) -> str:
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""

    def stop(self) -> None:
        """SIGTERM, then SIGKILL of whatever is left of its group."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            self.process.wait(self.stop_seconds)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def how_it_ended(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


class Supervisor:
    """Parts start in the order they were added, and stop in `stop_order`."""

    def __init__(self, environment: Mapping[str, str], tell: Callable[[str], None]) -> None:
        self._environment = environment
        self._tell = tell
        self._reaped_at = 0.0
        self._others = set(psutil.Process().children())  # somebody else's in this process: never touched
        self.parts: list[Part] = []

    def add(self, part: Part) -> Part:
        self.parts.append(part)
        part.start(self._environment)
        return part

    def tick(self) -> None:
        """Restart what died, after a pause that grows while it keeps dying; pass on what a log says is wrong."""
        now = time.monotonic()
        for part in self.parts:
            for line in part.new_lines():
                if IMPORTANT.match(line):
                    self._tell(f"{part.name}: {line}")
            if part.alive:
                continue
            if part.process is not None:
                part.deaths = 0 if now - part.started_at > STEADY_SECONDS else part.deaths
                pause = BACKOFF[min(part.deaths, len(BACKOFF) - 1)]
                part.deaths += 1
                part.start_at = now + pause
                self._tell(
                    f"{part.name} ended ({how_it_ended(part.process.returncode)}); it starts again in {pause:g} s"
                )
                part.process = None
            elif now >= part.start_at:
                part.start(self._environment)
        if now - self._reaped_at > REAP_SECONDS:
            self._reaped_at = now
            self._reap_orphans()

    def _reap_orphans(self) -> None:
        own = {part.process.pid for part in self.parts if part.process is not None}
        for child in self._children():
            with contextlib.suppress(psutil.Error, ChildProcessError):
                if child.pid not in own and child.status() == psutil.STATUS_ZOMBIE:
                    os.waitpid(child.pid, os.WNOHANG)

    def _children(self) -> list[psutil.Process]:
        """The parts that run, and the orphans they left."""
        return [child for child in psutil.Process().children() if child not in self._others]

    def stop(self, order: list[str]) -> None:
        """End every part, then every descendant of theirs that is left."""
        for name in order:
            for part in self.parts:
                if part.name == name:
                    part.stop()
        left: list[psutil.Process] = []
        for child in self._children():
            with contextlib.suppress(psutil.NoSuchProcess):
                left += [child, *child.children(recursive=True)]
        for process in left:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(left, timeout=5)
