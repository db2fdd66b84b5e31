"""The first process of a team starts the others, and ends with them.

Not by torchrun: its agent would stand between the worker and the process that speaks to it, and restarts what the
worker wants to judge. What the others run is this module; they meet over a file, so that no port is taken.

    python -m core.training.launch ASSIGNMENT.json RANK SIZE RENDEZVOUS
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

import torch

from core.assignment import TrainAssignment
from core.child import end, kill_own_group
from core.errors import Failure, TrainingFailed
from core.training.team import ALONE, Several, Team

LAST_WORDS = 10.0  # seconds in which somebody's death is noticed


def processes_of(assignment: TrainAssignment) -> int:
    """How many share every batch: as many as there are GPUs, of those that are wanted."""
    if assignment.processes is not None:
        return assignment.processes
    return max(1, min(assignment.recipe.resources.gpus, torch.cuda.device_count()))


@contextmanager
def team_of(assignment: TrainAssignment, file: Path, on_failure: Callable[[Failure], None]) -> Iterator[Team]:
    """This process as the first of them; the others are started. Whatever ends one of them ends all."""
    size = processes_of(assignment)
    if size == 1:
        yield ALONE
        return
    rendezvous = assignment.folder / f"rendezvous-{os.getpid()}"
    watchers = []
    for rank in range(1, size):
        command = [sys.executable, "-m", "core.training.launch", str(file), str(rank), str(size), str(rendezvous)]
        # Its standard input is its lifeline: it ends where this process does.
        process = subprocess.Popen(command, stdin=subprocess.PIPE)
        watching = (process, _failure_file(rendezvous, rank), on_failure)
        watchers.append(threading.Thread(target=_watch, args=watching, daemon=True))
        watchers[-1].start()
    try:
        team = Several(0, size, rendezvous, _device(assignment, 0))
        yield team
        team.leave()
    except TrainingFailed:
        raise
    except Exception:
        # One that dies breaks a sum here, too: if that is what happened, its watcher says so and ends this process.
        for watcher in watchers:
            watcher.join(LAST_WORDS / len(watchers))
        raise


def _device(assignment: TrainAssignment, rank: int) -> torch.device:
    if assignment.recipe.resources.gpus and torch.cuda.is_available() and torch.cuda.device_count() > rank:
        torch.cuda.set_device(rank)
        return torch.device("cuda")
    return torch.device("cpu")


def _failure_file(rendezvous: Path, rank: int) -> Path:
    return rendezvous.with_name(f"{rendezvous.name}-failure-{rank}.json")


def _watch(process: "subprocess.Popen[bytes]", failure: Path, on_failure: Callable[[Failure], None]) -> None:
    if process.wait() != 0:
        if failure.is_file():
            on_failure(Failure(**json.loads(failure.read_text())))
        kill_own_group()  # the first one may wait for it in the middle of a sum, for ever


# --- in the others ------------------------------------------------------------------------------------------------


def _end_with_the_first() -> NoReturn:
    sys.stdin.buffer.read()
    os._exit(0)


def main() -> None:
    parser = argparse.ArgumentParser(description="One of several processes that train together.")
    parser.add_argument("assignment", type=Path)
    parser.add_argument("rank", type=int)
    parser.add_argument("size", type=int)
    parser.add_argument("rendezvous", type=Path)
    options = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGINT):  # the first one decides
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_first, daemon=True).start()
    assignment = TrainAssignment.model_validate_json(options.assignment.read_bytes())

    from core.training.child import explain
    from core.training.precision import set_up
    from core.training.trainer import Trainer

    set_up(assignment.threads)
    try:
        team = Several(options.rank, options.size, options.rendezvous, _device(assignment, options.rank))
        for _ in Trainer(assignment, team=team).run():
            pass
        team.leave()
    except Exception as error:
        failure = explain(error, assignment)
        if failure is None:
            raise
        _failure_file(options.rendezvous, options.rank).write_text(json.dumps(asdict(failure)))
        sys.exit(1)
    end()


if __name__ == "__main__":
    main()
