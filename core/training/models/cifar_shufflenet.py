"""ShuffleNet for small images (Zhang et al., 2018), three groups, with the parameter names of published checkpoints.

The stem is a 1 x 1 convolution without a halving; each of the three stages begins with one.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

STEM = 24
GROUPS = 3
STAGES = ((240, 4), (480, 8), (960, 4))  # channels, units


def shuffle(x: Tensor, groups: int) -> Tensor:
    """(B, C, H, W): channels of all groups take turns."""
    batch, channels, height, width = x.shape
    return x.view(batch, groups, channels // groups, height, width).transpose(1, 2).reshape(x.shape)


class Unit(nn.Module):
    """Grouped 1 x 1, shuffle, 3 x 3 by channel, grouped 1 x 1; a halving unit appends the averaged input."""

    def __init__(self, channels: int, width: int, halves: bool) -> None:
        super().__init__()
        self.halves = halves
        out = width - channels if halves else width
        middle = out // 4
        self.groups = 1 if channels == STEM else GROUPS
        self.conv1 = nn.Conv2d(channels, middle, 1, groups=self.groups, bias=False)
        self.bn1 = nn.BatchNorm2d(middle)
        self.conv2 = nn.Conv2d(middle, middle, 3, 2 if halves else 1, padding=1, groups=middle, bias=False)
        self.bn2 = nn.BatchNorm2d(middle)
        self.conv3 = nn.Conv2d(middle, out, 1, groups=GROUPS, bias=False)
        self.bn3 = nn.BatchNorm2d(out)

    def forward(self, x: Tensor) -> Tensor:
        y = shuffle(F.relu(self.bn1(self.conv1(x))), self.groups)
        y = self.bn3(self.conv3(F.relu(self.bn2(self.conv2(y)))))
        if self.halves:
            return F.relu(torch.cat([y, F.avg_pool2d(x, 3, stride=2, padding=1)], dim=1))
        return F.relu(x + y)


class ShuffleNet(nn.Module):
    """Images (B, 3, H, W) -> logits (B, classes)."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, STEM, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(STEM)
        self.layer1 = _stage(STEM, *STAGES[0])
        self.layer2 = _stage(STAGES[0][0], *STAGES[1])
        self.layer3 = _stage(STAGES[1][0], *STAGES[2])
        self.linear = nn.Linear(STAGES[2][0], classes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        logits: Tensor = self.linear(x.mean(dim=(2, 3)))
        return logits


def _stage(channels: int, width: int, units: int) -> nn.Sequential:
    rest = (Unit(width, width, halves=False) for _ in range(units - 1))
    return nn.Sequential(Unit(channels, width, halves=True), *rest)


def shufflenet(classes: int) -> ShuffleNet:
    return ShuffleNet(classes)
