"""The child's side of its two pipes: events out, lifeline in.

The lifeline brings JSON lines: {"deadline": seconds since boot} whenever the worker has renewed its lease, and
{"stop": "checkpoint"} or {"stop": "discard"}. When it ends (the worker died) or a deadline passes (the worker is
frozen, or cut off from the database), the child kills its own process group: nothing of it may go on.
"""

import json
import os
import select
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Literal, NoReturn

from core.events import Event, encode

Stop = Literal["checkpoint", "discard"]


def boot_seconds() -> float:
    """Seconds since boot, counting suspension: a process that was stopped notices afterwards."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def kill_own_group() -> None:
    os.killpg(os.getpgrp(), signal.SIGKILL)


def end() -> NoReturn:
    """End at once, with success, when all is done and told.

    Not by the interpreter's own end: one of torch's threads that still lets go of a tensor would ask for Python's lock
    then, and the process would abort after its work was done.
    """
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(0)


def volunteer() -> None:
    """Where memory runs out, rather this process than one that could tell of it."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")


class Pipes:
    """`wish` is what the worker asked for, to be looked at between steps; SIGTERM asks for a checkpoint too."""

    def __init__(self, events_fd: int, lifeline_fd: int) -> None:
        self._events = os.fdopen(events_fd, "wb", buffering=0)
        self._lifeline_fd = lifeline_fd
        self._deadline: float | None = None
        self._lock = threading.Lock()
        self.wish: Stop | None = None

    def start(self) -> None:
        signal.signal(signal.SIGTERM, self._on_sigterm)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole terminal; the worker decides
        volunteer()
        threading.Thread(target=self._watch, name="lifeline", daemon=True).start()

    def emit(self, event: Event) -> None:
        with self._lock:
            view = memoryview(encode(event))
            while view:
                view = view[self._events.write(view) or 0 :]

    def _on_sigterm(self, _signal: int, _frame: FrameType | None) -> None:
        self.wish = self.wish or "checkpoint"

    def _watch(self) -> None:
        buffer = b""
        while True:
            ready, _, _ = select.select([self._lifeline_fd], [], [], 0.5)
            if ready:
                chunk = os.read(self._lifeline_fd, 65536)
                if not chunk:
                    kill_own_group()
                buffer += chunk
                *lines, buffer = buffer.split(b"\n")
                for line in lines:
                    self._obey(json.loads(line))
            if self._deadline is not None and boot_seconds() > self._deadline:
                kill_own_group()

    def _obey(self, message: dict[str, object]) -> None:
        if isinstance(deadline := message.get("deadline"), (int, float)):
            self._deadline = float(deadline)
        if (stop := message.get("stop")) in ("checkpoint", "discard"):
            self.wish = "discard" if stop == "discard" else self.wish or "checkpoint"
