"""Real digits, few of them, and a teacher that has learnt them."""

from pathlib import Path

import pytest
import torch

from core.packed import PackedSplit, write_packed
from tests.fixtures.digits import digit_splits
from tests.training.small import Run, train


@pytest.fixture(scope="session", autouse=True)
def repeatable() -> None:
    """As the child process sets itself up."""
    torch.set_num_threads(1)
    torch.set_deterministic_debug_mode("error")


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The builtin digits, thinned out evenly: 200 train, 100 val, 150 test."""
    classes, splits = digit_splits(tmp_path_factory.mktemp("all digits"))
    path = tmp_path_factory.mktemp("digits") / "data.safetensors"
    sizes = {"train": 200, "val": 100, "test": 150}
    thin = {}
    for name, split in splits.items():
        rows = [i * len(split.labels) // sizes[name] for i in range(sizes[name])]
        thin[name] = PackedSplit(split.images[rows], split.labels[rows], [split.names[row] for row in rows])
    write_packed(path, classes, thin)
    return path


@pytest.fixture(scope="session")
def teacher(digits: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of a resnet8 at about 90 %."""
    run: Run = train(
        tmp_path_factory.mktemp("teacher"),
        digits,
        students=[{"name": "teacher", "architecture": "resnet8"}],
        training={"epochs": 12, "batch_size": 20},
    )
    return run.folder / "students" / "teacher" / "weights.safetensors"
