"""The recipe: defaults, presets, refusals, and the plan of students that follows."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel, ValidationError

from core import catalog
from core.augmentation import Erasing, RandAugment, Standard
from core.losses import DistLoss, TaskLoss
from core.optimization import AdamW, Lamb, Sgd
from core.part import Part
from core.plan import plan_students
from core.presets import PRESETS
from core.published import ROWS
from core.recipe import Recipe

SMALL: dict[str, Any] = {"dataset": "dst_1", "teacher": "tch_1", "students": [{"name": "a", "architecture": "resnet8"}]}


def recipe(**changes: Any) -> Recipe:
    return Recipe.model_validate(SMALL | changes)


def test_defaults_are_those_of_the_paper() -> None:
    assert recipe().loss == DistLoss(alpha=1, beta=2, gamma=2, temperature=1)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"epoch": 3}, "epoch"),
        ({"training": {"epochs": 0}}, "training.epochs"),
        ({"training": {"lr": 0.1}}, "training.lr"),
        ({"loss": {"kind": "dist", "tau": 4}}, "loss.dist.tau"),
        ({"loss": {"kind": "magic"}}, "loss"),
        ({"loss": {"kind": "dist", "beta": float("nan")}}, "loss.dist.beta"),
        ({"students": []}, "students"),
        ({"students": [{"name": "a\x00", "architecture": "resnet8"}]}, "students.0.name"),
        ({"students": SMALL["students"] * 2}, "students"),
        ({"students": [{"name": "a", "architecture": "resnet8", "seeds": [1, 1]}]}, "students.0.seeds"),
        ({"students": [{"name": "a", "architecture": "resnet8", "seeds": list(range(65))}]}, "students.0.seeds"),
        (
            {"training": {"schedule": {"kind": "multistep", "milestones": [3, 2]}}},
            "training.schedule.multistep.milestones",
        ),
        ({"training": {"optimizer": {"momentum": 0, "nesterov": True}}}, "training.optimizer.sgd"),
        ({"training": {"optimizer": {"kind": "adamw", "momentum": 0.9}}}, "training.optimizer.adamw.momentum"),
        (
            {"students": [{"name": "a", "architecture": "resnet8", "optimizer": {"kind": "lamb", "nesterov": True}}]},
            "students.0.optimizer.nesterov",
        ),
        (
            {"students": [{"name": "a", "architecture": "resnet8", "optimizer": {"betas": [0.9, 0.99]}}]},
            "students.0.optimizer.betas",
        ),
        ({"training": {"precision": "float16"}, "resources": {"gpus": 0}}, "training.precision"),
        ({"preset": "nothing"}, "preset"),
        ({"metadata": {str(i): "" for i in range(17)}}, "metadata"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_refused_by_name(change: dict[str, Any], where: str) -> None:
    with pytest.raises(ValidationError) as caught:
        recipe(**change)
    assert where in {".".join(str(part) for part in error["loc"]) for error in caught.value.errors()}


def _all_models(model: type[BaseModel]) -> list[type[BaseModel]]:
    return [model, *(below for child in model.__subclasses__() for below in _all_models(child))]


def test_off_may_have_been_read_as_false() -> None:
    given = {"dataset": "dst_1", "teacher": None, "students": [{"name": "a", "architecture": "resnet8"}]}
    assert Recipe.model_validate(given | {"teacher_check": False}).teacher_check == "off"
    with pytest.raises(ValidationError):
        Recipe.model_validate(given | {"teacher_check": True})


def test_every_field_explains_itself() -> None:
    from core.plan import StudentPlan

    silent = [
        f"{model.__name__}.{name}"
        for model in _all_models(Part)
        if model is not StudentPlan and model.__module__ in ("core.recipe", "core.optimization")
        for name, field in model.model_fields.items()
        if not field.description
    ]
    assert silent == []


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_builds_and_names_what_exists(name: str) -> None:
    preset = PRESETS[name].make()
    assert all(catalog.find_architecture(student.architecture) for student in preset.students)
    assert Recipe.model_validate(preset.model_dump(mode="json")) == preset


def test_a_preset_fills_what_is_not_given() -> None:
    filled = Recipe.model_validate(
        {"preset": "digits", "teacher": "tch_1", "dataset": "dst_1", "training": {"epochs": 5}, "loss": {"kind": "kd"}}
    )
    assert filled.training.epochs == 5 and filled.training.batch_size == PRESETS["digits"].make().training.batch_size
    assert filled.loss.kind == "kd" and filled.teacher == "tch_1"
    assert Recipe.model_validate(filled.model_dump(mode="json")) == filled


def test_every_row_of_the_published_tables_is_a_preset() -> None:
    rows = {row.name: row for row in ROWS}
    assert len(rows) == len(ROWS) == 20 and rows.keys() <= PRESETS.keys()
    for name, row in rows.items():
        assert catalog.find_architecture(row.teacher) and catalog.canonical_name(row.student) == row.student
        assert f"{row.top1:.2f}" in PRESETS[name].description
        assert row.control < row.top1 < row.teacher_top1 or row.student == "cifar/resnet20" or "resnet34" in row.teacher
        rate = row.recipe().training.optimizer.lr
        assert row.strategy != "usual" or rate == (
            0.1 if row.set == "imagenet" else 0.01 if "Shuffle" in name or "V" in row.student else 0.05
        )


def test_the_published_cifar100_recipe() -> None:
    training = PRESETS["cifar100_resnet56_to_resnet20"].make().training
    assert (training.epochs, training.batch_size, training.optimizer.lr, training.optimizer.weight_decay) == (
        240, 64, 0.05, 5e-4,
    )  # fmt: skip
    assert training.schedule.model_dump() == {
        "warmup_epochs": 0, "warmup_lr": None, "kind": "multistep", "milestones": [150, 180, 210], "gamma": 0.1,
    }  # fmt: skip


def test_one_control_for_each_network_start_optimizer_and_seed() -> None:
    plans = plan_students(
        recipe(
            students=[
                {"name": "dist", "architecture": "resnet8", "seeds": [0, 1]},
                {"name": "kd", "architecture": "cifar/resnet8", "seeds": [1], "loss": {"kind": "kd"}},
                {"name": "slow", "architecture": "resnet8", "optimizer": {"lr": 0.01}},
            ]
        )
    )
    controls = [plan for plan in plans if plan.role == "control"]
    assert [plan.label for plan in plans if plan.role == "student"] == ["dist-seed0", "dist-seed1", "kd", "slow"]
    assert [(c.label, c.seed, c.optimizer.lr) for c in controls] == [
        ("dist-control-seed0", 0, 0.05), ("dist-control-seed1", 1, 0.05), ("slow-control", 0, 0.01),
    ]  # fmt: skip
    assert all(isinstance(c.loss, TaskLoss) and c.architecture == "cifar/resnet8" for c in controls)
    assert {p.twin_key() for p in plans if p.role == "student"} == {c.twin_key() for c in controls}


def test_a_students_change_keeps_the_rest_or_takes_the_other_kinds_defaults() -> None:
    students = [
        {"name": "a", "architecture": "resnet8", "optimizer": {"lr": 0.01}},
        {"name": "b", "architecture": "resnet8", "optimizer": {"kind": "adamw", "lr": 0.002}},
        {"name": "c", "architecture": "resnet8", "optimizer": {"kind": "sgd", "nesterov": True}},
    ]
    training = {"optimizer": {"kind": "sgd", "lr": 0.3, "momentum": 0.8, "weight_decay_on": "weights"}}
    plans = plan_students(recipe(students=students, training=training, control=False))
    mine = Sgd(lr=0.3, momentum=0.8, weight_decay_on="weights")
    assert [plan.optimizer for plan in plans] == [
        mine.model_copy(update={"lr": 0.01}), AdamW(lr=0.002), mine.model_copy(update={"nesterov": True}),
    ]  # fmt: skip


def test_an_optimizer_without_a_kind_is_sgd() -> None:
    assert recipe(training={"optimizer": {"lr": 0.2}}).training.optimizer == Sgd(lr=0.2)
    filled = Recipe.model_validate(
        SMALL | {"preset": "imagenet_resnet34_to_resnet18", "training": {"optimizer": {"lr": 0.2}}}
    )
    assert filled.training.optimizer == Sgd(lr=0.2, weight_decay=1e-4, weight_decay_on="weights", nesterov=True)
    other = Recipe.model_validate(SMALL | {"preset": "digits", "training": {"optimizer": {"kind": "lamb"}}})
    assert other.training.optimizer == Lamb()


def test_without_a_teacher_everybody_learns_from_the_labels() -> None:
    plans = plan_students(recipe(teacher=None))
    assert [(plan.role, plan.loss.kind) for plan in plans] == [("student", "task")]


def test_labels_are_folder_names_and_unique() -> None:
    hostile = ["../../etc", "a b", "a-b", "..", "ü/ß"]
    plans = plan_students(
        recipe(students=[{"name": name, "architecture": "resnet8"} for name in hostile], control=False)
    )
    labels = [plan.label for plan in plans]
    assert len({label.casefold() for label in labels}) == len(hostile)
    assert all("/" not in label and label not in ("", ".", "..") and label[0] != "." for label in labels)


def test_the_guides_recipe_is_one() -> None:
    text = (Path(__file__).parents[2] / "docs" / "guides" / "recipe.md").read_text()
    guide = yaml.safe_load(text.split("```yaml\n")[1].split("```")[0])
    recipe = Recipe.model_validate(guide)
    assert (
        recipe.training.optimizer.lr == 0.05 and len(plan_students(recipe)) == 5 + 4
    )  # kd shares a control with small
    assert set(guide) - set(Recipe.model_fields) == set()


def test_a_policy_alone_is_the_standard_window_with_it() -> None:
    said = {"kind": "randaugment", "magnitude": 12, "erasing": {"fill": "mean"}}
    assert recipe(training={"augment": said}).training.augment == Standard(
        policy=RandAugment(magnitude=12), erasing=Erasing(fill="mean")
    )
    with pytest.raises(ValidationError, match="magnitude"):
        recipe(training={"augment": {"kind": "randaugment", "magnitude": 31}})
    with pytest.raises(ValidationError, match="padding"):
        recipe(training={"augment": {"kind": "trivialaugment", "padding": 1}})
