"""Named moments in the life of a run, at which a test may strike (tests/chaos/points.py). In use: nothing happens."""

from collections.abc import Callable

_strike: Callable[[str], None] | None = None


def reach(point: str) -> None:
    """`point`: stage and moment, `checkpoint.synced`. A test finds all of them by their literal names."""
    if _strike is not None:
        _strike(point)


def arm(strike: Callable[[str], None]) -> None:
    """Have every moment of this process told."""
    global _strike
    _strike = strike
