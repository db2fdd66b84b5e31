"""Optimizers, and the learning rate as a pure function of epoch and figures: a resume has nothing to restore of it."""

import inspect
import math
from collections.abc import Iterable, Sequence
from fnmatch import fnmatch
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

from core.optimization import Optimizer, Plateau, Schedule


class Sgd(torch.optim.SGD):
    """torch's SGD, without the wrappers that load the compiler: 1.5 s at every start, for nothing here."""

    add_param_group = inspect.unwrap(torch.optim.SGD.add_param_group)
    zero_grad = inspect.unwrap(torch.optim.SGD.zero_grad)
    state_dict = inspect.unwrap(torch.optim.SGD.state_dict)
    load_state_dict = inspect.unwrap(torch.optim.SGD.load_state_dict)
    step = torch.no_grad()(inspect.unwrap(torch.optim.SGD.step))


TIMM = {"adamw": "AdamW", "nadamw": "NAdamW", "rmsproptf": "RMSpropTF", "lamb": "Lamb", "lion": "Lion"}


def build_optimizer(network: nn.Module, spec: Optimizer, may_skip: bool = False) -> torch.optim.Optimizer:
    """The recipe's optimizer; its learning rate is set anew for every epoch. `may_skip`: float16 may skip its steps."""
    groups = parameter_groups(network, spec)
    options = spec.model_dump(exclude={"kind", "weight_decay", "weight_decay_on"})
    if spec.kind == "sgd":
        plain = Sgd(groups, **options, fused=True)
        if may_skip and spec.momentum:
            # a first step that is skipped would leave torch's momentum as it found the memory
            for parameter in (parameter for group in plain.param_groups for parameter in group["params"]):
                plain.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)
        return plain
    # over a second of start-up, which plain SGD shall not pay
    kind = getattr(import_module("timm.optim"), TIMM[spec.kind])
    built: torch.optim.Optimizer = kind(groups, **options)
    return built


def parameter_groups(network: nn.Module, spec: Optimizer) -> list[dict[str, Any]]:
    """Those that decay, and those that do not: as timm parts them."""
    named = [(name, parameter) for name, parameter in network.named_parameters() if parameter.requires_grad]
    if spec.weight_decay_on == "all":
        return [{"params": [parameter for _, parameter in named], "weight_decay": spec.weight_decay}]
    spared: Iterable[str] = getattr(network, "no_weight_decay", set)()  # timm's transformers have it
    groups: dict[float, list[Tensor]] = {spec.weight_decay: [], 0.0: []}
    for name, parameter in named:
        exempt = parameter.ndim <= 1 or name.endswith(".bias") or any(fnmatch(name, pattern) for pattern in spared)
        groups[0.0 if exempt else spec.weight_decay].append(parameter)
    return [{"params": group, "weight_decay": decay} for decay, group in groups.items() if group]


def learning_rate(schedule: Schedule, base: float, epoch: int, epochs: int, top1: Sequence[float] = ()) -> float:
    """Of one epoch (0-based) out of `epochs`; `base` is the optimizer's, `top1` on val after each epoch before it.

    Warm-up rises linearly and reaches `base` in the epoch after its last. Milestones count from the very start, the
    other curves from the end of the warm-up.
    """
    warmup = schedule.warmup_epochs
    if epoch < warmup:
        if schedule.warmup_lr is None:
            return base * (epoch + 1) / (warmup + 1)
        return schedule.warmup_lr + (base - schedule.warmup_lr) * epoch / warmup
    match schedule.kind:
        case "multistep":
            return base * schedule.gamma ** sum(epoch >= milestone for milestone in schedule.milestones)
        case "cosine":
            share = (epoch - warmup) / max(1, epochs - warmup)
            least = min(base, schedule.min_lr)  # of a student whose own rate is lower: it never rises
            return least + (base - least) * (1 + math.cos(math.pi * share)) / 2
        case "exponential":
            return base * schedule.gamma ** (epoch - warmup)
        case "step":
            return base * float(schedule.gamma ** ((epoch - warmup) // schedule.decay_epochs))
        case "plateau":
            return max(min(base, schedule.min_lr), base * schedule.gamma ** plateaus(schedule, top1[warmup:epoch]))
        case "constant":
            return base


def plateaus(schedule: Plateau, top1: Sequence[float]) -> int:
    """How often val has stopped to rise, counted as torch's ReduceLROnPlateau does: from the figures alone."""
    best, waited, found = -math.inf, 0, 0
    for value in top1:
        if value > best * (1 + schedule.threshold):
            best, waited = value, 0
        else:
            waited += 1
        if waited > schedule.patience:
            found, waited = found + 1, 0
    return found
