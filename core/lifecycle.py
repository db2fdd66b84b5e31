"""The life of a job: its states, the allowed moves, and the one gate that every status change passes."""

from enum import StrEnum

from core.errors import IllegalMove


class JobStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    CANCELLING = "cancelling"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


Q, R, PG, PD, CG, S, F, C = JobStatus

MOVES: dict[JobStatus, frozenset[JobStatus]] = {
    Q: frozenset({R, PD, C, F}),
    R: frozenset({S, F, C, PG, CG, Q, PD}),  # queued: a yield, or its worker was lost; paused: the disk is full
    PG: frozenset({PD, CG, S, F, C}),  # a result may win the race against the pause
    PD: frozenset({Q, C}),
    CG: frozenset({C, S, F}),
    S: frozenset(),
    F: frozenset({Q}),  # retry
    C: frozenset({Q}),  # retry
}

TERMINAL = frozenset({S, F, C})
HELD = frozenset({R, PG, CG})  # a worker holds a lease on it
ACTIVE = frozenset(JobStatus) - TERMINAL

# What a user may ask for, and the state it leads to at once.
ACTIONS: dict[str, dict[JobStatus, JobStatus]] = {
    "cancel": {Q: C, PD: C, R: CG, PG: CG},
    "pause": {Q: PD, R: PG},
    "resume": {PD: Q},
    "retry": {F: Q, C: Q},
}
# States in which the wish is already granted or on its way: asking again is no error.
ALREADY: dict[str, frozenset[JobStatus]] = {
    "cancel": frozenset({C, CG}),
    "pause": frozenset({PD, PG}),
    "resume": frozenset({Q, R}),
    "retry": frozenset({Q, R}),
}


def check_move(now: JobStatus, to: JobStatus) -> None:
    """The gate: raises `IllegalMove` unless the table allows the step."""
    if to not in MOVES[now]:
        raise IllegalMove(now, f"become {to}", available_actions(now))


def available_actions(now: JobStatus) -> list[str]:
    """What a user can ask of a job in this state; `delete` frees a finished one's storage."""
    actions = [action for action, table in ACTIONS.items() if now in table]
    return actions + (["delete"] if now in TERMINAL else [])


def decide(now: JobStatus, action: str) -> JobStatus | None:
    """The state an action leads to; None where nothing needs to change; `IllegalMove` where it cannot be."""
    if now in ACTIONS[action]:
        to = ACTIONS[action][now]
        check_move(now, to)
        return to
    if now in ALREADY[action]:
        return None
    raise IllegalMove(now, action, available_actions(now))
