"""Striking at a named point: a file in a folder arms it, whichever process comes by first is struck, once.

    python -m tests.chaos.points worker FOLDER -A worker.app worker …
    python -m tests.chaos.points api FOLDER --host …
    python -m tests.chaos.points child ASSIGNMENT.json …

Faults: kill (SIGKILL), error (an exception nobody expects), full (ENOSPC), hold (until a file says go: whoever armed it
does something to the world meanwhile). An armed point is a file `<point>` that holds the fault; struck, it becomes
`<point>.struck`. The folder's file `reached` lists every point that any process came by.
"""

import errno
import os
import re
import signal
import sys
import time
from pathlib import Path

import core.points

ROOT = Path(__file__).parents[2]
FOLDER = "points"  # in a worker's data dir
HOLD_SECONDS = 20.0
FAULTS = ("kill", "error", "full", "locked", "broker")
ACTIONS = ("pause", "resume", "cancel", "retry")


class Injected(Exception):
    """What a mistake of ours would raise."""


def all_points() -> list[str]:
    """Every literal name in the program; those with a wish or an action in them, spelled out."""
    found: set[str] = set()
    for room in ("core", "worker"):
        for file in sorted((ROOT / room).rglob("*.py")):
            found |= set(re.findall(r'\breach(?:\(|, )f?"([^"]+)"', file.read_text()))
    names = {name for name in found if "{" not in name}
    names |= {f"{action}.moved" for action in ACTIONS}
    return sorted(names | {f"stop.{wish}{end}" for wish in ("checkpoint", "discard") for end in ("", "_told")})


def strike_in(folder: Path) -> None:
    """From now on this process looks into the folder at every point."""
    seen: set[str] = set()

    def strike(point: str) -> None:
        if point not in seen:
            seen.add(point)
            with (folder / "reached").open("a") as file:
                file.write(f"{point}\n")
        armed, struck = folder / point, folder / f"{point}.struck"
        try:
            fault = armed.read_text()
            armed.rename(struck)  # one process, one time
        except FileNotFoundError:
            return
        _do(fault, struck)

    folder.mkdir(parents=True, exist_ok=True)
    core.points.arm(strike)


def _do(fault: str, struck: Path) -> None:
    if fault == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if fault == "error":
        raise Injected(struck.stem)
    if fault == "full":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    deadline = time.monotonic() + HOLD_SECONDS
    while not struck.with_suffix(".go").exists() and time.monotonic() < deadline:
        time.sleep(0.02)


def _worker() -> None:
    from celery.__main__ import main

    from worker.duties.train import Train

    strike_in(Path(sys.argv.pop(1)))
    Train.module = "tests.chaos.points"
    sys.argv[0] = "celery"
    main()


def _api() -> None:
    from api.serve import main

    strike_in(Path(sys.argv.pop(1)))
    main()


def _child() -> None:
    from core.training.child import main

    assignment = Path(sys.argv[1]).resolve()  # in the folders of attempt, run and scratch, in the data dir
    strike_in(assignment.parents[3] / FOLDER)
    main(sys.argv[1:])


if __name__ == "__main__":
    if sys.argv[1] in ("worker", "api"):
        {"worker": _worker, "api": _api}[sys.argv.pop(1)]()
    else:
        _child()
