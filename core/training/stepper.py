"""From a gradient to new weights."""

from typing import Any

import torch
from torch import Tensor, nn

from core.recipe import Training
from core.training.precision import Precision

SKIPPED = "skipped_steps"
LEAST_SCALE = 1.0  # below it a gradient that overflows does so by itself, not because it was scaled


class Stepper:
    """One student's updates: the scale of float16, clipping, the optimizer's step.

    In float16 small gradients vanish: the loss is scaled up before the backward pass. Where that is too much the
    gradient overflows, the step is skipped, and the scale is halved; only those optimizers of timm's that are not
    fused wait for the device to know.
    """

    def __init__(self, training: Training, precision: Precision) -> None:
        self._clip = training.clip_grad_norm
        self._scaler = torch.amp.GradScaler(precision.device.type, enabled=precision.float16)

    def scaled(self, loss: Tensor) -> Tensor:
        """What to go backward from in place of the loss."""
        scaled: Tensor = self._scaler.scale(loss)
        return scaled

    def step(self, network: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
        """An update by the gradient that is there. Returns figures of this step, as scalars on the device."""
        figures: dict[str, Tensor] = {}
        if self._clip is not None:
            self._scaler.unscale_(optimizer)
            figures["grad_norm"] = nn.utils.clip_grad_norm_(network.parameters(), self._clip).detach()
        self._scaler.step(optimizer)
        if self._scaler.is_enabled():
            figures[SKIPPED] = self._update_scale()
        return figures

    def _update_scale(self) -> Tensor:
        """1 where the step was skipped, else 0; NaN where a smaller scale would not have helped."""
        scale = self._scaler._scale  # the public getter waits for the device
        assert scale is not None
        before = scale.clone()
        self._scaler.update()
        assert self._scaler._scale is not None
        skipped = self._scaler._scale < before
        return torch.where(skipped & (before < LEAST_SCALE), torch.nan, skipped.float())

    def told(self, row: Tensor) -> Tensor:
        """A step's figures, the last of which are those of `step`: nothing of a skipped one, finite or not, counts."""
        if not self._scaler.is_enabled():
            return row
        nothing = torch.zeros_like(row)
        nothing[-1] = 1
        return torch.where(row[-1] == 1, nothing, row)

    def state(self) -> dict[str, Any]:
        return self._scaler.state_dict()

    def restore(self, state: dict[str, Any]) -> None:
        if state:  # empty: of an attempt that did without float16
            self._scaler.load_state_dict(state)
