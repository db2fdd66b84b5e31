"""What networks answer on a whole split: each batch is prepared once, every network sees it its own way."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core.training.data import PIXELS_AT_ONCE, Batch, Split, View
from core.training.precision import Precision


@dataclass(frozen=True)
class Answers:
    """One network's answers on the N images of a split."""

    predicted: NDArray[np.int64]  # (N,) the class with the largest logit
    correct: NDArray[np.bool_]  # (N,)
    correct5: NDArray[np.bool_]  # (N,) fewer than five classes have a larger logit than the label's
    finite: bool  # no logit is NaN or infinite

    @property
    def top1(self) -> float:
        return float(self.correct.mean())

    @property
    def top5(self) -> float:
        return float(self.correct5.mean())

    def agreement(self, other: "Answers | None") -> float | None:
        """Share of images on which both say the same class, right or wrong; None without the other."""
        return None if other is None else float((self.predicted == other.predicted).mean())


@torch.no_grad()
def answer(networks: Sequence[tuple[nn.Module, View]], split: Split, precision: Precision) -> list[Answers]:
    """The answers of each network, through its view, in eval mode; modes are left as they were. Nothing is random.

    Every image has a label. A network's answers depend neither on the others nor on their number.
    """
    modes = [network.training for network, _ in networks]
    for network, _ in networks:
        network.eval()
    columns: list[Tensor] = []  # for each chunk (networks, 4, images)
    for images, labels in split.chunks():
        batch = Batch(images)
        columns.append(torch.stack([_judge(_logits(net, view, batch, precision), labels) for net, view in networks]))
    for (network, _), mode in zip(networks, modes, strict=True):
        network.train(mode)
    figures = torch.cat(columns, dim=2).cpu().numpy()  # the one transfer
    return [
        Answers(predicted, correct.astype(np.bool_), correct5.astype(np.bool_), bool(finite.all()))
        for predicted, correct, correct5, finite in figures
    ]


def _logits(network: nn.Module, view: View, batch: Batch, precision: Precision) -> Tensor:
    """Of a view that is larger than the batch as prepared a few images at a time, so that memory stays bounded."""
    if view.spec.image_size <= batch.images.shape[1]:
        return precision.logits(network, batch.seen(view))
    parts = torch.split(batch.images, max(1, PIXELS_AT_ONCE // view.spec.image_size**2))
    return torch.cat([precision.logits(network, view.of(part)) for part in parts])


def _judge(logits: Tensor, labels: Tensor) -> Tensor:
    """(images, classes), (images,) -> int64 (4, images): predicted class, right, among the first five, finite."""
    predicted = logits.argmax(dim=1)
    own = logits.gather(1, labels[:, None])
    larger = (logits > own).sum(dim=1)
    return torch.stack([predicted, predicted == labels, larger < 5, logits.isfinite().all(dim=1)]).long()
