"""What the reading process may use of the machine, and how it says that this was not enough."""

import errno
import re
import resource
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from safetensors import SafetensorError

from core.errors import Failure, TrainingFailed, disk_full
from core.intake.failures import rejected, too_slow
from core.intake.limits import Limits

CPU_SLACK_SECONDS = 60  # the kernel's own limit kills, so it comes after everything that can still explain itself


@contextmanager
def confine(limits: Limits) -> Iterator[None]:
    """Limits of the kernel on this process, lifted again at the end so that the failure can be reported.

    RLIMIT_DATA bounds what is allocated; the address space is larger by the images, which are mapped from a file. The
    alarm ends what the clock between two members never sees: an endless gzip header, a million empty streams.
    """
    packed = max(limits.packed_bytes, limits.files_bytes)
    wanted = {
        resource.RLIMIT_DATA: limits.memory_bytes,
        resource.RLIMIT_AS: limits.memory_bytes + packed,
        resource.RLIMIT_FSIZE: max(limits.expanded_bytes, packed),
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_CPU: int(time.process_time()) + limits.seconds + CPU_SLACK_SECONDS,  # what it used is spent
        resource.RLIMIT_CORE: 0,
    }
    before = {kind: resource.getrlimit(kind) for kind in wanted}
    for kind, value in wanted.items():
        hard = before[kind][1]
        resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))
    handler = signal.signal(signal.SIGALRM, _on_alarm)
    signal.alarm(limits.seconds + 1)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, handler)
        for kind, value_before in before.items():
            resource.setrlimit(kind, value_before)


def _on_alarm(_signal: int, _frame: FrameType | None) -> None:
    raise too_slow("the archive was still being unpacked")


def explained(error: TrainingFailed | OSError | MemoryError | SafetensorError) -> Failure:
    """The failure to store. An error that is no fault of the data set is raised again."""
    if isinstance(error, TrainingFailed):
        return error.failure
    number = _errno(error)
    if number == errno.ENOMEM:
        detail = "Reading it takes more memory than one data set may use."
        return rejected("dataset_too_expensive", detail, "Upload fewer or smaller images.").failure
    if number == errno.EFBIG:
        detail = "It takes more space than one data set may use."
        return rejected("dataset_too_large", detail, "Upload fewer or smaller images.").failure
    if number in (errno.ENOSPC, errno.EDQUOT):
        return disk_full("The service ran out of disk space while it read the data set.")
    raise error


def _errno(error: OSError | MemoryError | SafetensorError) -> int | None:
    """safetensors keeps the number of the system's error in its message alone."""
    if isinstance(error, MemoryError):
        return errno.ENOMEM
    if isinstance(error, OSError):
        return error.errno
    found = re.search(r"\(os error (\d+)\)", str(error))
    return int(found[1]) if found else None
