"""From a loss to new weights."""

import torch
from torch import Tensor, nn

from core.recipe import Training


class Stepper:
    """One student's updates: backward, clipping, the optimizer's step. Nothing waits for the device."""

    def __init__(self, training: Training) -> None:
        self._clip = training.clip_grad_norm

    def step(self, loss: Tensor, network: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
        """Returns figures of this step, as scalars on the device."""
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        figures: dict[str, Tensor] = {}
        if self._clip is not None:
            figures["grad_norm"] = nn.utils.clip_grad_norm_(network.parameters(), self._clip).detach()
        optimizer.step()
        return figures
