"""What DIST costs beside KL divergence: forward and backward of the loss alone, float32, one thread."""

from collections.abc import Callable, Iterator

import torch

from core.training.losses import build_loss

Pair = tuple[str, str, Callable[[], None], Callable[[], None]]
REPEATS = 200


def pairs() -> Iterator[Pair]:
    torch.set_num_threads(1)
    for batch, classes in ((64, 10), (128, 100), (256, 1000)):
        generator = torch.Generator().manual_seed(0)
        teacher = torch.randn(batch, classes, generator=generator) * 3
        labels = torch.randint(0, classes, (batch,), generator=generator)
        student = (torch.randn(batch, classes, generator=generator) * 3).requires_grad_()

        def run(kind: str, student=student, teacher=teacher, labels=labels) -> None:  # type: ignore[no-untyped-def]
            criterion = build_loss({"kind": kind, "temperature": 4})
            for _ in range(REPEATS):
                student.grad = None
                criterion(student, teacher, labels).total.backward()

        shape = f"{batch} x {classes}"
        yield f"dist, {shape}", f"kd, {shape}", lambda run=run: run("dist"), lambda run=run: run("kd")  # type: ignore[misc]
