"""A look at something slow or shared, which many ask for."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Cached(Generic[T]):
    """What `read` returned, for some seconds; an error is not kept.

    One thread reads at a time. Who would wait longer than `patience` seconds for it gets `TimeoutError`: what hangs
    costs one thread, not all of them.
    """

    def __init__(self, read: Callable[[], T], seconds: float, *, patience: float = 2.0) -> None:
        self._read, self._seconds, self._patience = read, seconds, patience
        self._lock = threading.Lock()
        self._kept: tuple[float, T] | None = None

    def __call__(self) -> T:
        if not self._lock.acquire(timeout=self._patience):
            raise TimeoutError
        try:
            if self._kept is None or time.monotonic() - self._kept[0] >= self._seconds:
                self._kept = None
                self._kept = time.monotonic(), self._read()
            return self._kept[1]
        finally:
            self._lock.release()
