"""The processes that train one job together: who they are, and the little that they tell each other.

Every process runs the whole trainer on its share of each batch. They gather logits, add up gradients, and follow the
first one in whatever depends on the clock: all else is the same arithmetic on the same numbers, so that they always
hold the same weights and come to the same decisions. See docs/decisions/0006-processes.md.
"""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from core.errors import Failure, TrainingFailed
from core.training.lesson import Lesson
from core.training.mixing import Mixed

PATIENCE = timedelta(days=7)  # one that dies ends the others: nobody has to be given up for being slow
Choice = Literal["", "checkpoint", "discard"]
_CHOICES: tuple[Choice, ...] = ("", "checkpoint", "discard")


class Team:
    """One process alone: nothing is told to anybody."""

    rank = 0
    size = 1

    @property
    def leads(self) -> bool:
        """Whether it is the one that writes files and speaks to the worker."""
        return self.rank == 0

    def share(self, count: int) -> slice:
        """Its rows of a batch of so many; pairs of neighbours, which may be mixed, stay together."""
        pairs = (count + 1) // 2
        bounds = [min(count, 2 * (pairs * rank // self.size)) for rank in (self.rank, self.rank + 1)]
        return slice(*bounds)

    def gather(self, own: Tensor, views: int = 1) -> Tensor:  # noqa: ARG002 - nothing to put in order
        """The rows of all, (own rows, …) -> (all rows, …), in the batch's order; a gradient reaches the own ones."""
        return own

    def own(self, whole: Tensor, views: int = 1) -> Tensor:  # noqa: ARG002
        """The inverse of `gather`."""
        return whole

    def whole(self, lesson: Lesson) -> Lesson:
        """A lesson with the teacher's logits and the labels of all; its images stay the own ones."""
        return lesson

    def parts(self, wanted: int, own: int) -> int:
        """Into how many parts a batch goes of which it has so many rows: no part is empty, and all have as many."""
        return min(wanted, own)

    def sum(self, values: Tensor) -> Tensor:
        """Of numbers without a graph, over the processes."""
        return values

    def add_gradients(self, network: nn.Module) -> None:
        """Every parameter's gradient becomes the sum of all processes'."""

    def agree(self, choice: Choice | None) -> Choice:
        """The first one's."""
        return choice or ""

    def follow_buffers(self, network: nn.Module) -> None:
        """The first one's running averages, where each has normalised its own part."""

    def place(self, network: nn.Module) -> nn.Module:
        """As it can be trained together."""
        return network

    def leave(self) -> None:
        """Once nobody waits for anybody any more."""


ALONE = Team()


class Several(Team):
    """One of `size` processes, each with a GPU of its own (NCCL), or on the processor (gloo)."""

    def __init__(self, rank: int, size: int, rendezvous: Path, device: torch.device) -> None:
        """`rendezvous` is a file that does not exist yet, the same for all; waits for the others."""
        self.rank, self.size = rank, size
        self._device = device
        backend = "nccl" if device.type == "cuda" else "gloo"
        dist.init_process_group(
            backend, init_method=f"file://{rendezvous}", rank=rank, world_size=size, timeout=PATIENCE
        )
        # What the clock decides is agreed on by the processors: a GPU would have to be waited for.
        self._talk: Any = dist.new_group(backend="gloo", timeout=PATIENCE) if backend == "nccl" else None
        self._sizes: dict[int, list[int]] = {}

    def gather(self, own: Tensor, views: int = 1) -> Tensor:
        rows = self._rows(len(own))
        padded = own.new_zeros((max(rows), *own.shape[1:]))
        padded[: len(own)] = own.detach()
        found = [torch.empty_like(padded) for _ in rows]
        dist.all_gather(found, padded)
        parts = [part[:count] for part, count in zip(found, rows, strict=True)]
        parts[self.rank] = own  # with its graph
        if views == 1:
            return torch.cat(parts)
        apart = [part.chunk(views) for part in parts]
        return torch.cat([part[view] for view in range(views) for part in apart])

    def own(self, whole: Tensor, views: int = 1) -> Tensor:
        return torch.cat([view[self.share(len(view))] for view in whole.chunk(views)])

    def _rows(self, own: int) -> list[int]:
        """How many rows each process has; a batch has the same sizes every time."""
        if own not in self._sizes:
            found = [torch.zeros(1, dtype=torch.int64) for _ in range(self.size)]
            dist.all_gather(found, torch.tensor([own]), group=self._talk)
            self._sizes[own] = [int(count) for count in found]
        return self._sizes[own]

    def whole(self, lesson: Lesson) -> Lesson:
        views, taught, mixed = lesson.views, lesson.teacher_logits, lesson.mixed
        return replace(
            lesson,
            teacher_logits=None if taught is None else self.gather(taught, views),
            labels=self.gather(lesson.labels, views),
            mixed=mixed and Mixed(self.gather(mixed.labels, views), self.gather(mixed.share, views)),
        )

    def parts(self, wanted: int, own: int) -> int:
        return min(wanted, *self._rows(own))

    def sum(self, values: Tensor) -> Tensor:
        total = values.clone()
        dist.all_reduce(total)
        return total

    def add_gradients(self, network: nn.Module) -> None:
        gradients = [p.grad for p in network.parameters() if p.grad is not None]
        for dtype in dict.fromkeys(gradient.dtype for gradient in gradients):
            alike = [gradient for gradient in gradients if gradient.dtype == dtype]
            flat = torch.cat([gradient.reshape(-1) for gradient in alike])
            dist.all_reduce(flat)
            for gradient, summed in zip(alike, torch.split(flat, [g.numel() for g in alike]), strict=True):
                gradient.copy_(summed.view_as(gradient))

    def agree(self, choice: Choice | None) -> Choice:
        number = torch.tensor([_CHOICES.index(choice or "")])
        dist.broadcast(number, 0, group=self._talk)
        return _CHOICES[int(number)]

    def follow_buffers(self, network: nn.Module) -> None:
        for buffer in network.buffers():
            dist.broadcast(buffer, 0)

    def place(self, network: nn.Module) -> nn.Module:
        """On GPUs a batch norm sees the whole batch; on the processor each process's own part."""
        if self._device.type != "cuda" or not any(isinstance(m, _BatchNorm) for m in network.modules()):
            return network
        placed: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
        return placed

    def leave(self) -> None:
        self.agree(None)  # nobody leaves while another one is still in a sum
        dist.destroy_process_group()


def too_few_images(images: int, processes: int) -> TrainingFailed:
    """Of a batch that cannot be shared."""
    detail = f"A batch of {images} images is too small for {processes} processes: each needs two of its own."
    hint = "Use a larger batch_size, or fewer GPUs."
    if processes == 1:
        detail, hint = "A batch of one image is too small: networks normalise over several.", "Use a larger batch_size."
    where = {"pointer": "/training/batch_size", "code": "batch_too_small", "detail": detail}
    return TrainingFailed(Failure("batch_too_small", "The batch is too small", detail, hint, errors=[where]))


def fewer_gpus(wanted: int, team: Team, device: torch.device) -> str | None:
    """What to know where a job that wants several GPUs does not have them all."""
    has = team.size if device.type == "cuda" else 0
    if wanted < 2 or has >= wanted:
        return None
    return (
        f"It wants {wanted} GPUs and has {has}. A worker whose machine has them gives a job several with "
        f"DISTILLERY_GPUS_PER_SLOT={wanted}."
    )
