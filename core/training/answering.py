"""Who answers a batch with logits: a network that sees it its own way, or whatever else can teach."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from core.training.data import Batch, View
from core.training.precision import Precision


class Answerer(Protocol):
    @property
    def modules(self) -> Sequence[nn.Module]:
        """The networks that must be in eval mode while it is judged."""
        ...

    def logits(self, batch: Batch, at_once: int | None = None) -> Tensor:
        """Float32 logits (B, classes). `at_once`: pixels of an enlarged view to see together; default: all."""
        ...


@dataclass(frozen=True)
class Seeing:
    """A network and its view of a batch."""

    network: nn.Module
    view: View
    precision: Precision

    @property
    def modules(self) -> Sequence[nn.Module]:
        return [self.network]

    def logits(self, batch: Batch, at_once: int | None = None) -> Tensor:
        side = self.view.spec.image_size
        if at_once is None or side <= batch.images.shape[1]:
            return self.precision.logits(self.network, batch.seen(self.view))
        parts = torch.split(batch.images, max(1, at_once // side**2))
        return torch.cat([self.precision.logits(self.network, self.view.of(part)) for part in parts])
