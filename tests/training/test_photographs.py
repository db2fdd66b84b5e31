"""Training on files: every network at its own size, the old promises, and images without labels."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.errors import TrainingFailed
from core.events import Finished, Log, Metrics, Started
from core.packed import read_split
from core.training.canonical import Place, load_teacher
from core.training.data import Batch, Data
from core.training.export import load_weights, save_weights
from core.training.images import Wanted
from core.training.precision import Precision
from core.training.teacher import NetworkTeacher
from core.views import ViewSpec
from tests.training.photos import CLASSES, write_photos
from tests.training.small import Run, dropout_net, train, until_checkpoint

__all__ = ["dropout_net"]  # a fixture

DIST = {"kind": "dist", "temperature": 4.0}
STANDARD = {"augment": {"kind": "standard"}, "batch_size": 16, "epochs": 2}


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photos") / "data.safetensors"
    write_photos(path, {"train": 120, "val": 45, "test": 30})
    return path


@pytest.fixture(scope="session")
def photo_teacher(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A resnet8 that has learnt them at 24 px, enlarged from 16."""
    folder = tmp_path_factory.mktemp("photo-teacher")
    schedule = {"training": {"epochs": 6, "batch_size": 16, "augment": {"kind": "standard"}}}
    run = train(folder, photos, students=[{"name": "t", "architecture": "resnet8", "image_size": 24}], **schedule)
    assert run.of(Finished)[0].result["groups"][0]["top1"] > 0.6
    return folder / "students" / "t" / "weights.safetensors"


def three(dropout: str) -> list[dict[str, Any]]:
    return [
        {"name": "small", "architecture": dropout, "loss": DIST, "image_size": 8, "seeds": [3]},
        {"name": "large", "architecture": "resnet8", "loss": DIST, "image_size": 20},
        {"name": "as-is", "architecture": "resnet8", "loss": {"kind": "kd"}},
    ]


def test_alone_or_together_at_sizes_of_their_own(
    tmp_path: Path, photos: Path, photo_teacher: Path, dropout_net: str
) -> None:
    students = three(dropout_net)
    together = train(tmp_path / "all", photos, photo_teacher, students=students, control=False, training=STANDARD)
    for number, student in enumerate(students):
        folder = tmp_path / str(number)
        alone = train(folder, photos, photo_teacher, students=[student], control=False, training=STANDARD)
        assert alone.tensors().items() <= together.tensors().items()
        assert alone.points().items() <= together.points().items()
    sides = {}
    for name in together.tensors():
        _, meta = load_weights(together.folder / "students" / name / "weights.safetensors")
        assert meta is not None and meta.classes == CLASSES and meta.mean == [0.4] * 3 and meta.std == [0.25] * 3
        sides[name] = meta.image_size
    assert sides == {"small": 8, "large": 20, "as-is": 16}


def test_the_teacher_keeps_its_own_size_and_normalisation(tmp_path: Path, photos: Path, photo_teacher: Path) -> None:
    precision = Precision(torch.device("cpu"), bfloat16=False)
    data = Data(photos, precision.device, 1)
    (images,) = data.val.images.prepare([Wanted(np.arange(6))])
    place = Place(data.meta, "", precision, 1)
    own = load_teacher(photo_teacher, place)
    assert isinstance(own, NetworkTeacher)
    assert own.view.spec == ViewSpec(24, (0.4, 0.4, 0.4), (0.25, 0.25, 0.25))
    assert own.view.of(images).shape == (6, 3, 24, 24)
    state, meta = load_weights(photo_teacher)
    assert meta is not None
    changed = replace(meta, image_size=9, mean=[0.1] * 3, std=[0.5] * 3, interpolation="bicubic")
    save_weights(state, tmp_path, changed, ["safetensors"])
    other = load_teacher(tmp_path / "weights.safetensors", place)
    assert isinstance(other, NetworkTeacher)
    assert other.view.spec == ViewSpec(9, (0.1, 0.1, 0.1), (0.5, 0.5, 0.5), "bicubic")
    expected = own.network(other.view.of(images))
    assert torch.equal(other.logits(Batch(images)), expected)


@pytest.mark.parametrize("step", [1, 5, 7, 10, 13])
def test_a_resume_at_any_step_gives_the_same_bytes(
    tmp_path: Path, photos: Path, photo_teacher: Path, dropout_net: str, step: int
) -> None:
    fields: dict[str, Any] = {"students": three(dropout_net), "control": False, "training": STANDARD}
    whole = train(tmp_path / "whole", photos, photo_teacher, **fields)
    assert whole.of(Started)[0].total_steps == 14
    first, checkpoint = until_checkpoint(tmp_path / "first", photos, photo_teacher, step, **fields)
    second = train(tmp_path / "second", photos, photo_teacher, resume=checkpoint, **fields)
    assert second.tensors() == whole.tensors()
    assert first.points() | second.points() == whole.points()


@pytest.mark.parametrize("augment", ["none", "crop_flip", "resized_crop"])
def test_every_augmentation_works_on_both_forms(tmp_path: Path, photos: Path, digits: Path, augment: str) -> None:
    def run(name: str, dataset: Path, kind: str) -> Run:
        return train(tmp_path / name, dataset, training={"augment": {"kind": kind}, "epochs": 1, "batch_size": 16})

    for dataset, standard in ((photos, "resized_crop"), (digits, "crop_flip")):
        asked = run(f"{standard}-asked", dataset, augment)
        assert asked.of(Started)[0].decided["augment"] == augment
        default = run(f"{standard}-default", dataset, "standard")
        assert default.of(Started)[0].decided["augment"] == standard
        assert any(f"standard is {standard}" in event.message for event in default.of(Log))
        assert not any("standard is" in event.message for event in asked.of(Log))
        assert (asked.tensors() == default.tensors()) == (augment == standard)


def test_how_long_data_is_waited_for_is_told_every_epoch(tmp_path: Path, photos: Path) -> None:
    run = train(tmp_path, photos, training=STANDARD)
    told = [(e.step, who, v) for e in run.of(Metrics) for who, name, v in e.points if name == "time/data"]
    assert [(step, who) for step, who, _ in told] == [(7, None), (14, None)]
    assert all(0 <= share <= 1 for _, _, share in told)


def test_a_damaged_image_ends_the_job_with_its_name(tmp_path: Path, photos: Path) -> None:
    split = read_split(photos, "train")
    assert split is not None
    broken = tmp_path / "broken.safetensors"
    content = bytearray(photos.read_bytes())
    at = content.index(split.images[17])  # type: ignore[call-overload]  # files
    content[at : at + 50] = bytes(50)
    broken.write_bytes(content)
    with pytest.raises(TrainingFailed, match="image_unreadable") as failed:
        train(tmp_path / "run", broken)
    assert split.names[17] in failed.value.failure.detail


# --- images without labels --------------------------------------------------------------------------------------------


def test_without_any_label_the_teacher_alone_teaches(tmp_path: Path, photo_teacher: Path) -> None:
    write_photos(tmp_path / "none", {"train": 120, "val": 45}, labelled=0)
    write_photos(tmp_path / "all", {"train": 120, "val": 45})
    for loss in ({"kind": "dist", "alpha": 0}, {"kind": "kd", "alpha": 0}):
        runs = [
            train(tmp_path / f"{name}-run", tmp_path / name, photo_teacher, loss=loss, control=False, training=STANDARD)
            for name in ("none", "all")
        ]
        assert runs[0].tensors() == runs[1].tensors()  # labels that do not count change nothing
        names = [{name for _, _, name in run.points()} for run in runs]
        assert names[1] - names[0] == {"train/top1"}
        assert all(v == 0 for (_, _, name), v in runs[0].points().items() if name == "loss/task")
        assert runs[0].of(Finished)[0].result["groups"][0]["top1"] > 0.4


def test_figures_of_the_labels_are_those_of_the_labelled_images(tmp_path: Path, photo_teacher: Path) -> None:
    write_photos(tmp_path / "some", {"train": 120, "val": 45}, labelled=30)
    run = train(tmp_path / "run", tmp_path / "some", photo_teacher, training=STANDARD | {"log_every": 7})
    shares = [v for (_, who, name), v in run.points().items() if (who, name) == ("s-control", "train/top1")]
    assert len(shares) == 2 and all(0 < share <= 1 for share in shares)
    (started,) = run.of(Started)
    assert started.parameters.keys() == {"s", "s-control"}
    assert np.isfinite(list(run.points().values())).all()
