"""The clock that leases are read on. Never the wall clock of a machine: it jumps.

PostgreSQL: the database's own clock, the same for every worker. SQLite: one machine, so its clock since boot,
which also counts sleep; a lease of another boot has run out by definition.
"""

import time
from functools import cache
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session


@cache
def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "boot"


def boot_seconds() -> float:
    """Seconds since boot, counting suspension."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def lease_clock(session: Session) -> tuple[str, float]:
    """(name of the clock, its reading in seconds)."""
    if session.get_bind().dialect.name == "postgresql":
        return "postgresql", float(session.scalar(text("SELECT extract(epoch FROM clock_timestamp())")) or 0.0)
    return _boot_id(), boot_seconds()
