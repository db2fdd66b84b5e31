"""How an attempt ended: from the child's last event, the way it died, and what went wrong in storing its results."""

from dataclasses import dataclass, replace

from core.db.runs import Ending
from core.errors import DISK_FULL, Failure
from core.events import Failed, Finished, Stopped
from core.leasing import Outcome
from core.lifecycle import JobStatus
from core.spawn import Exit
from worker.failures import STORAGE_ERROR, out_of_memory

LEAST_ROOM = 16 << 20  # bytes that must have become free until a run that met a full disk goes on,
ROOM_FACTOR = 3  # or so many of its checkpoints: three lie on the disk while one is replaced
AMPLE_ROOM = (
    1 << 30
)  # where so much is free, and several times what it needs, the disk is not full: was it, or a quota?
AMPLE_FACTOR = 4

Last = Finished | Failed | Stopped | None


@dataclass(frozen=True)
class Circumstances:
    """What the supervisor knows of an attempt beside the child's own words."""

    status: JobStatus  # the run's: what a user wished
    forced: bool = False  # the child was made to end because it did not end when asked
    oom_kills: int = 0  # processes that the kernel ended for want of memory meanwhile
    free_bytes: float = 0  # when it ended,
    scratch_bytes: int = 0  # with so much in the attempt's own folder, which goes
    checkpoint_bytes: int = 0

    @property
    def needed_bytes(self) -> int:
        return self.scratch_bytes + max(LEAST_ROOM, ROOM_FACTOR * self.checkpoint_bytes)

    @property
    def has_room(self) -> bool:
        return self.free_bytes > max(AMPLE_ROOM, AMPLE_FACTOR * self.needed_bytes)


def judge(
    last: Last, exit_: Exit | None, failure: Failure | None, around: Circumstances
) -> tuple[Ending, Failure | None]:
    """`failure`: what went wrong outside the child; no `exit_`: there was no child."""
    said = failure or (_said(last) if isinstance(last, Failed) else None)
    ending = Ending(_outcome(last, said, around))
    if exit_ is not None:
        ending = replace(
            ending,
            exit_code=exit_.code,
            signal=exit_.signal,
            peak_memory=exit_.peak_memory,
            log_tail=exit_.log_tail,
        )
    if said is not None and said.code == DISK_FULL and ending.outcome == "paused":
        return replace(ending, needs_bytes=int(around.free_bytes) + around.needed_bytes), said
    if ending.outcome == "crashed" and exit_ is not None and exit_.signal == 9 and around.oom_kills:
        return ending, out_of_memory(exit_)
    return ending, said


def _outcome(last: Last, said: Failure | None, around: Circumstances) -> Outcome:
    if said is not None and said.code == DISK_FULL and not around.has_room:
        return "paused"  # nobody's mistake, and it passes: no reason to end a week's work
    if said is not None and said.code in (DISK_FULL, STORAGE_ERROR):
        return "crashed"  # tried again, but not for ever
    if said is not None:
        return "failed"
    if isinstance(last, Finished):
        return "succeeded"
    if isinstance(last, Stopped) or around.forced:
        wished: dict[JobStatus, Outcome] = {JobStatus.CANCELLING: "cancelled", JobStatus.PAUSING: "paused"}
        return wished.get(around.status, "yielded")
    return "crashed"


def _said(last: Failed) -> Failure:
    return Failure(last.code, last.title, last.detail, last.hint, last.retryable, last.errors)
