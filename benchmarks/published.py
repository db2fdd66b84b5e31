"""The published training loop, transcribed from the paper (arXiv:2205.10536) and the released recipe's description.

Eager float32; the teacher under no_grad; DIST of softmax probabilities with temperature² and the epsilon added to the
product of the norms; SGD with momentum and weight decay on every parameter; the loss read off at every step for the
progress line. Nothing of the core is used here but the networks, which are the same on both sides.
"""

from collections.abc import Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

ALPHA, BETA, GAMMA, TEMPERATURE, EPSILON = 1.0, 2.0, 2.0, 4.0, 1e-8


def pearson(x: Tensor, y: Tensor) -> Tensor:
    """Correlation of the rows of (N, M) matrices."""
    x = x - x.mean(1).unsqueeze(1)
    y = y - y.mean(1).unsqueeze(1)
    norms: Tensor = x.norm(dim=1) * y.norm(dim=1)
    return (x * y).sum(1) / (norms + EPSILON)


def dist(student: Tensor, teacher: Tensor) -> Tensor:
    y_s = (student / TEMPERATURE).softmax(dim=1)
    y_t = (teacher / TEMPERATURE).softmax(dim=1)
    inter = TEMPERATURE**2 * (1 - pearson(y_s, y_t).mean())
    intra = TEMPERATURE**2 * (1 - pearson(y_s.t(), y_t.t()).mean())
    return BETA * inter + GAMMA * intra


def dist_step_loss(student: Tensor, teacher: Tensor, labels: Tensor) -> Tensor:
    return ALPHA * F.cross_entropy(student, labels) + dist(student, teacher)


def train(
    student: nn.Module, teacher: nn.Module, batches: Sequence[tuple[Tensor, Tensor]], lr: float = 0.05
) -> Iterator[float]:
    """The loss of each step, for ever over `batches` of (normalised images (B, 3, S, S), labels (B,))."""
    student.train()
    teacher.eval()
    optimizer = torch.optim.SGD(student.parameters(), lr=lr, momentum=0.9, weight_decay=5e-4)
    while True:
        for images, labels in batches:
            logits = student(images)
            with torch.no_grad():
                teacher_logits = teacher(images)
            loss = dist_step_loss(logits, teacher_logits, labels)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            yield loss.item()
