"""What the reading process may use of the machine, and how it says that this was not enough."""

import errno
import resource
from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import Failure, TrainingFailed
from core.intake.failures import rejected
from core.intake.limits import Limits

CPU_SLACK_SECONDS = 60  # the clock between two images refuses politely; the kernel only where that hangs


@contextmanager
def confine(limits: Limits) -> Iterator[None]:
    """Limits of the kernel on this process, lifted again at the end so that the failure can be reported."""
    wanted = {
        resource.RLIMIT_AS: limits.memory_bytes,
        resource.RLIMIT_FSIZE: max(limits.expanded_bytes, limits.packed_bytes),
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_CPU: limits.seconds + CPU_SLACK_SECONDS,
        resource.RLIMIT_CORE: 0,
    }
    before = {kind: resource.getrlimit(kind) for kind in wanted}
    for kind, value in wanted.items():
        hard = before[kind][1]
        resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))
    try:
        yield
    finally:
        for kind, value_before in before.items():
            resource.setrlimit(kind, value_before)


def explained(error: TrainingFailed | OSError | MemoryError) -> Failure:
    """The failure to store. An error that is no fault of the data set is raised again."""
    if isinstance(error, TrainingFailed):
        return error.failure
    if isinstance(error, MemoryError) or error.errno == errno.ENOMEM:
        detail = "Reading it takes more memory than one data set may use."
        return rejected("dataset_too_expensive", detail, "Upload fewer or smaller images.").failure
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        detail = "The service ran out of disk space while it read the data set."
        return rejected("disk_full", detail, "Free some space and try again.", retryable=True).failure
    raise error
