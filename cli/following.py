"""A child process, followed from a terminal to its end."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from core.assignment import Assignment
from core.errors import Failure, TrainingFailed
from core.events import Event, Failed, Finished, Stopped
from core.spawn import ChildProcess

IMPATIENT = 2  # the second Ctrl-C does not wait for a checkpoint


class Interrupts:
    """Counts Ctrl-C and SIGTERM: the child is asked for a checkpoint, not torn away."""

    def __init__(self) -> None:
        self.count = 0

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.count += 1

    @contextmanager
    def caught(self) -> Iterator[None]:
        before = {number: signal.signal(number, self._on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def follow(
    module: str, assignment: Assignment, on_event: Callable[[Event], None], interrupts: Interrupts
) -> Finished | Stopped:
    """Run a child to its end; `TrainingFailed` says why it could not succeed."""
    child = ChildProcess.start(module, assignment)
    last: Event | None = None
    told = False
    try:
        for event in child.events():
            if event is not None:
                last = event
                on_event(event)
            if interrupts.count and not told:
                child.stop("checkpoint")
                told = True
            if interrupts.count >= IMPATIENT:
                child.kill()
    except BaseException:
        child.kill()
        raise
    finally:
        ended = child.wait()
    if isinstance(last, Finished | Stopped):
        return last
    if isinstance(last, Failed):
        raise TrainingFailed(Failure(last.code, last.title, last.detail, last.hint, last.retryable, last.errors))
    if interrupts.count:
        return Stopped(step=0)
    how = f"signal {ended.signal}" if ended.signal else f"exit code {ended.code}"
    tail = "\n".join(ended.log_tail.strip().splitlines()[-15:])
    detail = f"The training process ended by {how}. The same command goes on from the last checkpoint.\n{tail}"
    raise TrainingFailed(Failure("crashed", "The training process died", detail.strip(), retryable=True))
