"""Optimizers, and the learning rate as a pure function of the epoch: a resume has nothing to restore of it."""

import inspect
import math
from collections.abc import Iterable

import torch
from torch import Tensor

from core.recipe import Optimizer, Schedule


class Sgd(torch.optim.SGD):
    """torch's SGD, without the wrappers that load the compiler: 1.5 s at every start, for nothing here."""

    add_param_group = inspect.unwrap(torch.optim.SGD.add_param_group)
    zero_grad = inspect.unwrap(torch.optim.SGD.zero_grad)
    state_dict = inspect.unwrap(torch.optim.SGD.state_dict)
    load_state_dict = inspect.unwrap(torch.optim.SGD.load_state_dict)
    step = torch.no_grad()(inspect.unwrap(torch.optim.SGD.step))


def build_optimizer(parameters: Iterable[Tensor], spec: Optimizer) -> torch.optim.SGD:
    """The recipe's optimizer; its learning rate is set anew for every epoch."""
    return Sgd(
        parameters,
        lr=spec.lr,
        momentum=spec.momentum,
        weight_decay=spec.weight_decay,
        nesterov=spec.nesterov,
        fused=True,
    )


def learning_rate(schedule: Schedule, base: float, epoch: int, epochs: int) -> float:
    """Of one epoch (0-based) out of `epochs`; `base` is the optimizer's.

    Warm-up rises linearly and reaches `base` in the epoch after its last. Milestones count from the very start, the
    other curves from the end of the warm-up.
    """
    warmup = schedule.warmup_epochs
    if epoch < warmup:
        return base * (epoch + 1) / (warmup + 1)
    match schedule.kind:
        case "multistep":
            return base * schedule.gamma ** sum(epoch >= milestone for milestone in schedule.milestones)
        case "cosine":
            share = (epoch - warmup) / max(1, epochs - warmup)
            return schedule.min_lr + (base - schedule.min_lr) * (1 + math.cos(math.pi * share)) / 2
        case "exponential":
            return base * schedule.gamma ** (epoch - warmup)
        case "constant":
            return base
