"""The gradient of one step: of the whole batch at once, or part by part where memory is short."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.training.lesson import Lesson
from core.training.losses import Objective
from core.training.losses.terms import TINY, LossTerms, mean_of, weights_of
from core.training.team import ALONE, Team


@dataclass(frozen=True)
class Taught:
    """What came of it; nothing in it has a graph."""

    logits: Tensor  # (B, C), of all processes
    lesson: Lesson  # the one that they belong to, labels of all processes
    total: Tensor
    parts: dict[str, Tensor]  # unweighted, by name


Forward = Callable[[Tensor, int], Tensor]
"""(images (B, 3, side, side), number of the part) -> logits (B, C) with their graph. Equal numbers, equal dropout."""


Scaled = Callable[[Tensor], Tensor]
"""What to go backward from in place of a loss: the loss times the scale of float16."""


def teach(
    network: nn.Module,
    forward: Forward,
    loss: Objective,
    lesson: Lesson,
    parts: int = 1,
    scaled: Scaled = lambda total: total,
    team: Team = ALONE,
) -> Taught:
    """Leaves in the parameters the gradient of the loss, computed in so many parts of the batch by so many processes.

    The loss is that of the whole batch, also where it relates the images to each other; in parts it then costs a second
    forward pass: logits of all parts without a graph, the loss and its gradient on all of them, and each part once more
    with its share of that gradient. Batch norms see one part at a time, and count it once. Of several processes each
    has its rows of the batch, and computes the loss of all: its gradient at its own rows is its part of the whole.
    """
    whole = team.whole(lesson)
    if not loss.spec.relational and (parts > 1 or team.size > 1):
        taught = _apart(forward, loss, lesson, whole, parts, scaled, team)
    elif parts > 1:
        taught = _related(network, forward, loss, lesson, whole, parts, scaled, team)
    else:
        taught = _at_once(forward, loss, lesson, whole, scaled, team)
    team.add_gradients(network)
    return taught


def _at_once(forward: Forward, loss: Objective, lesson: Lesson, whole: Lesson, scaled: Scaled, team: Team) -> Taught:
    logits = team.gather(forward(lesson.images, 0), lesson.views)
    terms = _of_lesson(loss, logits, whole)
    torch.autograd.backward(scaled(terms.total))
    return Taught(logits.detach(), whole, terms.total.detach(), terms.parts)


def _related(
    network: nn.Module,
    forward: Forward,
    loss: Objective,
    lesson: Lesson,
    whole: Lesson,
    parts: int,
    scaled: Scaled,
    team: Team,
) -> Taught:
    chunks = lesson.images.tensor_split(parts)
    kept = [buffer.clone() for buffer in network.buffers()]
    with torch.no_grad():
        own = torch.cat([forward(images, part) for part, images in enumerate(chunks)])
        for buffer, before in zip(network.buffers(), kept, strict=True):
            buffer.copy_(before)
        logits = team.gather(own, lesson.views)
    terms = _of_lesson(loss, logits.requires_grad_(), whole)
    (gradient,) = torch.autograd.grad(scaled(terms.total), logits)
    shares = team.own(gradient, lesson.views).tensor_split(parts)
    for part, (images, share) in enumerate(zip(chunks, shares, strict=True)):
        torch.autograd.backward(forward(images, part), share)
    return Taught(logits.detach(), whole, terms.total.detach(), terms.parts)


def _apart(
    forward: Forward, loss: Objective, lesson: Lesson, whole: Lesson, parts: int, scaled: Scaled, team: Team
) -> Taught:
    """Each part, and each process, by itself.

    Means over images are weighed by how many of all a part has: for the cross-entropy of those with a label.
    """
    known = weights_of(whole.labels, whole.mixed).sum().clamp(min=TINY)
    logits: list[Tensor] = []
    figures: list[Tensor] = []  # of each part: the total, then the terms
    names: list[str] = []
    for part, own in enumerate(lesson.split(parts)):
        answered = forward(own.images, part)
        terms = _of_lesson(loss, answered, own)
        names = list(terms.parts)
        of_task = weights_of(own.labels, own.mixed).sum() / known
        of_all = len(own.labels) / len(whole.labels)
        shares = [of_task if name == "task" else of_all for name in names]
        total = sum((s * terms.weighted[n] for s, n in zip(shares, names, strict=True)), start=answered.new_zeros(()))
        torch.autograd.backward(scaled(total))
        logits.append(answered.detach())
        told = (s * terms.parts[n] for s, n in zip(shares, names, strict=True))
        figures.append(torch.stack([total.detach().double(), *(value.double() for value in told)]))
    total, *values = team.sum(torch.stack(figures).sum(dim=0)).unbind()
    return Taught(team.gather(torch.cat(logits), lesson.views), whole, total, dict(zip(names, values, strict=True)))


def _of_lesson(loss: Objective, logits: Tensor, lesson: Lesson) -> LossTerms:
    """The loss of all its images; of each view by itself, where it relates images: two views of one are no two."""
    views = lesson.split(lesson.views) if loss.spec.relational or loss.spec.local else [lesson]
    terms = [
        loss(own, view.teacher_logits, view.labels, view.epoch, view.mixed)
        for own, view in zip(logits.chunk(len(views)), views, strict=True)
    ]
    return mean_of(terms) if len(terms) > 1 else terms[0]


def gradient_shares(loss: Objective, logits: Tensor, lesson: Lesson) -> dict[str, float]:
    """What share each term of the loss has in the gradient at the logits (B, C): its norm, divided by the sum of norms.

    At the logits, where all terms meet: what lies behind them is the network's, and the same for all.
    """
    logits = logits.detach().requires_grad_()
    terms = _of_lesson(loss, logits, lesson)
    norms = {}
    for name, value in terms.weighted.items():
        (gradient,) = torch.autograd.grad(value, logits, retain_graph=True)
        norms[name] = float(torch.linalg.vector_norm(gradient.double()))
    whole = sum(norms.values())
    return {name: norm / whole for name, norm in norms.items()} if whole > 0 else {}
