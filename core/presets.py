"""Named recipes: our own, and the rows of published tables."""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import cleandoc

from core.augmentation import CropFlip, ResizedCrop
from core.losses import DistLoss
from core.optimization import Cosine, Multistep, Sgd
from core.published import ROWS
from core.recipe import (
    Pretrained,
    Recipe,
    Student,
    Training,
)


def digits() -> Recipe:
    """Handwritten digits, 8 x 8 pixels, on a schedule on which the controls have converged."""
    return Recipe(
        name="digits, two sizes",
        teacher="your teacher's id",
        dataset="your data set's id",
        loss=DistLoss(temperature=4.0),  # its author's advice for easy sets
        students=[
            Student(name="small", architecture="resnet8", seeds=[0, 1, 2]),
            Student(name="medium", architecture="resnet14", seeds=[0, 1, 2]),
        ],
        training=Training(
            epochs=40,
            batch_size=64,
            optimizer=Sgd(lr=0.05, weight_decay=5e-4),
            schedule=Multistep(milestones=[20, 30, 36]),
            augment=CropFlip(padding=1, flip=False),
        ),
    )


def photos() -> Recipe:
    """Your own photographs: two small networks go on from published weights, beside controls that do the same.

    Learning rate, momentum and weight decay are what is usual for fine-tuning (as Li et al., ICLR 2020, section 1,
    sum it up); the loss is the paper's on ImageNet. The length is ours: look whether val still rises at the end.
    """
    return Recipe(
        name="photographs, two small networks",
        teacher="your teacher's id",
        dataset="your data set's id",
        loss=DistLoss(alpha=1.0, beta=2.0, gamma=2.0, temperature=1.0),
        init=Pretrained(),
        students=[
            Student(name="mobilenet", architecture="torchvision/mobilenet_v3_small"),
            Student(name="resnet18", architecture="torchvision/resnet18"),
        ],
        training=Training(
            epochs=30,
            batch_size=64,
            optimizer=Sgd(lr=0.01, momentum=0.9, weight_decay=1e-4),
            schedule=Cosine(),
            augment=ResizedCrop(),
        ),
    )


@dataclass(frozen=True)
class Preset:
    description: str
    make: Callable[[], Recipe]


PRESETS: dict[str, Preset] = {
    **{make.__name__: Preset(cleandoc(make.__doc__ or ""), make) for make in (digits, photos)},
    **{row.name: Preset(row.description(), row.recipe) for row in ROWS},
}
