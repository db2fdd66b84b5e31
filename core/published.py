"""The rows of DIST's own tables as recipes, each with the figure that was published.

Figures: the authors' README (hunto/DIST_KD at 2418f18); teachers' and controls' as the common tables give them
(RepDistiller's README for CIFAR-100). Schedules: the released configurations of the trainer that it names
(image_classification_sota: dist_cifar.yaml, resnet_dist.yaml).
"""

from dataclasses import dataclass

from core.augmentation import CropFlip, ResizedCrop
from core.losses import DistLoss
from core.optimization import Multistep, Sgd
from core.recipe import Recipe, Student, Training


@dataclass(frozen=True)
class Published:
    """One row; top-1 in percent on CIFAR-100's test or ImageNet's val."""

    set: str
    teacher: str
    student: str
    top1: float
    spread: float | None  # over the authors' repeats, as published
    control: float
    teacher_top1: float
    lr: float
    more: str = ""

    @property
    def name(self) -> str:
        short = (part.split("/")[-1].replace("_100", "").casefold() for part in (self.teacher, self.student))
        return f"{self.set}_{'_to_'.join(short)}"

    def recipe(self) -> Recipe:
        make = _cifar100 if self.set == "cifar100" else _imagenet
        return make(self)

    def description(self) -> str:
        title = {"cifar100": "CIFAR-100", "imagenet": "ImageNet"}[self.set]
        spread = f" +- {self.spread:.2f}" if self.spread is not None else ""
        return (
            f"{title}, {self.teacher.split('/')[-1]} to {self.student.split('/')[-1]}: {self.top1:.2f}{spread} % top-1 "
            f"published (control {self.control:.2f}, teacher {self.teacher_top1:.2f}). {self.more}"
        ).strip()


MADE_ELSEWHERE = "There the 256 images of a batch were 8 times 32 on as many GPUs, each with columns of its own."
NO_SUCH_NETWORK = "The published MobileNetV1 is the authors' own; timm's differs in details."

ROWS = [
    Published("cifar100", "cifar/wrn_40_2", "cifar/wrn_40_1", 74.43, 0.24, 71.98, 75.61, 0.05),
    Published("cifar100", "cifar/resnet56", "cifar/resnet20", 71.75, 0.30, 69.06, 72.34, 0.05),
    Published("cifar100", "cifar/resnet32x4", "cifar/resnet8x4", 76.31, 0.19, 72.50, 79.42, 0.05),
    Published("cifar100", "cifar/ResNet50", "cifar/MobileNetV2", 68.66, 0.23, 64.60, 79.34, 0.01),
    Published("cifar100", "cifar/resnet32x4", "cifar/ShuffleV1", 76.34, 0.18, 70.50, 79.42, 0.01),
    Published("cifar100", "cifar/resnet32x4", "cifar/ShuffleV2", 77.35, 0.25, 71.82, 79.42, 0.01),
    *(
        Published("imagenet", f"torchvision/{teacher}", f"torchvision/{student}", top1, None, control, known, 0.1, more)
        for teacher, student, top1, control, known, more in (
            ("resnet34", "resnet18", 72.07, 69.76, 73.31, f"Re-run by others: 71.95 to 72.05. {MADE_ELSEWHERE}"),
            ("resnet50", "resnet18", 72.12, 69.76, 76.13, MADE_ELSEWHERE),
            ("resnet101", "resnet18", 72.08, 69.76, 77.37, MADE_ELSEWHERE),
            ("resnet152", "resnet18", 72.24, 69.76, 78.31, MADE_ELSEWHERE),
            ("resnet50", "resnet34", 75.06, 73.31, 76.13, MADE_ELSEWHERE),
            ("resnet101", "resnet34", 75.36, 73.31, 77.37, MADE_ELSEWHERE),
            ("resnet152", "resnet34", 75.42, 73.31, 78.31, MADE_ELSEWHERE),
        )
    ),
    Published(
        "imagenet", "torchvision/resnet50", "timm/mobilenetv1_100", 73.24, None, 70.13, 76.16, 0.1,
        f"{NO_SUCH_NETWORK} {MADE_ELSEWHERE}",
    ),
]  # fmt: skip


def _students(row: Published) -> list[Student]:
    return [Student(name=row.student.split("/")[-1], architecture=row.student)]


def _cifar100(row: Published) -> Recipe:
    return Recipe(
        name=f"CIFAR-100, {row.teacher.split('/')[-1]} to {row.student.split('/')[-1]}",
        teacher="your teacher's id",
        dataset="your data set's id",
        loss=DistLoss(alpha=1.0, beta=2.0, gamma=2.0, temperature=4.0),
        students=_students(row),
        training=Training(
            epochs=240,
            batch_size=64,
            optimizer=Sgd(lr=row.lr, momentum=0.9, weight_decay=5e-4, weight_decay_on="all", nesterov=False),
            schedule=Multistep(milestones=[150, 180, 210], gamma=0.1),
            augment=CropFlip(padding=4, flip=True),
        ),
    )


def _imagenet(row: Published) -> Recipe:
    return Recipe(
        name=f"ImageNet, {row.teacher.split('/')[-1]} to {row.student.split('/')[-1]}",
        teacher="your teacher's id",
        dataset="your data set's id",
        loss=DistLoss(alpha=1.0, beta=2.0, gamma=2.0, temperature=1.0),
        students=_students(row),
        training=Training(
            epochs=100,
            batch_size=256,
            optimizer=Sgd(lr=row.lr, momentum=0.9, weight_decay=1e-4, weight_decay_on="weights", nesterov=True),
            schedule=Multistep(milestones=[30, 60, 90], gamma=0.1),
            augment=ResizedCrop(),
        ),
    )
