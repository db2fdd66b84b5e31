"""Named recipes. Each is a function that returns one; variants call another and change a few lines."""

from collections.abc import Callable

from core.losses import DistLoss
from core.optimization import Cosine, Multistep, Sgd
from core.recipe import (
    CropFlip,
    Pretrained,
    Recipe,
    ResizedCrop,
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


def cifar100_resnet56_to_resnet20() -> Recipe:
    """The paper's same-family pair on CIFAR-100: 71.75 +- 0.30 % top-1 published (control 69.06, teacher 72.34)."""
    return Recipe(
        name="CIFAR-100, ResNet-56 to ResNet-20",
        teacher="your teacher's id",
        dataset="your data set's id",
        loss=DistLoss(alpha=1.0, beta=2.0, gamma=2.0, temperature=4.0),
        students=[Student(name="resnet20", architecture="resnet20")],
        training=Training(
            epochs=240,
            batch_size=64,
            optimizer=Sgd(lr=0.05, momentum=0.9, weight_decay=5e-4, nesterov=False),
            schedule=Multistep(milestones=[150, 180, 210], gamma=0.1),
            augment=CropFlip(padding=4, flip=True),
        ),
    )


def imagenet_resnet34_to_resnet18() -> Recipe:
    """The paper's pair on ImageNet: 72.07 % top-1 published (control 69.76, teacher 73.31); 71.95 to 72.05 re-run.

    As its released configuration says, but for one thing: there the 256 images of a batch were 8 times 32 on as many
    GPUs, each with columns of its own.
    """
    return Recipe(
        name="ImageNet, ResNet-34 to ResNet-18",
        teacher="your teacher's id",
        dataset="your data set's id",
        loss=DistLoss(alpha=1.0, beta=2.0, gamma=2.0, temperature=1.0),
        students=[Student(name="resnet18", architecture="torchvision/resnet18")],
        training=Training(
            epochs=100,
            batch_size=256,
            optimizer=Sgd(lr=0.1, momentum=0.9, weight_decay=1e-4, weight_decay_on="weights", nesterov=True),
            schedule=Multistep(milestones=[30, 60, 90], gamma=0.1),
            augment=ResizedCrop(),
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


PRESETS: dict[str, Callable[[], Recipe]] = {
    "digits": digits,
    "cifar100_resnet56_to_resnet20": cifar100_resnet56_to_resnet20,
    "imagenet_resnet34_to_resnet18": imagenet_resnet34_to_resnet18,
    "photos": photos,
}
