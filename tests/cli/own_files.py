"""What a user brings: images.zip with a folder for each class, and a checkpoint that has learned them."""

import io
import zipfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file

from core.training.models import build

CLASSES, PER_CLASS, SIDE = ("blue", "green", "red"), 40, 16


def own_files(folder: Path) -> None:
    """`folder/images.zip` and `folder/teacher.safetensors`: colours under noise, told apart by a resnet8."""
    draw = np.random.default_rng(0)
    pixels = draw.integers(0, 120, (len(CLASSES) * PER_CLASS, SIDE, SIDE, 3), dtype=np.uint8)
    labels = np.repeat(np.arange(len(CLASSES)), PER_CLASS)
    for image, label in zip(pixels, labels, strict=True):
        image[..., 2 - label] += 120
    with zipfile.ZipFile(folder / "images.zip", "w") as archive:
        for index, (image, label) in enumerate(zip(pixels, labels, strict=True)):
            file = io.BytesIO()
            Image.fromarray(image).save(file, "PNG")
            archive.writestr(f"{CLASSES[label]}/{index:04d}.png", file.getvalue())
    scaled = torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255
    mean, std = (scaled.mean((0, 2, 3), keepdim=True), scaled.std((0, 2, 3), keepdim=True))
    torch.manual_seed(0)
    network = build("resnet8", classes=len(CLASSES))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9)
    targets = torch.from_numpy(labels)
    for _ in range(25):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(network((scaled - mean) / std), targets).backward()
        optimizer.step()
    save_file(network.state_dict(), folder / "teacher.safetensors")
