"""Lifecycle, catalog, fit, storage, packed data sets, settings: the parts everybody stands on."""

import itertools
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from core import catalog, lifecycle
from core.errors import IllegalMove, Invalid
from core.fit import check_fit
from core.lifecycle import JobStatus
from core.packed import PackedSplit, channel_statistics, read_meta, read_split, write_packed
from core.recipe import Recipe
from core.settings import Settings

STATES = list(JobStatus)


@pytest.mark.parametrize(("now", "to"), list(itertools.product(STATES, STATES)))
def test_the_gate_lets_through_exactly_the_table(now: JobStatus, to: JobStatus) -> None:
    if to in lifecycle.MOVES[now]:
        lifecycle.check_move(now, to)
    else:
        with pytest.raises(IllegalMove):
            lifecycle.check_move(now, to)


@pytest.mark.parametrize(("now", "action"), list(itertools.product(STATES, lifecycle.ACTIONS)))
def test_an_action_is_granted_already_so_or_refused_with_what_is_possible(now: JobStatus, action: str) -> None:
    offered = lifecycle.available_actions(now)
    try:
        to = lifecycle.decide(now, action)
    except IllegalMove as error:
        assert action not in offered and error.available_actions == offered
    else:
        assert (to is not None) == (action in offered)
        assert to is None or to in lifecycle.MOVES[now]


def test_every_state_can_still_end() -> None:
    for state in set(STATES) - lifecycle.TERMINAL:
        reached, frontier = {state}, {state}
        while frontier:
            frontier = {after for s in frontier for after in lifecycle.MOVES[s]} - reached
            reached |= frontier
        assert reached >= lifecycle.TERMINAL


def test_an_unknown_architecture_names_its_neighbours() -> None:
    with pytest.raises(Invalid) as caught:
        catalog.architecture("resnet21", "/students/0/architecture")
    problem = caught.value.problems[0]
    assert problem.pointer == "/students/0/architecture" and "resnet20" in problem.detail


def fit(recipe: dict[str, Any], **facts: Any) -> list[str]:
    base = {"dataset": "d", "teacher": "t", "students": [{"name": "a", "architecture": "resnet8"}]}
    known: dict[str, Any] = {
        "dataset_classes": ["a", "b", "c"],
        "counts": {"train": 100, "val": 10},
        "image_size": 32,
        "teacher_classes": 3,
    }
    return check_fit(Recipe.model_validate(base | recipe), **(known | facts))


LOCAL = {"kind": "dist", "batch": "local"}


@pytest.mark.parametrize(
    ("recipe", "facts", "code"),
    [
        ({}, {"teacher_classes": 10}, "class_count_mismatch"),
        ({}, {"teacher_class_names": ["b", "a", "c"]}, "class_order_mismatch"),
        ({"teacher_adapter": {"outputs": [1, 0]}}, {}, "class_count_mismatch"),
        ({"students": [{"name": "a", "architecture": "nope"}]}, {}, "unknown_architecture"),
        ({"training": {"batch_size": 2}}, {}, "batch_too_small"),
        ({"training": {"batch_size": 8, "accumulate": 4}, "loss": LOCAL}, {}, "batch_too_small"),
        ({"training": {"batch_size": 8}, "resources": {"gpus": 4}, "loss": LOCAL}, {}, "batch_too_small"),
        ({"loss": {"kind": "dist", "alpha": 0, "beta": 0, "gamma": 0}}, {}, "nothing_to_learn"),
        ({"loss": {"kind": "sum", "summands": [{"weight": 0, "loss": {"kind": "kd"}}]}}, {}, "nothing_to_learn"),
        ({"training": {"mix": {}}}, {"teacher_bound": True}, "teacher_sees_nothing"),
        ({"teacher_adapter": {"channels": "bgr"}}, {"teacher_kind": "ensemble"}, "teacher_sees_nothing"),
        ({}, {"teacher_bound": True, "teacher_elsewhere": True}, "teacher_of_another_dataset"),
        ({}, {"image_size": 2}, "image_too_small"),
        ({"training": {"drop_path": 0.1}}, {}, "drop_path_unknown"),
        ({"students": [{"name": "a", "architecture": "resnet8", "drop_path": 0.1}]}, {}, "drop_path_unknown"),
    ],
)
def test_parts_that_do_not_fit_are_named(recipe: dict[str, Any], facts: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as caught:
        fit(recipe, **facts)
    assert [problem.code for problem in caught.value.problems] == [code]


def test_a_schedule_that_never_gets_there_is_told() -> None:
    assert fit({"training": {"epochs": 10, "accumulate": 4, "schedule": {"kind": "cosine", "warmup_epochs": 9}}}) == []
    (late,) = fit({"training": {"epochs": 10, "schedule": {"kind": "cosine", "warmup_epochs": 10}}})
    assert "rises over 10 epochs" in late
    (never,) = fit({"training": {"epochs": 10, "schedule": {"kind": "multistep", "milestones": [10, 20]}}})
    assert "never drops" in never


def test_an_order_of_the_classes_that_is_set_is_no_mismatch() -> None:
    names = ["c", "a", "b"]
    with pytest.raises(Invalid) as caught:
        fit({}, teacher_class_names=names)
    assert '{"outputs": [1, 2, 0]}' in caught.value.problems[0].detail
    assert fit({"teacher_adapter": {"outputs": [1, 2, 0]}}, teacher_class_names=names) == fit({})
    with pytest.raises(ValidationError, match="each number from 0 to 2 once"):
        fit({"teacher_adapter": {"outputs": [0, 0, 2]}})


def test_a_student_that_can_drop_a_path_may() -> None:
    students = [small(), small(name="b", architecture="timm/vit_tiny_patch16_224", drop_path=0.1)]
    assert not any("drop" in warning for warning in fit({"students": students}, image_size=224))


def small(**fields: Any) -> dict[str, Any]:
    return {"name": "a", "architecture": "resnet8"} | fields


@pytest.mark.parametrize(
    ("recipe", "pointers"),
    [
        ({"teacher": None}, ["/teacher"]),
        ({"loss": {"kind": "dist", "alpha": 0}}, ["/control"]),
        ({"loss": {"kind": "dist"}, "control": False}, ["/loss/alpha"]),
        ({"students": [small(loss={"kind": "task"})], "control": False}, ["/students/0/loss/kind"]),
        ({"students": [small(loss={"kind": "kd"})]}, ["/control", "/students/0/loss/alpha"]),
        ({"loss": {"kind": "kd", "alpha": 0}, "control": False}, []),
    ],
)
def test_without_any_label_only_the_teacher_can_teach(recipe: dict[str, Any], pointers: list[str]) -> None:
    if not pointers:
        assert fit(recipe, unlabelled=100) == []
        return
    with pytest.raises(Invalid) as caught:
        fit(recipe, unlabelled=100)
    assert [(problem.pointer, problem.code) for problem in caught.value.problems] == [
        (pointer, "labels_missing") for pointer in pointers
    ]


def test_what_few_labels_mean_is_said() -> None:
    (controls,) = fit({}, counts={"train": 2000, "val": 10}, unlabelled=1800)
    assert controls == "The controls learn from the 200 labelled images of train alone; 1,800 have no label."
    assert fit({"control": False}, counts={"train": 2000, "val": 10}, unlabelled=1800) == []
    (alone,) = fit({"teacher": None}, counts={"train": 2000, "val": 10}, unlabelled=1800)
    assert "only the 200 labelled images of train teach" in alone


def test_enlarged_images_are_said_with_what_makes_them_sharp() -> None:
    assert fit({}, teacher_image_size=32) == []
    (pixels,) = fit({}, teacher_image_size=96)
    assert pixels == "The teacher sees images of 96 px, enlarged from the data set's 32."
    (files,) = fit({"students": [small(image_size=48)]}, form="files")
    assert files.startswith("The student a sees images of 48 px") and "image_size 48" in files


def test_a_side_that_was_asked_for_is_judged_where_it_was_asked() -> None:
    tiny = small(image_size=4)
    assert fit({"students": [tiny]}) == []  # smaller than the data's is fine
    with pytest.raises(Invalid) as caught:
        fit({}, image_size=2)
    assert "image_size of 4" in caught.value.problems[0].detail
    assert fit({"students": [tiny]}, image_size=2) == [
        "The student a sees images of 4 px, enlarged from the data set's 2."
    ]


def test_what_is_only_odd_is_a_warning() -> None:
    assert fit({}) == []
    assert any("two classes" in text for text in fit({}, dataset_classes=["a", "b"], teacher_classes=2))
    assert any("batches of 16" in text for text in fit({"training": {"batch_size": 16}}))


def test_a_packed_data_set_comes_back_with_the_same_bytes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)

    def split(n: int) -> PackedSplit:
        images = rng.integers(0, 256, (n, 8, 8, 3), dtype=np.uint8)
        return PackedSplit(images, np.arange(n) % 3, [f"ü/{i}.png" for i in range(n)])

    splits = {"train": split(30), "val": split(6)}
    first = write_packed(tmp_path / "one.safetensors", ["a", "b", "ü"], splits)
    write_packed(tmp_path / "two.safetensors", ["a", "b", "ü"], splits)
    assert (tmp_path / "one.safetensors").read_bytes() == (tmp_path / "two.safetensors").read_bytes()
    assert read_meta(tmp_path / "one.safetensors") == first
    back = read_split(tmp_path / "one.safetensors", "train")
    assert back is not None and back.names == splits["train"].names
    assert np.array_equal(back.images, splits["train"].images)
    assert read_split(tmp_path / "one.safetensors", "test") is None
    mean, std = channel_statistics(splits["train"].images)
    scaled = splits["train"].images.astype(np.float64) / 255
    assert np.allclose(mean, scaled.mean((0, 1, 2)), atol=1e-6)
    assert np.allclose(std, scaled.std((0, 1, 2)), atol=1e-6)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DISTILLERY_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DISTILLERY_DATASET_ROOTS", f"{tmp_path}:/data")
    settings = Settings()
    assert settings.database == f"sqlite:///{tmp_path}/distillery.db"
    assert settings.dataset_roots == [tmp_path, Path("/data")]


@pytest.mark.parametrize("room", ["api.app", "worker.app", "cli.main", "core.fit", "core.presets", "core.intake.child"])
def test_this_room_never_loads_torch(room: str, tmp_path: Path) -> None:
    code = f"import sys, {room}; sys.exit('torch' in sys.modules or 'timm' in sys.modules)"
    environment = {"DISTILLERY_DATA_DIR": str(tmp_path), "PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
