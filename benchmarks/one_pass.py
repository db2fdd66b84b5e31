"""Six students in one job against six jobs: the batch is made once and the teacher runs once. Digits, one thread."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from core.assignment import TrainAssignment
from core.intake.builtin import read_builtin
from core.packed import read_meta, write_packed
from core.plan import plan_students
from core.recipe import Recipe
from core.training.export import WeightsMeta, save_weights
from core.training.models import build
from core.training.trainer import Trainer

Pair = tuple[str, str, Callable[[], None], Callable[[], None]]
SEEDS = 6


def pairs() -> Iterator[Pair]:
    folder = Path(tempfile.mkdtemp(prefix="distillery-bench-"))
    try:
        dataset = folder / "data.safetensors"
        write_packed(dataset, *read_builtin("digits"))
        meta = read_meta(dataset)
        torch.manual_seed(0)
        about = WeightsMeta("cifar/resnet20", meta.classes, meta.image_size, meta.mean, meta.std)
        save_weights(build("resnet20", 10).state_dict(), folder / "teacher", about, ["safetensors"], {})
        recipe = Recipe.model_validate(
            {
                "teacher": "a file",
                "dataset": "digits",
                "teacher_check": "off",
                "control": False,
                "students": [{"name": "small", "architecture": "resnet8", "seeds": list(range(SEEDS))}],
                "training": {"epochs": 2},
            }
        )
        plans = plan_students(recipe)

        def train(chosen: list[int]) -> None:
            assignment = TrainAssignment(
                folder=folder / "work",
                threads=1,
                recipe=recipe,
                students=[plans[n] for n in chosen],
                dataset=dataset,
                teacher=folder / "teacher" / "weights.safetensors",
            )
            for _ in Trainer(assignment).run():
                pass

        def together() -> None:
            train(list(range(SEEDS)))

        def apart() -> None:
            for n in range(SEEDS):
                train([n])

        yield f"{SEEDS} students in one job", f"{SEEDS} jobs of one student", together, apart
    finally:
        shutil.rmtree(folder, ignore_errors=True)
