"""MobileNetV2 of half its width for small images (Sandler et al., 2018), with the names of published checkpoints.

As distilled in the literature: plain rectifiers, an expansion in the first block too, fewer halvings.
"""

from torch import Tensor, nn

# expansion, channels at full width, blocks, stride of the first
STAGES = ((1, 16, 1, 1), (6, 24, 2, 1), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
LAST = 1280


class InvertedResidual(nn.Module):
    """Widen, convolve each channel by itself, narrow: (B, in, H, W) -> (B, out, H / stride, W / stride)."""

    def __init__(self, channels: int, width: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = channels * expansion
        self.keeps_shape = stride == 1 and channels == width
        self.conv = nn.Sequential(
            *_convolution(channels, wide, 1),
            *_convolution(wide, wide, 3, stride, groups=wide),
            *list(_convolution(wide, width, 1))[:-1],  # no rectifier on the narrow side
        )

    def forward(self, x: Tensor) -> Tensor:
        residual: Tensor = self.conv(x)
        return x + residual if self.keeps_shape else residual


class MobileNetV2(nn.Module):
    """Images (B, 3, H, W) -> logits (B, classes)."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        channels = 32 // 2
        self.conv1 = _convolution(3, channels, 3, 2)
        self.blocks = nn.ModuleList()
        for expansion, full, count, stride in STAGES:
            width = full // 2
            first = InvertedResidual(channels, width, stride, expansion)
            rest = (InvertedResidual(width, width, 1, expansion) for _ in range(count - 1))
            self.blocks.append(nn.Sequential(first, *rest))
            channels = width
        self.conv2 = _convolution(channels, LAST, 1)
        self.classifier = nn.Sequential(nn.Linear(LAST, classes))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, std=(2 / (module.kernel_size[0] ** 2 * module.out_channels)) ** 0.5)
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.01)
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)
        for block in self.blocks:
            x = block(x)
        logits: Tensor = self.classifier(self.conv2(x).mean(dim=(2, 3)))
        return logits


def _convolution(channels: int, width: int, side: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(channels, width, side, stride, padding=side // 2, groups=groups, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(width), nn.ReLU())


def mobilenetv2(classes: int) -> MobileNetV2:
    return MobileNetV2(classes)
