"""The networks for small images that the literature on distillation compares on CIFAR-100, by their names there.

Layout, parameter names and sizes are those of the checkpoints published with "Contrastive Representation
Distillation" (Tian et al., 2020), which others after it use as well. ResNet50, MobileNetV2, ShuffleV1 and ShuffleV2
keep their capitals: the lower-case names mean torchvision's networks.
"""

from collections.abc import Callable
from functools import partial

from torch import nn

from core.training.models import (
    cifar_mobilenetv2,
    cifar_resnet,
    cifar_shufflenet,
    cifar_shufflenetv2,
    cifar_vgg,
    cifar_wide_resnet,
)

# bare name -> builder by the number of classes
CIFAR: dict[str, Callable[[int], nn.Module]] = {
    **{f"resnet{depth}": partial(cifar_resnet.resnet, depth) for depth in (8, 14, 20, 32, 44, 56, 110)},
    **{f"resnet{depth}x4": partial(cifar_resnet.resnet_x4, depth) for depth in (8, 32)},
    "ResNet50": partial(cifar_resnet.resnet50),
    **{f"wrn_{d}_{w}": partial(cifar_wide_resnet.wide_resnet, d, w) for d in (16, 40) for w in (1, 2)},
    **{f"vgg{depth}": partial(cifar_vgg.vgg, depth) for depth in cifar_vgg.DEPTHS},
    "MobileNetV2": partial(cifar_mobilenetv2.mobilenetv2),
    "ShuffleV1": partial(cifar_shufflenet.shufflenet),
    "ShuffleV2": partial(cifar_shufflenetv2.shufflenetv2),
}
