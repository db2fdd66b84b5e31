"""The parent's side of a child process: start it in its own process group, read its events, hold its lifeline.

The twin of core/child.py. The worker and `distillery train` both use it, so both run the very same child.
"""

import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from core.assignment import Assignment
from core.child import Stop
from core.events import Event, decode

# The child gets no credentials: nothing of the environment but what an interpreter and its libraries need.
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "CUDA_VISIBLE_DEVICES")
LOG_NAME = "child.log"
LOG_TAIL_BYTES = 8_000


@dataclass(frozen=True)
class Exit:
    """How a child ended: exit code or signal, and the most memory it held, in bytes."""

    code: int | None
    signal: int | None
    peak_memory: int
    log_tail: str


def child_environment(threads: int) -> dict[str, str]:
    """A clean environment. Idle threads sleep (PASSIVE): spinning neighbours made busy ones 100 times slower."""
    environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return environment | {
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": str(threads),
        "OMP_WAIT_POLICY": "PASSIVE",
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",  # deterministic matrix products on NVIDIA GPUs
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": str(Path(__file__).resolve().parent.parent),
        "PYTHONWARNINGS": "ignore",
    }


class ChildProcess:
    """A running child. Whoever drops this object without `kill` still ends it: the lifeline closes with the parent."""

    def __init__(self, process: subprocess.Popen[bytes], events: int, lifeline: int, log: Path) -> None:
        self._process = process
        self._events = events
        self._lifeline: IO[bytes] | None = os.fdopen(lifeline, "wb", buffering=0)
        self._log = log
        self._buffer = b""

    @classmethod
    def start(cls, module: str, assignment: Assignment, *, gpus: str | None = None) -> "ChildProcess":
        """Run `python -m module` on the assignment, which is written into its folder; `gpus`: those it may see."""
        folder = assignment.folder
        folder.mkdir(parents=True, exist_ok=True)
        file, log = folder / "assignment.json", folder / LOG_NAME
        file.write_text(assignment.model_dump_json(indent=1))
        events_read, events_write = os.pipe()
        with suppress(OSError):  # not for everybody: a child whose parent waits for the database goes on for longer
            fcntl.fcntl(events_write, fcntl.F_SETPIPE_SZ, 1 << 20)
        lifeline_read, lifeline_write = os.pipe()
        environment = child_environment(assignment.threads)
        if gpus is not None:
            environment["CUDA_VISIBLE_DEVICES"] = gpus
        command = [sys.executable, "-m", module, str(file)]
        command += ["--events-fd", str(events_write), "--lifeline-fd", str(lifeline_read)]
        try:
            with log.open("ab") as output:
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    env=environment,
                    cwd=folder,
                    pass_fds=(events_write, lifeline_read),
                    start_new_session=True,  # its own process group: killed whole
                )
        except BaseException:
            os.close(events_read)
            os.close(lifeline_write)
            raise
        finally:
            os.close(events_write)
            os.close(lifeline_read)
        return cls(process, events_read, lifeline_write, log)

    @property
    def pid(self) -> int:
        return self._process.pid

    def events(self, tick: float = 0.2) -> Iterator[Event | None]:
        """Events as they come, None after every `tick` seconds without one; ends when the child closes its pipe."""
        while True:
            ready, _, _ = select.select([self._events], [], [], tick)
            if not ready:
                yield None
                continue
            chunk = os.read(self._events, 1 << 20)
            if not chunk:
                return
            *lines, self._buffer = (self._buffer + chunk).split(b"\n")
            for line in lines:
                yield decode(line)

    def _tell(self, message: dict[str, object]) -> None:
        if self._lifeline is None:
            return
        with suppress(OSError):  # it may have ended; `events` says so
            self._lifeline.write(json.dumps(message).encode() + b"\n")

    def renew(self, deadline: float) -> None:
        """The child may live until then (seconds since boot)."""
        self._tell({"deadline": deadline})

    def stop(self, how: Stop) -> None:
        """Ask to end between two steps, after a checkpoint or at once."""
        self._tell({"stop": how})

    def _signal_group(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def terminate(self) -> None:
        self._signal_group(signal.SIGTERM)

    def kill(self) -> None:
        """End the whole process group, now."""
        self._signal_group(signal.SIGKILL)

    def wait(self, timeout: float = 10.0) -> Exit:
        """Reap the child (killed after `timeout` seconds) and close the pipes."""
        deadline = time.monotonic() + timeout
        while True:
            if os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None:
                break
            if time.monotonic() > deadline:
                self.kill()
                deadline = float("inf")
            time.sleep(0.01)
        self.kill()  # whatever it left in its group, which is still its own while it is not reaped
        _, status, usage = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)  # Popen must not try again
        os.close(self._events)
        if self._lifeline is not None:
            self._lifeline.close()
            self._lifeline = None
        code = self._process.returncode
        return Exit(
            code=code if code >= 0 else None,
            signal=-code if code < 0 else None,
            peak_memory=usage.ru_maxrss * 1024,
            log_tail=self._tail(),
        )

    def _tail(self) -> str:
        try:
            with self._log.open("rb") as log:
                log.seek(max(0, self._log.stat().st_size - LOG_TAIL_BYTES))
                return log.read().decode(errors="replace").replace("\x00", "")
        except OSError:
            return ""
