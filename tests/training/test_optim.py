"""Optimizers and learning rates, beside those of the libraries they are named after."""

import subprocess
import sys
from typing import Any

import pytest
import torch
from pydantic import TypeAdapter
from timm.optim import create_optimizer_v2, param_groups_weight_decay

from core.optimization import AdamW, Optimizer, Sgd
from core.training.models import build
from core.training.optim import build_optimizer, parameter_groups

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
