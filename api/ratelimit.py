"""How often a key may ask: each request takes its share of a second, and up to ten seconds may be taken in advance.

GCRA (ATM Forum, Traffic Management 4.0), in the memory of each API process. Libraries for this count by the wall clock,
which may jump, and start a thread to forget.
"""

import math
import threading
import time
from collections.abc import Callable

from core.errors import DistilleryError

BURST_SECONDS = 10.0
MANY = 10_000  # keys remembered before those that are at rest are forgotten


class TooOften(DistilleryError):
    """`seconds`: when it is worth asking again."""

    def __init__(self, limit: int, seconds: int) -> None:
        detail = f"A key may send {limit} requests per second. Ask again in {seconds} s, and less often."
        super().__init__("rate_limited", detail)
        self.seconds = seconds


class RateLimit:
    """`per_second` 0: none."""

    def __init__(self, per_second: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second, self._clock = per_second, clock
        self._paid_until: dict[str, float] = {}  # by key: when all that it has taken in advance is over
        self._lock = threading.Lock()

    def count(self, key_id: str) -> None:
        """One more request; `TooOften` where it is one too many, and then it does not count."""
        if not self._per_second:
            return
        with self._lock:
            now = self._clock()
            paid = max(self._paid_until.get(key_id, now), now) + 1 / self._per_second
            if paid - now > BURST_SECONDS:
                raise TooOften(self._per_second, math.ceil(paid - now - BURST_SECONDS))
            if len(self._paid_until) >= MANY:
                self._paid_until = {key: until for key, until in self._paid_until.items() if until > now}
            self._paid_until[key_id] = paid
