"""Named recipes. Each is a function that returns one; variants call another and change a few lines."""

from collections.abc import Callable

from core.recipe import CropFlip, DistLoss, Multistep, Optimizer, Recipe, Student, Training


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
            optimizer=Optimizer(lr=0.05, weight_decay=5e-4),
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
            optimizer=Optimizer(lr=0.05, momentum=0.9, weight_decay=5e-4, nesterov=False),
            schedule=Multistep(milestones=[150, 180, 210], gamma=0.1),
            augment=CropFlip(padding=4, flip=True),
        ),
    )


PRESETS: dict[str, Callable[[], Recipe]] = {
    "digits": digits,
    "cifar100_resnet56_to_resnet20": cifar100_resnet56_to_resnet20,
}
