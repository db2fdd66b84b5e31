"""Wide ResNets for small images (Zagoruyko and Komodakis, 2016), with the parameter names of published checkpoints.

Norm and rectifier come before each convolution. Three groups of `(depth - 4) / 6` blocks, `widen` times as wide as a
thin ResNet's; the second and third halve the image.
"""

import torch.nn.functional as F
from torch import Tensor, nn


class PreactBlock(nn.Module):
    """(B, in, H, W) -> (B, out, H / stride, W / stride); the shortcut is plain where the width stays."""

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, width, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.convShortcut = nn.Conv2d(channels, width, 1, stride, bias=False) if channels != width else None

    def forward(self, x: Tensor) -> Tensor:
        active = F.relu(self.bn1(x))
        shortcut: Tensor = x if self.convShortcut is None else self.convShortcut(active)
        residual: Tensor = self.conv2(F.relu(self.bn2(self.conv1(active))))
        return shortcut + residual


class Group(nn.Module):
    """Blocks of one width, under the name `layer` that checkpoints have."""

    def __init__(self, channels: int, width: int, blocks: int, stride: int) -> None:
        super().__init__()
        rest = (PreactBlock(width, width, 1) for _ in range(blocks - 1))
        self.layer = nn.Sequential(PreactBlock(channels, width, stride), *rest)

    def forward(self, x: Tensor) -> Tensor:
        features: Tensor = self.layer(x)
        return features


class WideResNet(nn.Module):
    """Images (B, 3, H, W) -> logits (B, classes)."""

    def __init__(self, depth: int, widen: int, classes: int) -> None:
        super().__init__()
        blocks = (depth - 4) // 6
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.block1 = Group(16, 16 * widen, blocks, stride=1)
        self.block2 = Group(16 * widen, 32 * widen, blocks, stride=2)
        self.block3 = Group(32 * widen, 64 * widen, blocks, stride=2)
        self.bn1 = nn.BatchNorm2d(64 * widen)
        self.fc = nn.Linear(64 * widen, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        nn.init.zeros_(self.fc.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.block3(self.block2(self.block1(self.conv1(x))))))
        logits: Tensor = self.fc(x.mean(dim=(2, 3)))
        return logits


def wide_resnet(depth: int, widen: int, classes: int) -> WideResNet:
    return WideResNet(depth, widen, classes)
