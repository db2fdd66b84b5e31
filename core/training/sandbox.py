"""Limits for a process that reads what a stranger sent."""

import resource
from pathlib import Path

CPU_SECONDS = 60
OPEN_FILES = 64


def limit_resources(*, memory_bytes: int, file_bytes: int) -> None:
    """From now on this process may take `memory_bytes` more address space, and write files of `file_bytes` each.

    Also: a minute of processor time, few open files, no core dump. Cannot be undone. Call it after importing torch,
    whose libraries alone map some gigabytes, how many depends on the build: hence "more", not "in all".
    """
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limits = {
        resource.RLIMIT_AS: mapped + memory_bytes,
        resource.RLIMIT_FSIZE: file_bytes,
        resource.RLIMIT_CPU: CPU_SECONDS,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_CORE: 0,
    }
    for kind, wanted in limits.items():
        _, hard = resource.getrlimit(kind)
        value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(kind, (value, value))
