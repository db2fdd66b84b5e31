"""How often a key may ask. Counted by each API process for itself, over ten seconds: a burst is no offence."""

import math
import time

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from core.errors import DistilleryError

WINDOW_SECONDS = 10


class TooOften(DistilleryError):
    """`seconds`: when it is worth asking again."""

    def __init__(self, limit: int, seconds: int) -> None:
        detail = f"A key may send {limit} requests per second. Ask again in {seconds} s, and less often."
        super().__init__("rate_limited", detail)
        self.seconds = seconds


class RateLimit:
    """`per_second` 0: none."""

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._item = RateLimitItemPerSecond(max(1, per_second) * WINDOW_SECONDS, WINDOW_SECONDS)

    def count(self, key_id: str) -> None:
        """One more request; `TooOften` where it is one too many."""
        if self._per_second and not self._limiter.hit(self._item, key_id):
            reset = self._limiter.get_window_stats(self._item, key_id).reset_time
            raise TooOften(self._per_second, max(1, math.ceil(reset - time.time())))
