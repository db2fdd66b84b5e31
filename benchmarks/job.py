"""A job of the core for measuring: its real training loop, step by step, on random images of 32 px and 100 classes."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from core.assignment import TrainAssignment
from core.events import Metrics
from core.packed import PackedSplit, read_meta, write_packed
from core.plan import plan_students
from core.recipe import Recipe
from core.training.export import WeightsMeta, save_weights
from core.training.models import build
from core.training.trainer import Trainer

TEACHER, STUDENT, CLASSES, SIDE = "resnet56", "resnet20", 100, 32


def write_parts(folder: Path, images: int) -> tuple[Path, Path]:
    """(a packed data set of so many random images to train on, a random teacher)."""
    rng = np.random.default_rng(0)

    def split(count: int) -> PackedSplit:
        pixels = rng.integers(0, 256, (count, SIDE, SIDE, 3), dtype=np.uint8)
        return PackedSplit(pixels, rng.integers(0, CLASSES, count), [f"{n}.png" for n in range(count)])

    dataset = folder / "data.safetensors"
    write_packed(dataset, [str(n) for n in range(CLASSES)], {"train": split(images), "val": split(8)})
    meta = read_meta(dataset)
    torch.manual_seed(0)
    about = WeightsMeta(f"cifar/{TEACHER}", meta.classes, meta.image_size, meta.mean, meta.std)
    save_weights(build(TEACHER, CLASSES).state_dict(), folder / "teacher", about, ["safetensors"], {})
    return dataset, folder / "teacher" / "weights.safetensors"


class Job:
    """A training run that stands still between calls of `go`."""

    def __init__(
        self, folder: Path, parts: tuple[Path, Path], *, batch: int, every: int, seeds: list[int], threads: int
    ) -> None:
        """Figures come out every `every` steps; one student for each of `seeds`, no controls."""
        self.every = every
        recipe = Recipe.model_validate(
            {
                "teacher": "a file",
                "dataset": "a file",
                "teacher_check": "off",
                "control": False,
                "loss": {"kind": "dist", "temperature": 4},
                "students": [{"name": "student", "architecture": STUDENT, "seeds": seeds}],
                "training": {"epochs": 1, "batch_size": batch, "log_every": every},
            }
        )
        dataset, teacher = parts
        assignment = TrainAssignment(
            folder=folder,
            threads=threads,
            recipe=recipe,
            students=plan_students(recipe),
            dataset=dataset,
            teacher=teacher,
            checkpoint_seconds=1e9,
        )
        self._figures = self._run(Trainer(assignment))

    def _run(self, trainer: Trainer) -> Iterator[None]:
        for event in trainer.run():
            if isinstance(event, Metrics) and event.step > 0:
                yield

    def go(self) -> None:
        """The next `every` steps, figures included."""
        next(self._figures)
