"""What a supervisor stores on a run that it could not prepare, publish or keep alive."""

from pathlib import Path

import psutil

from core.errors import Failure, NotFound, TrainingFailed, disk_full, is_disk_full
from core.spawn import Exit

STORAGE_ERROR = "storage_error"
OOM_COUNTERS = (  # of control groups of the second and first kind, as a container sees its own; of the machine
    Path("/sys/fs/cgroup/memory.events"),
    Path("/sys/fs/cgroup/memory/memory.oom_control"),
    Path("/proc/vmstat"),
)


def failure_of(error: TrainingFailed | NotFound | OSError) -> Failure:
    if isinstance(error, TrainingFailed):
        return error.failure
    if isinstance(error, NotFound):
        return Failure("file_missing", "A stored file is missing", error.detail, "Was the storage folder changed?")
    if is_disk_full(error):
        return disk_full(f"A file could not be stored: {error.strerror}.")
    hint = "The disk or its connection seems to fail: look into the system's log."
    return Failure(STORAGE_ERROR, "A file could not be stored or read", str(error), hint, retryable=True)


def oom_kills() -> int:
    """How many processes the kernel has ended for want of memory, in our control group and on this machine."""
    return sum(_count(file) for file in OOM_COUNTERS)


def _count(file: Path) -> int:
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))


def out_of_memory(exit_: Exit) -> Failure:
    held, all_ = exit_.peak_memory / 2**30, psutil.virtual_memory().total / 2**30
    return Failure(
        "out_of_memory",
        "The machine ran out of memory",
        f"The kernel ended the training process, which held up to {held:,.1f} GiB; the machine has {all_:,.1f} GiB.",
        "Lower the batch size, train fewer students in one job, or give the machine fewer slots.",
        retryable=True,
    )
