"""Optimizers and learning rates, beside those of the libraries they are named after."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch
from pydantic import TypeAdapter
from timm.optim import create_optimizer_v2, param_groups_weight_decay
from timm.scheduler import CosineLRScheduler, MultiStepLRScheduler, StepLRScheduler

from core.optimization import (
    AdamW,
    Constant,
    Cosine,
    Exponential,
    Multistep,
    Optimizer,
    Plateau,
    Schedule,
    Sgd,
    Step,
)
from core.training.models import build
from core.training.optim import build_optimizer, learning_rate, parameter_groups

KINDS = ["sgd", "adamw", "nadamw", "rmsproptf", "lamb", "lion"]
OPTIMIZER: TypeAdapter[Optimizer] = TypeAdapter(Optimizer)


def spec_of(kind: str, **fields: Any) -> Optimizer:
    return OPTIMIZER.validate_python({"kind": kind, "weight_decay_on": "weights"} | fields)


def stepped(network: torch.nn.Module, optimizer: torch.optim.Optimizer, steps: int) -> list[torch.Tensor]:
    drawn = torch.Generator().manual_seed(0)
    for _ in range(steps):
        for parameter in network.parameters():
            parameter.grad = torch.randn(parameter.shape, generator=drawn)
        optimizer.step()
    return [parameter.detach() for parameter in network.parameters()]


def same_start() -> torch.nn.Module:
    torch.manual_seed(1)
    return build("resnet8", 3)


@pytest.mark.parametrize("kind", KINDS)
def test_each_optimizer_is_timms_own(kind: str) -> None:
    ours, theirs = same_start(), same_start()
    spec = spec_of(kind)
    mine = build_optimizer(ours, spec)
    named = {"eps": "opt_eps", "betas": "opt_betas"}  # no option of the factory is left to its default
    options = spec.model_dump(exclude={"kind", "lr", "weight_decay", "weight_decay_on", "nesterov", "momentum"})
    assert not set(options) - {"alpha", *named}
    if (momentum := getattr(spec, "momentum", None)) is not None:
        options["momentum"] = momentum
    name = "momentum" if kind == "sgd" else kind  # timm's sgd is Nesterov's, its momentum is not
    other = create_optimizer_v2(theirs, opt=name, lr=spec.lr, weight_decay=spec.weight_decay, **options)
    for one, two in zip(stepped(ours, mine, 4), stepped(theirs, other, 4), strict=True):
        assert torch.allclose(one, two, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", ["resnet8", "timm/vit_tiny_patch16_224", "torchvision/mobilenet_v3_small"])
def test_decay_on_weights_spares_what_timm_spares(name: str) -> None:
    network = build(name, 3)
    spared = network.no_weight_decay() if hasattr(network, "no_weight_decay") else ()
    theirs = param_groups_weight_decay(network, 0.05, no_weight_decay_list=spared)
    wanted = {group["weight_decay"]: {id(p) for p in group["params"]} for group in theirs}
    found = {group["weight_decay"]: {id(p) for p in group["params"]} for group in parameter_groups(network, AdamW())}
    assert found == wanted and set(found) == {0.0, 0.05}
    (everything,) = parameter_groups(network, Sgd())
    assert everything["weight_decay"] == 5e-4 and len(everything["params"]) == len(list(network.parameters()))


def test_a_decay_of_zero_leaves_nobody_out() -> None:
    (group,) = parameter_groups(same_start(), AdamW(weight_decay=0))
    assert len(group["params"]) == len(list(same_start().parameters()))


def test_plain_sgd_does_not_load_timm() -> None:
    code = (
        "import sys; from core.training.optim import build_optimizer; from core.optimization import Sgd; import torch;"
        "build_optimizer(torch.nn.Linear(2, 2), Sgd()); assert 'timm' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# --- learning rates ---------------------------------------------------------------------------------------------------


def rates(spec: Schedule, epochs: int = 30) -> list[float]:
    return [learning_rate(spec, 0.4, epoch, epochs) for epoch in range(epochs)]


def timms(scheduler: Callable[..., Any], epochs: int = 30, **options: Any) -> list[float]:
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.4)
    built = scheduler(optimizer, **options)
    found = []
    for epoch in range(epochs):
        built.step(epoch)
        found.append(optimizer.param_groups[0]["lr"])
    return found


def test_milestones_are_torchs_and_timms_lie_one_epoch_earlier() -> None:
    ours = rates(Multistep(milestones=[10, 20], gamma=0.1))
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.4)
    torchs = torch.optim.lr_scheduler.MultiStepLR(optimizer, [10, 20], gamma=0.1)
    for rate in ours:
        assert rate == pytest.approx(optimizer.param_groups[0]["lr"])
        optimizer.step()
        torchs.step()
    assert ours == pytest.approx(timms(MultiStepLRScheduler, decay_t=[11, 21], decay_rate=0.1))


def test_milestones_count_from_the_start_and_timms_from_the_end_of_the_warm_up() -> None:
    ours = rates(Multistep(milestones=[10, 20], warmup_epochs=5, warmup_lr=0.01))
    options = {"decay_rate": 0.1, "warmup_t": 5, "warmup_lr_init": 0.01}
    assert ours == pytest.approx(timms(MultiStepLRScheduler, decay_t=[6, 16], **options))
    assert ours == pytest.approx(timms(MultiStepLRScheduler, decay_t=[11, 21], warmup_prefix=False, **options))


@pytest.mark.parametrize("warmup", [0, 5])
def test_the_cosine_is_timms_with_its_warm_up_before_it(warmup: int) -> None:
    ours = rates(Cosine(min_lr=0.02, warmup_epochs=warmup, warmup_lr=0.1))
    options = {"lr_min": 0.02, "warmup_t": warmup, "warmup_lr_init": 0.1, "warmup_prefix": True}
    assert ours == pytest.approx(timms(CosineLRScheduler, t_initial=30 - warmup, **options))


def test_the_cosine_of_a_student_below_the_least_rate_stays() -> None:
    assert {learning_rate(Cosine(min_lr=0.02), 0.01, epoch, 30) for epoch in range(30)} == {0.01}


@pytest.mark.parametrize("warmup", [0, 5])
@pytest.mark.parametrize("spec", [Step(decay_epochs=2.4, gamma=0.97), Exponential(gamma=0.9)])
def test_step_and_exponential_are_timms_step(spec: Step | Exponential, warmup: int) -> None:
    ours = rates(spec.model_copy(update={"warmup_epochs": warmup, "warmup_lr": 1e-6}))
    every = spec.decay_epochs if isinstance(spec, Step) else 1
    options = {"decay_t": every, "decay_rate": spec.gamma, "warmup_t": warmup, "warmup_lr_init": 1e-6}
    assert ours == pytest.approx(timms(StepLRScheduler, **options))


def test_the_warm_up_without_a_start_never_wastes_an_epoch_at_zero() -> None:
    ours = rates(Constant(warmup_epochs=3), 5)
    assert ours == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.4])
    assert ours[:3] == pytest.approx(timms(StepLRScheduler, 5, decay_t=9, warmup_t=3, warmup_lr_init=0.1)[:3])


@pytest.mark.parametrize("seed", range(8))
def test_plateaus_are_torchs(seed: int) -> None:
    spec = Plateau(patience=seed % 4, gamma=0.5, threshold=0.02, min_lr=0.03)
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.4)
    torchs = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, "max", factor=0.5, patience=spec.patience, threshold=0.02, min_lr=0.03
    )
    top1 = torch.rand(40, generator=torch.Generator().manual_seed(seed)).cumsum(0).sqrt().tolist()
    for epoch in range(40):
        found = learning_rate(spec, 0.4, epoch, 40, top1[:epoch])
        assert found == pytest.approx(optimizer.param_groups[0]["lr"])
        torchs.step(top1[epoch])
    late = spec.model_copy(update={"warmup_epochs": 4})
    assert learning_rate(late, 0.4, 40, 40, [0.9] * 4 + top1) == pytest.approx(
        learning_rate(spec, 0.4, 36, 40, top1[:36])
    )
