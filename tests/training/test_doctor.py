"""Why a teacher guesses: found on teachers that were spoilt in a known way."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.errors import TrainingFailed
from core.events import Log, Metrics
from core.packed import PackedSplit, read_meta, write_packed
from core.training.data import Data, View
from core.training.doctor import Finding, examine
from core.training.evaluate import answer
from core.training.export import load_weights, save_weights
from core.training.precision import Precision
from core.training.teacher import BlueFirst as Flipped
from core.training.teacher import NetworkTeacher
from core.views import ViewSpec
from tests.training.small import train, until_checkpoint

PRECISION = Precision(torch.device("cpu"), bfloat16=False)


@pytest.fixture(scope="module")
def good(digits: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = train(
        tmp_path_factory.mktemp("good"),
        digits,
        students=[{"name": "teacher", "architecture": "resnet8"}],
        training={"epochs": 30, "batch_size": 20},
    )
    return run.folder / "students" / "teacher" / "weights.safetensors"


def spoilt(good: Path, folder: Path, order: list[int] | None = None, **meta: Any) -> Path:
    weights, said = load_weights(good)
    assert said is not None
    if order is not None:
        for key in ("fc.weight", "fc.bias"):
            weights[key] = weights[key][order]
    save_weights(weights, folder, dataclasses.replace(said, **meta), ["safetensors"])
    return folder / "weights.safetensors"


ORDER = [3, 2, 0, 9, 5, 8, 1, 6, 4, 7]  # output i says what class ORDER[i] is


def test_another_order_of_the_classes_is_found_and_named(good: Path, digits: Path, tmp_path: Path) -> None:
    teacher = spoilt(good, tmp_path / "t", ORDER)
    with pytest.raises(TrainingFailed) as caught:
        train(tmp_path, digits, teacher)
    failure = caught.value.failure
    assert failure.code == "teacher_at_chance"
    assert "another order" in failure.detail and "output 0 means '3', not '0'" in failure.detail
    assert adapter_in(failure.hint) == {"outputs": [ORDER.index(c) for c in range(10)]}


def adapter_in(hint: str | None) -> dict[str, Any]:
    """What a user copies out of the message into the recipe."""
    _, said, field = (hint or "").partition("teacher_adapter: ")
    assert said, hint
    found: dict[str, Any] = json.JSONDecoder().raw_decode(field)[0]
    return found


@pytest.mark.parametrize(
    "spoil",
    [
        {"order": ORDER},
        {"mean": [0.0] * 3, "std": [40.0] * 3},
        {"order": ORDER, "mean": [0.0] * 3, "std": [40.0] * 3},
    ],
)
def test_following_the_hint_mends_it(good: Path, digits: Path, tmp_path: Path, spoil: dict[str, Any]) -> None:
    teacher = spoilt(good, tmp_path / "t", **spoil)
    with pytest.raises(TrainingFailed) as caught:
        train(tmp_path / "before", digits, teacher)
    adapter = adapter_in(caught.value.failure.hint)
    run = train(tmp_path / "after", digits, teacher, teacher_adapter=adapter, training={"epochs": 1})
    as_it_was = train(tmp_path / "good", digits, good, training={"epochs": 1})
    assert run.points()[0, None, "teacher/top1"] == pytest.approx(as_it_was.points()[0, None, "teacher/top1"], abs=0.02)
    assert not [event for event in run.of(Log) if "reaches only" in event.message]


def test_an_adapter_that_is_wrong_itself_is_mended(good: Path, digits: Path, tmp_path: Path) -> None:
    """What is proposed starts from what is set."""
    wrong = {"outputs": ORDER}
    with pytest.raises(TrainingFailed) as caught:
        train(tmp_path / "a", digits, good, teacher_adapter=wrong)
    run = train(
        tmp_path / "b", digits, good, teacher_adapter=adapter_in(caught.value.failure.hint), training={"epochs": 1}
    )
    assert run.points()[0, None, "teacher/top1"] > 0.9


def test_a_checkpoint_belongs_to_its_adapter(good: Path, digits: Path, tmp_path: Path) -> None:
    _, checkpoint = until_checkpoint(tmp_path / "a", digits, good, 4)
    with pytest.raises(TrainingFailed, match="another recipe"):
        train(tmp_path / "b", digits, good, teacher_adapter={"outputs": list(range(10))}, resume=checkpoint)


def test_another_normalization_is_found_and_named(good: Path, digits: Path, tmp_path: Path) -> None:
    data = read_meta(digits)
    teacher = spoilt(good, tmp_path / "t", mean=[0.0, 0.0, 0.0], std=[40.0, 40.0, 40.0])
    with pytest.raises(TrainingFailed) as caught:
        train(tmp_path, digits, teacher)
    failure = caught.value.failure
    assert "normalization" in failure.detail and "instead of" in failure.detail
    told = adapter_in(failure.hint)["normalization"]["mean"][0]
    assert told == data.mean[0] or "ImageNet" in failure.detail or "values from" in failure.detail


def test_the_check_can_be_switched_off_and_still_tells(good: Path, digits: Path, tmp_path: Path) -> None:
    run = train(tmp_path, digits, spoilt(good, tmp_path / "t", ORDER), teacher_check="off", training={"epochs": 1})
    (warning,) = [
        event.message for event in run.of(Log) if event.level == "warning" and "reaches only" in event.message
    ]
    assert "another order" in warning
    assert any(name == "teacher/top1" for event in run.of(Metrics) for _, name, _ in event.points)


def test_a_teacher_that_knows_nothing_is_not_explained_away(digits: Path, tmp_path: Path) -> None:
    """The negative control: random weights, for which no order and no normalization is right."""
    weights, said = load_weights(
        train(tmp_path / "a", digits, training={"epochs": 1}).folder / "students" / "s" / "weights.safetensors"
    )
    assert said is not None
    generator = torch.Generator().manual_seed(0)
    random = {
        name: torch.randn(tensor.shape, generator=generator) if "fc" in name else tensor
        for name, tensor in weights.items()
    }
    save_weights(random, tmp_path / "t", said, ["safetensors"])
    with pytest.raises(TrainingFailed) as caught:
        train(tmp_path / "b", digits, tmp_path / "t" / "weights.safetensors")
    assert "No usual normalization" in caught.value.failure.detail


def test_a_teacher_that_is_half_right_is_looked_at_too(good: Path, digits: Path, tmp_path: Path) -> None:
    order = [0, 1, 2, 4, 5, 6, 7, 8, 9, 3]
    run = train(tmp_path, digits, spoilt(good, tmp_path / "t", order), training={"epochs": 1})
    (warning,) = [event.message for event in run.of(Log) if "another order" in event.message]
    assert "output 3 means '4', not '3'" in warning
    assert adapter_in(warning) == {"outputs": [0, 1, 2, 9, 3, 4, 5, 6, 7, 8]}


class Channels(nn.Module):
    """Says which of its three channels is brightest."""

    def forward(self, images: Tensor) -> Tensor:
        return images.mean((2, 3))


def test_blue_first_is_found(tmp_path: Path) -> None:
    """Three classes of colours, learnt with blue first; two more, so that no order of the classes explains it."""
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 3, 300)
    images = generator.integers(0, 60, (300, 8, 8, 3), dtype=np.uint8)
    images[np.arange(300), :, :, labels] += 150
    split = PackedSplit(images, labels, [str(i) for i in range(300)])
    write_packed(tmp_path / "d.safetensors", ["r", "g", "b"], {"train": split, "val": split})
    data = Data(tmp_path / "d.safetensors", torch.device("cpu"), 1)
    view = View(ViewSpec(8, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)))

    class BlueFirst(Channels):
        def forward(self, images: Tensor) -> Tensor:
            return super().forward(images).flip(1)

    def examined(network: nn.Module) -> Finding | None:
        teacher = NetworkTeacher("cifar/resnet8", network.eval(), view, PRECISION)
        (known,) = answer([teacher], data.val)
        return examine(teacher, data.val, data.meta, known)

    assert examined(Channels()) is None
    found = examined(BlueFirst())
    assert found is not None and "blue first" in found.detail and "100.0% instead of" in found.detail
    assert adapter_in(found.hint)["channels"] == "bgr"
    adapted = Flipped(BlueFirst().eval())
    assert examined(adapted) is None
