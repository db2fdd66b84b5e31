"""How long a single image takes: measured like everywhere else, told, and in no file. No time is asserted."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from core.events import Finished, Started, StudentSaved
from core.packed import read_split
from core.training import latency
from core.training.canonical import Canonical, TableMeta
from core.training.data import View
from core.training.export import file_sha256
from core.training.latency import LEAST, MOST, WARM_UPS, latency_ms
from core.views import ViewSpec
from tests.training.small import Run, train

VIEW = View(ViewSpec(image_size=4, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)))
IMAGE = torch.zeros(1, 8, 8, 3, dtype=torch.uint8)


class Counting(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[int, ...]] = []

    def forward(self, images: Tensor) -> Tensor:
        assert not torch.is_grad_enabled() and images.dtype == torch.float32
        self.seen.append(tuple(images.shape))
        return images


def final(run: Run) -> dict[str, Mapping[str, Any]]:
    return {event.student: event.metrics for event in run.of(StudentSaved) if event.final}


@pytest.mark.parametrize(("seconds", "times"), [(0.0, LEAST), (1e9, MOST)])
def test_it_is_the_time_of_single_images(monkeypatch: pytest.MonkeyPatch, seconds: float, times: int) -> None:
    monkeypatch.setattr(latency, "SECONDS", seconds)
    network = Counting()
    assert latency_ms(network, VIEW, IMAGE) > 0
    assert network.seen == [(1, 3, 4, 4)] * (WARM_UPS + times)


def test_students_and_teacher_have_one_and_no_file_says_so(tmp_path: Path, digits: Path, teacher: Path) -> None:
    students = [
        {"name": "small", "architecture": "resnet8", "seeds": [0, 1]},
        {"name": "large", "architecture": "resnet20"},
    ]
    run = train(tmp_path, digits, teacher, students=students, training={"epochs": 1})
    told = {label: metrics["latency_ms"] for label, metrics in final(run).items()}
    assert told.keys() == {"small-seed0", "small-seed1", "large", "small-control-seed0", "small-control-seed1"} | {
        "large-control"
    }
    assert all(value > 0 for value in told.values())
    assert len({value for label, value in told.items() if label.startswith("small")}) == 1, "equal networks, one figure"
    assert told["large"] == told["large-control"]
    assert run.of(Finished)[0].result["teacher"]["latency_ms"] > 0
    begun = run.of(Started)[0].teacher
    assert begun is not None and begun["latency_ms"] is None
    for label in told:
        for name in ("manifest.json", "evaluation.json"):
            assert "latency" not in (tmp_path / "students" / label / name).read_text()
        manifest = json.loads((tmp_path / "students" / label / "manifest.json").read_text())
        assert manifest["metrics"] == {k: v for k, v in final(run)[label].items() if k != "latency_ms"}


def test_without_a_teacher_only_students_have_one(tmp_path: Path, digits: Path) -> None:
    run = train(tmp_path, digits, training={"epochs": 1})
    assert final(run)["s"]["latency_ms"] > 0
    assert run.of(Finished)[0].result["teacher"] is None


def table(folder: Path, digits: Path) -> Path:
    """A teacher that knows every label of the data set by heart."""
    logits = {}
    for name in ("train", "val", "test"):
        split = read_split(digits, name)
        assert split is not None
        logits[name] = torch.eye(10)[torch.from_numpy(split.labels)] * 5
    meta = TableMeta(classes=list("0123456789"), dataset_sha256=file_sha256(digits)).model_dump_json()
    Canonical(logits, meta).save(folder / "table.safetensors")
    return folder / "table.safetensors"


def test_a_table_of_logits_has_none(tmp_path: Path, digits: Path) -> None:
    run = train(tmp_path, digits, table(tmp_path, digits), training={"epochs": 1}, control=False)
    assert run.of(Finished)[0].result["teacher"]["latency_ms"] is None
