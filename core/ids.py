"""Prefixed ids that sort by the time they were made."""

from ulid import ULID


def new_id(prefix: str) -> str:
    """job_01jd… : 48 bits of milliseconds, then 80 random bits."""
    return f"{prefix}_{str(ULID()).lower()}"
