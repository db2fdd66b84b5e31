"""One view of a job's progress for every command: a live bar on a terminal, a line now and then elsewhere."""

import time
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from cli.output import duration, err, say

# Where there is no terminal: a line for each phase, then one after so much of the whole and so many seconds,
# and always the one of the whole: nothing that is done may look as if it had stopped.
LINE_EVERY = 0.1
LINE_SECONDS = 2.0


class ProgressView:
    """`show` as often as you like. Nothing is remembered of the source, so a reconnect changes nothing."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._live = err.is_terminal
        self._printed = ("", 0, 0.0)  # phase, tenths, when
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            console=err,
            transient=True,
        )
        self._task = self._bar.add_task(title, total=None, note="")

    def __enter__(self) -> Self:
        if self._live:
            self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._live:
            self._bar.stop()

    def show(
        self, phase: str, *, step: int = 0, total: int | None = None, eta: float | None = None, note: str = ""
    ) -> None:
        """`total` None: nobody knows how long yet; `eta` in seconds."""
        title = f"{self._title}: {phase}" if self._title else phase
        left = f"ETA {duration(eta)}" if eta is not None else ""
        text = "  ".join(part for part in (left, note) if part)
        if self._live:
            self._bar.update(self._task, description=title, completed=step, total=total, note=text)
            return
        tenths, now = int(step / total / LINE_EVERY) if total else 0, time.monotonic()
        last_phase, last_tenths, at = self._printed
        due = tenths != last_tenths and (now - at > LINE_SECONDS or step == total)
        if phase != last_phase or due:
            self._printed = (phase, tenths, now)
            share = f" {step}/{total}" if total and step else ""
            say(f"{title}{share}  {text}".rstrip())
