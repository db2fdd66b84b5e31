"""Leased work as pure code: what a claim, a renewal, a wish, an ending and a silence make of a run.

No clock is compared with another one's. Whoever holds a run shows a sign of life, its `beat`; an observer that has seen
the same sign for a whole lease, by its own clock and without looking away, may release the run. So neither a jump of
some machine's wall clock nor an outage of the database, in which nobody could show anything, takes a run from its
holder. `core/db/runs.py` applies this to rows.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from core.errors import Stale
from core.lifecycle import HELD, JobStatus, check_move, decide

# How an attempt can end. paused and yielded go on later; crashed and lost are nobody's wish.
Outcome = Literal["succeeded", "failed", "cancelled", "paused", "yielded", "crashed", "lost"]


@dataclass(frozen=True)
class RunState:
    """All of a run that decides what may happen to it."""

    status: JobStatus = JobStatus.QUEUED
    attempt: int = 0  # the fencing token
    beat: int = 0  # the sign of life
    failures: int = 0  # crashes since the last new checkpoint


def claimed(run: RunState) -> RunState:
    """Somebody takes a queued run."""
    check_move(run.status, JobStatus.RUNNING)
    return replace(run, status=JobStatus.RUNNING, attempt=run.attempt + 1, beat=run.beat + 1)


def owns(run: RunState, attempt: int) -> bool:
    """Whether an attempt may still change anything."""
    return run.status in HELD and run.attempt == attempt


def renewed(run: RunState, attempt: int) -> RunState:
    """The holder shows that it lives; `Stale` where it is the holder no longer."""
    if not owns(run, attempt):
        raise Stale("run", attempt)
    return replace(run, beat=run.beat + 1)


def progressed(run: RunState) -> RunState:
    """A checkpoint further than any before: the crashes so far were no loop."""
    return replace(run, failures=0)


def wished(run: RunState, action: str) -> RunState | None:
    """A user's cancel, pause, resume or retry; None where it is already so; `IllegalMove` where it cannot be."""
    to = decide(run.status, action)
    if to is None:
        return None
    return replace(run, status=to, failures=0 if action == "retry" else run.failures)


def ended(run: RunState, outcome: Outcome, max_crashes: int) -> RunState:
    """The attempt that holds the run is over. Failed after a crash: there were too many without progress."""
    failures = run.failures + 1 if outcome == "crashed" and run.status != JobStatus.CANCELLING else run.failures
    to = _leads_to(run.status, outcome, failures >= max_crashes)
    check_move(run.status, to)
    return replace(run, status=to, failures=failures)


def _leads_to(status: JobStatus, outcome: Outcome, too_often: bool) -> JobStatus:
    if outcome == "succeeded":
        return JobStatus.SUCCEEDED
    if outcome == "failed":
        return JobStatus.FAILED
    if status == JobStatus.CANCELLING:
        return JobStatus.CANCELLED
    if outcome == "crashed" and too_often:
        return JobStatus.FAILED
    if outcome == "paused" or status == JobStatus.PAUSING:
        return JobStatus.PAUSED
    return JobStatus.QUEUED


@dataclass(frozen=True)
class Sign:
    """What the holder of a run shows."""

    run_id: str
    attempt: int
    beat: int


class Observer:
    """Watches all held runs, on a clock of its own that counts sleep too (seconds)."""

    def __init__(self, lease_seconds: float) -> None:
        self._lease = lease_seconds
        self._same_for: dict[Sign, float] = {}  # how long a sign has been seen, again and again
        self._looked_at: float | None = None

    def look(self, signs: Iterable[Sign], at: float) -> list[Sign]:
        """Those that have not changed for a whole lease.

        The time since the last look counts for half a lease at most: whoever could not look, because the machine slept
        or the database was away, does not know whether the holders could show themselves.
        """
        passed = 0.0 if self._looked_at is None else min(at - self._looked_at, self._lease / 2)
        self._looked_at = at
        known = self._same_for
        self._same_for = {sign: known[sign] + passed if sign in known else 0.0 for sign in signs}
        return [sign for sign, seconds in self._same_for.items() if seconds >= self._lease]
