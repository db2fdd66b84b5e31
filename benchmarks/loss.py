"""What DIST costs beside KL divergence, and beside its published form: forward and backward of the loss alone."""

from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor

from benchmarks.measure import Row, Scale, Work, compare
from benchmarks.published import dist_step_loss
from core.training.losses import build_loss

REPEATS = 40


Criterion = Callable[[Tensor, Tensor, Tensor], Tensor]


def _ours(kind: str) -> Criterion:
    loss = build_loss({"kind": kind, "temperature": 4})
    return lambda student, teacher, labels: loss(student, teacher, labels).total


def _repeat(criterion: Criterion, student: Tensor, teacher: Tensor, labels: Tensor, repeats: int) -> None:
    for _ in range(repeats):
        student.grad = None
        criterion(student, teacher, labels).backward()  # type: ignore[no-untyped-call]


def rows(scale: Scale) -> Iterator[Row]:
    repeats = 2 if scale.quick else REPEATS
    for batch, classes in ((64, 10), (128, 100), (256, 1000)):
        generator = torch.Generator().manual_seed(0)
        teacher = torch.randn(batch, classes, generator=generator) * 3
        labels = torch.randint(0, classes, (batch,), generator=generator)
        student = (torch.randn(batch, classes, generator=generator) * 3).requires_grad_()

        def run(criterion: Criterion, inputs: tuple[Tensor, Tensor, Tensor] = (student, teacher, labels)) -> Work:
            return partial(_repeat, criterion, *inputs, repeats)

        for against, criterion in (("kd", _ours("kd")), ("dist as published", dist_step_loss)):
            yield compare(
                f"dist, {batch} x {classes}",
                run(_ours("dist")),
                against,
                run(criterion),
                pairs=scale.pairs(7),
                show=lambda seconds: f"{seconds / repeats * 1e6:,.0f} µs",
            )
