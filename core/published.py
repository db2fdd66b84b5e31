"""The rows of DIST's own tables as recipes, each with the figure that was published.

Figures: the authors' README (hunto/DIST_KD at 2418f18); teachers' and controls' as the common tables give them
(RepDistiller's README for CIFAR-100). Schedules: the released configurations of the trainer that it names
(image_classification_sota: dist_cifar.yaml, resnet_dist.yaml, dist_b2.yaml).

Of the stronger strategies could not be verified: which weights ResNet-50-SB are; whether ResNet-50 below Swin-L was
trained by dist_b2.yaml, below whose heading the README lists it; and how Swin-T was, whose configuration is not
released: its recipe is that of the authors' next paper for the same pair (DiffKD, diffkd_b3.yaml).
"""

import re
from dataclasses import dataclass
from typing import Literal

from core.augmentation import CropFlip, Erasing, Mix, RandAugment, ResizedCrop
from core.losses import DistLoss
from core.optimization import AdamW, Cosine, Multistep, RmspropTf, Sgd, Step
from core.recipe import Ema, Recipe, Student, Training


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
    strategy: Literal["usual", "b2", "b3"] = "usual"

    @property
    def name(self) -> str:
        short = (part.split("/")[-1].replace("_100", "").casefold() for part in (self.teacher, self.student))
        strong = "" if self.strategy == "usual" else "_strong"
        return f"{self.set}{strong}_{'_to_'.join(short)}"

    def recipe(self) -> Recipe:
        return Recipe(
            name=self.title,
            teacher="your teacher's id",
            dataset="your data set's id",
            loss=DistLoss(alpha=1.0, beta=2.0, gamma=2.0, temperature=4.0 if self.set == "cifar100" else 1.0),
            students=[Student(name=self.title.split()[-1], architecture=self.student)],
            training=self._training(),
        )

    def _training(self) -> Training:
        if self.set == "cifar100":
            return _cifar100(self.lr)
        return {"usual": _baseline, "b2": _b2, "b3": _b3}[self.strategy](self.lr)

    @property
    def short(self) -> str:
        """As in `distillery reproduce`: cifar100/resnet56-resnet20, imagenet-strong/resnet50-resnet18."""
        plain = re.sub(r"_patch\d+_window\d+_\d+", "", self.name)
        return plain.replace("_strong_", "-strong_", 1).replace("_", "/", 1).replace("_to_", "-")

    @property
    def band(self) -> float:
        """Points by which careful re-runs of others lay beside the published figure, to either side.

        On CIFAR-100 up to 1.3 below it for the large ResNets and for networks of two families, else half a point.
        """
        large = "32x4" in self.teacher or self.teacher == "cifar/ResNet50"
        return 1.3 if large else 0.5

    @property
    def title(self) -> str:
        teacher, student = (part.split("/")[-1] for part in (self.teacher, self.student))
        return f"{TITLES[self.set]}, {teacher} to {student}"

    def description(self) -> str:
        spread = f" +- {self.spread:.2f}" if self.spread is not None else ""
        return (
            f"{self.title}: {self.top1:.2f}{spread} % top-1 published "
            f"(control {self.control:.2f}, teacher {self.teacher_top1:.2f}). {self.more}"
        ).strip()


TITLES = {"cifar100": "CIFAR-100", "imagenet": "ImageNet"}
MADE_ELSEWHERE = "There the 256 images of a batch were 8 times 32 on as many GPUs, each with columns of its own."
SOME_SB = "Which weights the ResNet-50-SB are was not published; any ResNet-50 near 80 % will do."
SWIN_L = "timm/swin_large_patch4_window7_224"
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
    *(
        Published("imagenet", "timm/resnet50", student, top1, None, control, 80.1, 0.048, SOME_SB, "b2")
        for student, top1, control in (
            ("torchvision/resnet18", 74.5, 73.4),
            ("torchvision/resnet34", 77.8, 76.8),
            ("torchvision/mobilenet_v2", 74.4, 73.6),
            ("torchvision/efficientnet_b0", 78.6, 78.0),
        )
    ),
    Published(
        "imagenet", SWIN_L, "torchvision/resnet50", 80.2, None, 78.5, 86.3, 0.048,
        "That it was trained with these settings is likely, not certain.", "b2",
    ),
    Published(
        "imagenet", SWIN_L, "timm/swin_tiny_patch4_window7_224", 82.3, None, 81.3, 86.3, 1e-3,
        "Its settings were not released: these are of the authors' next paper, for the same pair.", "b3",
    ),
]  # fmt: skip


def _cifar100(lr: float) -> Training:
    """dist_cifar.yaml."""
    return Training(
        epochs=240,
        batch_size=64,
        optimizer=Sgd(lr=lr, momentum=0.9, weight_decay=5e-4, weight_decay_on="all", nesterov=False),
        schedule=Multistep(milestones=[150, 180, 210], gamma=0.1),
        augment=CropFlip(padding=4, flip=True),
    )


def _baseline(lr: float) -> Training:
    """resnet_dist.yaml."""
    return Training(
        epochs=100,
        batch_size=256,
        optimizer=Sgd(lr=lr, momentum=0.9, weight_decay=1e-4, weight_decay_on="weights", nesterov=True),
        schedule=Multistep(milestones=[30, 60, 90], gamma=0.1),
        augment=ResizedCrop(),
    )


# timm's rand-m9-mstd0.5: two operations, each done half of the time, strength 9 of 10 give or take 0.5
STRONG = RandAugment(operations=2, magnitude=27, deviation=1.5, probability=0.5)


def _b2(lr: float) -> Training:
    """dist_b2.yaml."""
    return Training(
        epochs=450,
        batch_size=768,
        optimizer=RmspropTf(lr=lr, alpha=0.9, momentum=0.9, eps=1e-3, weight_decay=1e-5, weight_decay_on="weights"),
        schedule=Step(decay_epochs=2.4, gamma=0.97, warmup_epochs=3, warmup_lr=1e-6),
        augment=ResizedCrop(policy=STRONG, erasing=Erasing(probability=0.2)),
        label_smoothing=0.1,
        ema=Ema(decay=0.9999, warmup=False),
    )


def _b3(lr: float) -> Training:
    """diffkd_b3.yaml."""
    return Training(
        epochs=300,
        batch_size=1024,
        optimizer=AdamW(lr=lr, weight_decay=0.04),
        schedule=Cosine(min_lr=5e-6, warmup_epochs=20, warmup_lr=5e-7),
        augment=ResizedCrop(policy=STRONG, erasing=Erasing(probability=0.25)),
        mix=Mix(mixup=0.8, cutmix=1.0, probability=1.0, switch=0.5),
        label_smoothing=0.1,
        drop_path=0.2,
        clip_grad_norm=5.0,
    )
