"""torchvision's and timm's networks as plain classifiers; each library is imported when its first network is built."""

from functools import cache
from importlib import import_module
from types import ModuleType

import torch
from torch import nn

AUXILIARY = ("googlenet", "inception_v3")  # a second head in training is no classifier's answer


@cache
def torchvision() -> ModuleType:
    return import_module("torchvision")


@cache
def timm() -> ModuleType:
    return import_module("timm")


def build_torchvision(name: str, classes: int) -> nn.Module:
    """By the library's own name. Some start with a head of zeros (vit_*): their first logits are all equal."""
    options = {"aux_logits": False, "init_weights": True} if name in AUXILIARY else {}
    network: nn.Module = torchvision().models.get_model(name, weights=None, num_classes=classes, **options)
    return network


def build_timm(name: str, classes: int, drop_path: float = 0.0) -> nn.Module:
    """By the library's own name, without a tag. `drop_path`: only where `takes_drop_path`."""
    options = {"drop_path_rate": drop_path} if drop_path else {}
    network: nn.Module = timm().create_model(name, pretrained=False, num_classes=classes, **options)
    return network


def takes_drop_path(name: str) -> bool:
    """Whether a network of timm's has paths to drop: some know the option and ignore it."""
    try:
        with torch.device("meta"):
            network = build_timm(name, 2, 0.1)
    except TypeError:
        return False
    return any(type(module).__name__.startswith("DropPath") for module in network.modules())
