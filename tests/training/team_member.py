"""One of two processes that take the same steps together: `python -m tests.training.team_member RANK SIZE FOLDER`.

Each has its rows of every batch; what it ends with is left in FOLDER/<rank>.pt, by the name of the case.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from core.child import end
from core.losses import LOSSES
from core.training.lesson import Lesson
from core.training.losses import build_loss
from core.training.mixing import Mixed
from core.training.step import Taught, teach
from core.training.team import ALONE, Several, Team

BATCH = 22  # pairs of neighbours that two processes cannot share evenly
STEPS = 20

Case = tuple[str, dict[str, Any], int, int, bool]  # name, loss, parts of a step, views, mixed


def cases() -> Iterator[Case]:
    for kind in LOSSES:
        yield kind, {"kind": kind}, 1, 1, False
        yield f"{kind} in parts", {"kind": kind}, 3, 1, False
    yield "dist, two views", {"kind": "dist"}, 1, 2, False
    yield "kd, mixed", {"kind": "kd"}, 1, 1, True
    yield "mlkd, mixed, two views, in parts", {"kind": "mlkd"}, 2, 2, True
    yield "kd, mixed, two views, in parts", {"kind": "kd"}, 2, 2, True
    yield "dist, local", {"kind": "dist", "batch": "local"}, 1, 1, False
    yield "dist, local, in parts", {"kind": "dist", "batch": "local"}, 2, 1, False


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(12, 16), nn.Tanh(), nn.Linear(16, 5)).double()


def lesson(step: int, views: int, mixed: bool) -> Lesson:
    """Of the whole batch."""
    generator = torch.Generator().manual_seed(step)
    count = BATCH * views
    labels, others = torch.randint(-1, 5, (2, count), generator=generator)
    share = 0.5 + torch.rand(count, generator=generator, dtype=torch.float64) / 2
    return Lesson(
        torch.randn(count, 3, 2, 2, generator=generator, dtype=torch.float64),
        2 * torch.randn(count, 5, generator=generator, dtype=torch.float64),
        labels,
        0,
        Mixed(others, share) if mixed else None,
        views,
    )


def own(whole: Lesson, team: Team) -> Lesson:
    """A process's part of it, as its batches would give it."""

    def rows(tensor: Tensor) -> Tensor:
        return torch.cat([view[team.share(BATCH)] for view in tensor.chunk(whole.views)])

    assert whole.teacher_logits is not None
    mixed = whole.mixed and Mixed(rows(whole.mixed.labels), rows(whole.mixed.share))
    return Lesson(rows(whole.images), rows(whole.teacher_logits), rows(whole.labels), 0, mixed, whole.views)


def run(case: Case, team: Team) -> dict[str, Any]:
    """Gradient and figures of the first step, and the weights after all."""
    _, spec, parts, views, mixed = case
    student, loss = network(), build_loss(spec)
    optimizer = torch.optim.SGD(student.parameters(), lr=0.02)
    first: dict[str, Any] = {}
    for step in range(STEPS):
        optimizer.zero_grad()
        part = own(lesson(step, views, mixed), team)
        taught: Taught = teach(student, lambda images, _: student(images), loss, part, parts, team=team)
        if not first:
            gradient = torch.cat([p.grad.flatten() for p in student.parameters() if p.grad is not None])
            first = {"gradient": gradient, "total": taught.total, "parts": taught.parts, "logits": taught.logits}
        optimizer.step()
    return first | {"weights": torch.cat([p.detach().flatten() for p in student.parameters()])}


def everything(team: Team) -> dict[str, dict[str, Any]]:
    return {case[0]: run(case, team) for case in cases()}


if __name__ == "__main__":
    torch.set_num_threads(1)
    rank, size, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    team = Several(rank, size, folder / "rendezvous", torch.device("cpu")) if size > 1 else ALONE
    torch.save(everything(team), folder / f"{rank}.pt")
    team.leave()
    end()
