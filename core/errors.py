"""Every error that a user can cause or meet, without a word of HTTP.

DistilleryError
    NotFound          it is not there                                -> 404
    Unauthorized      no key, or a key that is not (any longer) ours -> 401
    Conflict          it cannot happen in this state                 -> 409
        IllegalMove   a status change that the lifecycle forbids
        Stale         an attempt that has been replaced; the worker's own business
    TooLarge          more bytes than allowed                        -> 413
    Unavailable       a part of the service is down                  -> 503
        StorageUnavailable   storage does not answer, or refuses; for a worker an OSError, as a disk's
    Damaged           a stored file is not what was stored           -> 500
    Invalid           parts that do not fit; names each place        -> 422
    TrainingFailed    stored on the job, the data set or the teacher; never raised over HTTP
"""

import errno
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, at one place of the input."""

    pointer: str  # JSON Pointer into what was sent, e.g. /students/0/architecture
    code: str
    detail: str


class DistilleryError(Exception):
    """`code` is stable and for programs; `detail` is a sentence for people that says what to do next."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class NotFound(DistilleryError):
    def __init__(self, noun: str, id: str) -> None:
        super().__init__("not_found", f"There is no {noun} {id!r} in this project.")


class Unauthorized(DistilleryError):
    pass


class Conflict(DistilleryError):
    pass


class IllegalMove(Conflict):
    """A status change that `core.lifecycle` does not allow."""

    def __init__(self, now: str, wish: str, available_actions: list[str]) -> None:
        can = ", ".join(available_actions) or "nothing"
        super().__init__("invalid_transition", f"A job that is {now} cannot {wish}. It can: {can}.")
        self.available_actions = available_actions


class Stale(Conflict):
    """This attempt no longer owns its run: another one was claimed, or the run has ended."""

    def __init__(self, run: str, attempt: int) -> None:
        super().__init__("stale_attempt", f"Attempt {attempt} no longer owns run {run}.")


class TooLarge(DistilleryError):
    pass


class Unavailable(DistilleryError):
    pass


class StorageUnavailable(Unavailable, OSError):
    def __init__(self, detail: str) -> None:
        super().__init__("storage_unavailable", detail)


class Damaged(DistilleryError, OSError):
    def __init__(self, key: str) -> None:
        super().__init__("damaged", f"The stored file {key} is not the one that was stored: its SHA-256 differs.")


class Invalid(DistilleryError):
    """Bad input. `problems` names every place at once, so that nobody has to fix them one by one."""

    def __init__(self, problems: list[Problem], code: str = "invalid") -> None:
        self.problems = problems
        where = "; ".join(f"{p.pointer or '/'}: {p.detail}" for p in problems)
        super().__init__(problems[0].code if len(problems) == 1 else code, where)


@dataclass(frozen=True)
class Failure:
    """What a job, data set, teacher or student stores when it could not go on."""

    code: str
    title: str
    detail: str
    hint: str = ""
    retryable: bool = False
    errors: list[dict[str, Any]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


DISK_FULL = "disk_full"


def is_disk_full(error: OSError) -> bool:
    """The disk itself, or somebody's quota of it."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def disk_full(detail: str) -> Failure:
    """Passes: a service pauses what met it (worker/judging.py)."""
    hint = "Free some space: a service then goes on by itself, from the last checkpoint."
    return Failure(DISK_FULL, "The disk is full", detail, hint, retryable=True)


class TrainingFailed(DistilleryError):
    """Work in a child process that cannot succeed as asked; carries what is stored."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.code, failure.detail)
        self.failure = failure
