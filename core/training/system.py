"""What a training takes of its machine, told beside its curves. Nothing here touches weights, draws or figures."""

import time
from collections.abc import Iterator

import psutil
import torch

from core.events import Event, Log, Metrics
from core.training.team import ALONE, Team

EVERY = 5.0  # seconds between two looks, but for the one that ends each epoch


class System:
    """Use and memory of this process, of those that train with it, and of their GPUs. Only the first one looks."""

    def __init__(self, device: torch.device, threads: int, team: Team = ALONE) -> None:
        """`threads`: what each of the processes was given."""
        self._gpus = team.size if device.type == "cuda" else 0
        self._threads, self._leads = threads * team.size, team.leads
        self._own = psutil.Process()
        self._others: dict[
            psutil.Process, float | None
        ] = {}  # who else there is; the seconds it had computed, if known
        self._counted = float("-inf")  # when they were last looked for, which asks every process of the machine
        self._at, self._computed = time.monotonic(), time.process_time()

    def tell_if_due(self, step: int) -> Iterator[Event]:
        """A look where the last one is long ago."""
        if self._leads and time.monotonic() - self._at >= EVERY:
            yield from self.tell(step)

    def tell(self, step: int) -> Iterator[Event]:
        """The figures of the time since the last look, as the job's own metrics. Nothing waits for a device."""
        if not self._leads:
            return
        computed, memory = self._look_at_others()
        now, own = time.monotonic(), time.process_time()
        computed += own - self._computed
        share = computed / (max(now - self._at, 1e-9) * self._threads)
        self._at, self._computed = now, own
        points: list[tuple[str | None, str, float]] = [
            (None, "system/cpu", share),
            (None, "system/memory", float(memory + self._own.memory_info().rss)),
        ]
        if self._gpus:
            try:
                busy = [torch.cuda.utilization(gpu) for gpu in range(self._gpus)]
                used = [torch.cuda.device_memory_used(gpu) for gpu in range(self._gpus)]
            except Exception as error:  # a missing package has one, and the driver's library dozens of its own
                self._gpus = 0  # asked once
                yield Log("info", f"How busy the GPU is cannot be told here: {error}")
            else:
                points += [
                    (None, "system/gpu", sum(busy) / (100 * len(busy))),
                    (None, "system/gpu_memory", float(sum(used))),
                ]
        yield Metrics(step, points)

    def _look_at_others(self) -> tuple[float, int]:
        """(seconds that they have computed since the last look, bytes that they hold)."""
        if time.monotonic() - self._counted >= EVERY:
            there = self._own.children(recursive=True)
            self._others = {one: self._others.get(one) for one in there}
            self._counted = time.monotonic()
        computed, memory = 0.0, 0
        for one, before in list(self._others.items()):
            try:
                times, held = one.cpu_times(), one.memory_info().rss
            except psutil.Error:
                del self._others[one]  # it has ended
                continue
            total = times.user + times.system
            computed += 0.0 if before is None else total - before  # when a newcomer has computed is not known
            self._others[one] = total
            memory += held
        return computed, memory
