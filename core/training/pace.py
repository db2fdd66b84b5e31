"""When to do what by the clock: progress, time left, checkpoints. Nothing here touches weights or figures."""

import time
from collections.abc import Iterator
from typing import TypeVar

import torch

from core.events import Progress

PROGRESS_SECONDS = 0.5
SMOOTHING = 0.3  # share of the newest measurement in the speed
BOTTLENECK = 0.5  # share of the time without data from which on it is said
LONG_ENOUGH = 10.0  # seconds of an epoch whose first batch, for which all wait, says little about the rest
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


T = TypeVar("T")
Mark = torch.cuda.Event | None


class Waiting:
    """How much of an epoch's time the device stands still for want of the next batch."""

    def __init__(self, device: torch.device) -> None:
        self._gpu = device.type == "cuda"
        self._told = False
        self._begun = time.monotonic()
        self._waits: list[tuple[float, Mark, Mark]] = []  # seconds, when the GPU had nothing left, when it could go on

    def watch(self, batches: Iterator[T]) -> Iterator[T]:
        """The batches of an epoch as they come; nothing waits for the device."""
        self._begun, self._waits = time.monotonic(), []
        while True:
            begun, idle = time.monotonic(), self._mark()
            batch = next(batches, None)
            if batch is None:
                return
            self._waits.append((time.monotonic() - begun, idle, self._mark()))
            yield batch

    def _mark(self) -> Mark:
        """A moment in the GPU's own time: when it has done all that it was given so far."""
        if not self._gpu:
            return None
        event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        event.record()
        return event

    def share(self) -> float:
        """Of the time since the epoch began, 0 to 1. While a GPU is still busy, waiting on the host costs nothing."""
        if self._waits and (last := self._waits[-1][2]) is not None:
            last.synchronize()
        waited = sum(
            min(seconds, idle.elapsed_time(ready) / 1000) if idle is not None and ready is not None else seconds
            for seconds, idle, ready in self._waits
        )
        return min(1.0, waited / max(time.monotonic() - self._begun, 1e-9))

    def complaint(self, share: float) -> str | None:
        """Said once, after an epoch that was long enough to tell."""
        if self._told or share <= BOTTLENECK or time.monotonic() - self._begun < LONG_ENOUGH:
            return None
        self._told = True
        return (
            f"Your data is the bottleneck: {share:.0%} of the time waiting for images to be decoded. "
            "More threads for the worker, smaller images or a smaller image_size of the data set would help."
        )


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


class TimeLimit:
    """How long the training has taken over all attempts; of a killed one, what its last checkpoint knows."""

    def __init__(self, limit: float | None) -> None:
        self._limit = limit
        self._before, self._begun = 0.0, time.monotonic()

    def begin(self, before: float) -> None:
        """`before`: what earlier attempts have taken."""
        self._before, self._begun = before, time.monotonic()

    @property
    def taken(self) -> float | None:
        """None where there is no limit: a checkpoint then owes nothing to the clock."""
        return None if self._limit is None else self._before + time.monotonic() - self._begun

    @property
    def over(self) -> bool:
        return self._limit is not None and (self.taken or 0.0) >= self._limit
