"""How often the teacher was asked, however the attempt ends."""

from pathlib import Path
from typing import Any

import pytest

from core.errors import TrainingFailed
from core.events import Finished, Spent, Stopped
from core.training.canonical import Canonical
from core.training.trainer import Trainer
from tests.training.small import assignment, train, until_checkpoint
from tests.training.test_latency import table

STEPS, BATCH = 15, 40


@pytest.mark.parametrize("views", [1, 2])
def test_it_counts_the_images_of_training_steps(tmp_path: Path, digits: Path, teacher: Path, views: int) -> None:
    run = train(tmp_path, digits, teacher, training={"views": views})
    assert run.of(Spent)[-1].teacher_forwards == STEPS * BATCH * views
    assert isinstance(run.events[-1], Finished)
    counts = [event.teacher_forwards for event in run.of(Spent)]
    assert counts == sorted(counts)


def test_without_a_teacher_or_with_a_table_nobody_is_asked(tmp_path: Path, digits: Path) -> None:
    assert train(tmp_path / "a", digits).of(Spent)[-1] == Spent(0)
    assert train(tmp_path / "b", digits, table(tmp_path, digits), control=False).of(Spent)[-1] == Spent(0)


def test_a_mean_of_teachers_asks_each_of_its_networks(tmp_path: Path, digits: Path, teacher: Path) -> None:
    one, other, listed = (Canonical.open(path) for path in (teacher, teacher, table(tmp_path, digits)))
    Canonical.ensemble([(one, 1.0), (other, 2.0), (listed, 1.0)]).save(tmp_path / "mean.safetensors")
    run = train(tmp_path, digits, tmp_path / "mean.safetensors", control=False)
    assert run.of(Spent)[-1].teacher_forwards == STEPS * BATCH * 2
    assert run.of(Finished)[0].result["teacher"]["latency_ms"] > 0


def test_each_attempt_counts_its_own(tmp_path: Path, digits: Path, teacher: Path) -> None:
    first, checkpoint = until_checkpoint(tmp_path / "a", digits, teacher, 4)
    assert first.events[-2:] == [Spent(4 * BATCH), Stopped(4)]
    second = train(tmp_path / "b", digits, teacher, resume=checkpoint)
    assert second.of(Spent)[-1] == Spent((STEPS - 4) * BATCH)


def test_it_is_told_before_a_bad_end(tmp_path: Path, digits: Path, teacher: Path) -> None:
    sick: dict[str, Any] = {"epochs": 8, "optimizer": {"lr": 100.0, "weight_decay": 1.0}}
    told = []
    with pytest.raises(TrainingFailed):
        for event in Trainer(assignment(tmp_path, digits, teacher, training=sick)).run():
            told.append(event)
    assert isinstance(told[-1], Spent) and told[-1].teacher_forwards > 0
