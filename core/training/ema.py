"""The moving average of a network's weights, which is measured and delivered in their place."""

import copy

import torch
from torch import Tensor, nn

from core.recipe import Ema


class MovingAverage:
    """An average over the updates so far, the buffers of batch norms included; the arithmetic is timm's ModelEmaV3."""

    def __init__(self, network: nn.Module, spec: Ema) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self._spec = spec

    def decay(self, step: int) -> float:
        """At the step-th update (from 1). The first copies: nothing of the random start stays in the average."""
        if step <= 1:
            return 0.0
        if not self._spec.warmup:
            return self._spec.decay
        return float(min(self._spec.decay, 1 - step ** (-2 / 3)))

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        averages: list[Tensor] = []
        values: list[Tensor] = []
        for average, value in zip(self.network.state_dict().values(), network.state_dict().values(), strict=True):
            if average.is_floating_point():
                averages.append(average)
                values.append(value)
            else:
                average.copy_(value)  # counters of batch norms
        torch._foreach_lerp_(averages, values, weight=1.0 - self.decay(step))
