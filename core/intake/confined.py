"""A process that reads one stranger's file between walls of the kernel, says what was wrong with it, and ends."""

import errno
import json
import resource
from collections.abc import Callable
from pathlib import Path

from core.checkpoint_codes import NO_ROOM, rejected
from core.checkpoint_limits import REJECTED
from core.errors import TrainingFailed, disk_full, is_disk_full
from core.intake.walls import raise_walls

OPEN_FILES = 64


def confine(source: Path, folder: Path, *, memory: int, written: int, cpu_seconds: int) -> None:
    """From now on this process may map `memory` bytes more, write files of `written` bytes, and compute so long.

    It reads `source`, writes below `folder`, and has no network.
    """
    raise_walls([source], [folder])
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limits = {
        resource.RLIMIT_AS: mapped + memory,
        resource.RLIMIT_FSIZE: written,
        resource.RLIMIT_CPU: cpu_seconds,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_CORE: 0,
    }
    for kind, wanted in limits.items():
        _, hard = resource.getrlimit(kind)
        value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(kind, (value, value))


def exit_code(read: Callable[[], None], hint: str | None = None) -> int:
    """0 where it came to its end; REJECTED after one line of JSON on stdout, the fields of core.errors.Failure.

    `hint`: what to do about a file that takes too much, unless that is a checkpoint.
    """
    try:
        read()
    except MemoryError:
        detail = "Reading it takes far more memory than the file is long."
        failure = rejected("checkpoint_too_expensive", detail, hint).failure
    except TrainingFailed as error:
        failure = error.failure
    except OSError as error:
        if error.errno == errno.EFBIG:  # RLIMIT_FSIZE
            failure = rejected(
                "checkpoint_too_expensive", "What was read from it is far longer than it may be."
            ).failure
        elif is_disk_full(error):
            failure = disk_full(NO_ROOM)
        else:
            raise
    else:
        return 0
    print(json.dumps(failure.as_dict()))  # noqa: T201 - the answer
    return REJECTED
