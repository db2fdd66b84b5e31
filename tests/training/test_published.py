"""Every row of the published tables takes a few steps, on made images and with an untrained teacher."""

from pathlib import Path

import numpy as np
import pytest
import torch

from core.catalog import find_architecture
from core.events import StudentSaved
from core.packed import PackedSplit, write_packed
from core.published import ROWS, Published
from core.training.export import WeightsMeta, save_weights
from core.training.models import build
from tests.training.small import train

STAND_IN, LARGE = "torchvision/resnet18", 23_000_000  # for teachers of more parameters, which take a test's time
TEACHERS = sorted({row.teacher for row in ROWS})
CLASSES = [str(i) for i in range(10)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_published_row_trains(row: Published, tmp_path: Path) -> None:
    side = 32 if row.set == "cifar100" else 224 if "swin" in row.student else 64
    teacher = STAND_IN if find_architecture(row.teacher).parameters(1000) > LARGE else row.teacher
    generator = np.random.default_rng(0)
    splits = {}
    for name, count in (("train", 8), ("val", 10)):
        images = generator.integers(0, 256, (count, side, side, 3), dtype=np.uint8)
        splits[name] = PackedSplit(images, np.arange(count) % 10, [str(i) for i in range(count)])
    data = write_packed(tmp_path / "data.safetensors", CLASSES, splits)
    torch.manual_seed(0)
    meta = WeightsMeta(teacher, CLASSES, side, list(data.mean), list(data.std))
    save_weights(build(teacher, 10).state_dict(), tmp_path / "teacher", meta, ["safetensors"])
    recipe = row.recipe().model_dump(mode="json", exclude={"teacher", "dataset"})
    recipe["training"] |= {"epochs": 1, "batch_size": 4}
    recipe |= {"teacher_check": "off", "control": False, "exports": ["safetensors"]}
    run = train(tmp_path, tmp_path / "data.safetensors", tmp_path / "teacher" / "weights.safetensors", **recipe)
    (saved,) = [event for event in run.of(StudentSaved) if event.final]
    assert saved.step == 2
    assert all(np.isfinite(value) for value in run.points().values())
    assert {"loss/task", "loss/inter", "loss/intra"} <= {name for _, _, name in run.points()}


@pytest.mark.parametrize("name", TEACHERS)
def test_a_published_teacher_can_be_built(name: str) -> None:
    with torch.device("meta"):
        network = build(name, 1000)
    assert sum(p.numel() for p in network.parameters()) == find_architecture(name).parameters(1000)
