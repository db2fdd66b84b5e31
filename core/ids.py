"""Prefixed ids that sort by the time they were made."""

from datetime import datetime

from ulid import ULID


def new_id(prefix: str) -> str:
    """job_01jd… : 48 bits of milliseconds, then 80 random bits."""
    return f"{prefix}_{str(ULID()).lower()}"


def first_id(prefix: str, at: datetime) -> str:
    """Less than every id that is made at this time or later, greater than those made before."""
    return f"{prefix}_{str(ULID.from_datetime(at))[:10].lower()}"
