"""ShuffleNet V2 for small images (Ma et al., 2018), with the parameter names of published checkpoints.

The stem is a 1 x 1 convolution without a halving; each of the three stages begins with one.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.training.models.cifar_shufflenet import shuffle

STEM = 24
STAGES = ((116, 3), (232, 7), (464, 3))  # channels, units after the halving one
LAST = 1024


class HalvingUnit(nn.Module):
    """Both branches see all channels: (B, in, H, W) -> (B, out, H / 2, W / 2)."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        half = width // 2
        self.conv1 = nn.Conv2d(channels, channels, 3, 2, padding=1, groups=channels, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, half, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(half)
        self.conv3 = nn.Conv2d(channels, half, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(half)
        self.conv4 = nn.Conv2d(half, half, 3, 2, padding=1, groups=half, bias=False)
        self.bn4 = nn.BatchNorm2d(half)
        self.conv5 = nn.Conv2d(half, half, 1, bias=False)
        self.bn5 = nn.BatchNorm2d(half)

    def forward(self, x: Tensor) -> Tensor:
        left = F.relu(self.bn2(self.conv2(self.bn1(self.conv1(x)))))
        right = self.bn4(self.conv4(F.relu(self.bn3(self.conv3(x)))))
        right = F.relu(self.bn5(self.conv5(right)))
        return shuffle(torch.cat([left, right], dim=1), 2)


class Unit(nn.Module):
    """Half of the channels pass, the other half is worked on: shape stays."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.conv1 = nn.Conv2d(half, half, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(half)
        self.conv2 = nn.Conv2d(half, half, 3, padding=1, groups=half, bias=False)
        self.bn2 = nn.BatchNorm2d(half)
        self.conv3 = nn.Conv2d(half, half, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(half)

    def forward(self, x: Tensor) -> Tensor:
        passed, y = x.chunk(2, dim=1)
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(y)))))
        y = F.relu(self.bn3(self.conv3(y)))
        return shuffle(torch.cat([passed, y], dim=1), 2)


class ShuffleNetV2(nn.Module):
    """Images (B, 3, H, W) -> logits (B, classes)."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, STEM, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(STEM)
        self.layer1 = _stage(STEM, *STAGES[0])
        self.layer2 = _stage(STAGES[0][0], *STAGES[1])
        self.layer3 = _stage(STAGES[1][0], *STAGES[2])
        self.conv2 = nn.Conv2d(STAGES[2][0], LAST, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(LAST)
        self.linear = nn.Linear(LAST, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        x = F.relu(self.bn2(self.conv2(x)))
        logits: Tensor = self.linear(x.mean(dim=(2, 3)))
        return logits


def _stage(channels: int, width: int, units: int) -> nn.Sequential:
    return nn.Sequential(HalvingUnit(channels, width), *(Unit(width) for _ in range(units)))


def shufflenetv2(classes: int) -> ShuffleNetV2:
    return ShuffleNetV2(classes)
