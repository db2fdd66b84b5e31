"""When to do what by the clock: progress, time left, checkpoints. Nothing here touches weights or figures."""

import time

from core.events import Progress

PROGRESS_SECONDS = 0.5
SMOOTHING = 0.3  # share of the newest measurement in the speed
WORK_PER_SAVE = 99  # seconds of work for each second of saving: at most 1 % of the time


class Pace:
    """Speed and time left, evaluation included."""

    def __init__(self, step: int, total_steps: int, batch_size: int) -> None:
        self._total, self._batch_size = total_steps, batch_size
        self._at, self._step = time.monotonic(), step
        self._speed: float | None = None  # steps per second

    def progress(self, step: int, epoch: int) -> Progress | None:
        """The news, about twice a second; None in between."""
        now = time.monotonic()
        if now - self._at < PROGRESS_SECONDS or step == self._step:
            return None
        speed = (step - self._step) / (now - self._at)
        self._speed = speed if self._speed is None else SMOOTHING * speed + (1 - SMOOTHING) * self._speed
        self._at, self._step = now, step
        return Progress(step, epoch, self._speed * self._batch_size, (self._total - step) / self._speed)


class SaveClock:
    """Is a checkpoint due? After every epoch or `most` seconds, while saving stays under 1 % of the time."""

    def __init__(self, most: float) -> None:
        self._most = most
        self._last, self._cost = time.monotonic(), 0.0

    def due(self, epoch_ended: bool) -> bool:
        elapsed = time.monotonic() - self._last
        return elapsed >= self._most or (epoch_ended and elapsed >= WORK_PER_SAVE * self._cost)

    def saved(self, cost: float) -> None:
        """A save has ended that took `cost` seconds."""
        self._last, self._cost = time.monotonic(), cost
