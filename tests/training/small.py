"""Small training runs for tests: one line each, every event kept."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from torch import Tensor, nn

from core import catalog
from core.assignment import TrainAssignment
from core.child import Stop
from core.events import CheckpointSaved, Event, Metrics, StudentSaved
from core.plan import plan_students
from core.recipe import Recipe
from core.training import models
from core.training.trainer import Trainer
from tests.fixtures.clock import by_the_clock

E = TypeVar("E")
Points = dict[tuple[int, str | None, str], float]


@dataclass(frozen=True)
class Run:
    """What a training run has told."""

    folder: Path
    events: list[Event]

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def tensors(self) -> dict[str, str]:
        """Student -> hash of its final weights."""
        return {e.student: e.tensors_sha256 for e in self.of(StudentSaved) if e.final}

    def points(self) -> Points:
        """(step, student, name) -> value, but for what the clock says; no point twice."""
        found: Points = {}
        for event in self.of(Metrics):
            for student, name, value in event.points:
                if not by_the_clock(name):
                    assert (event.step, student, name) not in found
                    found[event.step, student, name] = value
        return found


def assignment(folder: Path, dataset: Path, teacher: Path | None = None, **fields: Any) -> TrainAssignment:
    """`recipe` fields by name; those of the assignment itself as `resume`, `decided`, `checkpoint_seconds`."""
    own = {key: fields.pop(key) for key in ("resume", "decided", "checkpoint_seconds") if key in fields}
    small = {"epochs": 3, "batch_size": 40, "log_every": 2, "augment": {"kind": "crop_flip", "flip": False}}
    fields["training"] = small | fields.get("training", {})
    fields.setdefault("students", [{"name": "s", "architecture": "resnet8"}])
    recipe = Recipe.model_validate({"dataset": "digits", "teacher": "teacher" if teacher else None} | fields)
    return TrainAssignment(
        folder=folder, threads=1, recipe=recipe, students=plan_students(recipe), dataset=dataset, teacher=teacher, **own
    )


def train(
    folder: Path,
    dataset: Path,
    teacher: Path | None = None,
    wish: Callable[[int], Stop | None] = lambda _step: None,
    **fields: Any,
) -> Run:
    """Run to the end; `wish` is asked between steps, with the number of steps made."""
    trainer = Trainer(assignment(folder, dataset, teacher, **fields), lambda: wish(trainer.step))
    return Run(folder, list(trainer.run()))


def until_checkpoint(folder: Path, dataset: Path, teacher: Path | None, step: int, **fields: Any) -> tuple[Run, Path]:
    """Stopped by a wish after `step` steps: what it told so far, and the checkpoint it left."""
    run = train(folder, dataset, teacher, lambda made: "checkpoint" if made == step else None, **fields)
    saved = run.of(CheckpointSaved)[-1]
    assert saved.step == step
    return run, Path(saved.path)


class DropoutNet(nn.Module):
    """Images (B, 3, H, W) -> logits (B, classes), with half of its features dropped while it learns."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 16, 3, 2, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.Dropout(0.5))
        self.fc = nn.Linear(16 * 4 * 4, classes)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.fc(self.body(x).flatten(1))
        return logits


@pytest.fixture
def dropout_net(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of an architecture with dropout, which exists for the test only."""
    name = "cifar/dropout"
    entry = catalog.Architecture(name=name, family="test", image_size=8)
    monkeypatch.setitem(catalog.ARCHITECTURES, name, entry)
    monkeypatch.setitem(models.BUILDERS, name, DropoutNet)
    yield name
