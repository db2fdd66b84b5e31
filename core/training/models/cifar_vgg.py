"""VGG with batch norm for small images (Simonyan and Zisserman, 2015), with the names of published checkpoints.

Five blocks of 3 x 3 convolutions with halvings between them, and one linear layer instead of three. The halving before
the last block belongs to images of 64 pixels and more.
"""

import torch.nn.functional as F
from torch import Tensor, nn

# convolutions in each of the five blocks
DEPTHS = {8: (1, 1, 1, 1, 1), 11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
WIDTHS = (64, 128, 256, 512, 512)
LARGE = 64


class VGG(nn.Module):
    """Images (B, 3, H, W) -> logits (B, classes)."""

    def __init__(self, depths: tuple[int, ...], classes: int) -> None:
        super().__init__()
        before = (3, *WIDTHS)
        self.block0 = _block(before[0], WIDTHS[0], depths[0])
        self.block1 = _block(before[1], WIDTHS[1], depths[1])
        self.block2 = _block(before[2], WIDTHS[2], depths[2])
        self.block3 = _block(before[3], WIDTHS[3], depths[3])
        self.block4 = _block(before[4], WIDTHS[4], depths[4])
        self.classifier = nn.Linear(WIDTHS[-1], classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        nn.init.normal_(self.classifier.weight, std=0.01)
        nn.init.zeros_(self.classifier.bias)

    def forward(self, x: Tensor) -> Tensor:
        large = x.shape[2] >= LARGE
        for block in (self.block0, self.block1, self.block2):
            x = F.max_pool2d(F.relu(block(x)), 2)
        x = F.relu(self.block3(x))
        if large:
            x = F.max_pool2d(x, 2)
        x = F.relu(self.block4(x))
        logits: Tensor = self.classifier(x.mean(dim=(2, 3)))
        return logits


def _block(channels: int, width: int, depth: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for n in range(depth):
        layers += [nn.Conv2d(channels if n == 0 else width, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()]
    return nn.Sequential(*layers[:-1])  # the last rectifier is the network's


def vgg(depth: int, classes: int) -> VGG:
    return VGG(DEPTHS[depth], classes)
