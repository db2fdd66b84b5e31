"""The plan that follows from a recipe: one entry per student and seed, and the controls they are measured against."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal

from core.catalog import canonical_name
from core.losses import AnyLoss, TaskLoss
from core.optimization import Optimizer, changed
from core.part import Part
from core.recipe import Init, Recipe, Student


class StudentPlan(Part):
    """One student with one seed and every default filled in: what the trainer trains."""

    label: str  # unique in the job, and the name of its folder: small, small-seed1, small-control-seed1
    name: str
    seed: int
    role: Literal["student", "control"]
    architecture: str
    loss: AnyLoss
    optimizer: Optimizer
    init: Init
    drop_path: float = 0.0
    image_size: int | None = None  # as asked for; None: what suits the network and the data set

    def twin_key(self) -> str:
        return twin_key(self.model_dump(mode="json"))


_APART = {"label", "name", "role", "loss"}  # in which a student and its control may differ


def twin_key(plan: Mapping[str, Any]) -> str:
    """Of a stored plan: equal for a student and its control, which share network, start, optimizer and seed."""
    same = {name: value for name, value in plan.items() if name not in _APART}
    return hashlib.sha256(json.dumps(same, sort_keys=True).encode()).hexdigest()[:16]


def drop_path_of(recipe: Recipe, student: Student) -> float:
    return recipe.training.drop_path if student.drop_path is None else student.drop_path


def plan_students(recipe: Recipe) -> list[StudentPlan]:
    """The job's students, one per seed, followed by one control for each distinct network, start, optimizer, seed.

    Without a teacher everybody learns from the labels, and there is nothing to control.
    """
    plans: list[StudentPlan] = []
    controls: dict[str, StudentPlan] = {}
    labels: set[str] = set()

    def label(name: str, seed: int, several: bool) -> str:
        base = "".join(c if c.isalnum() or c in "-_." else "-" for c in name).strip(".-") or "student"
        wanted = f"{base[:80]}-seed{seed}" if several else base[:80]
        unique, n = wanted, 2
        while unique.casefold() in labels:
            unique, n = f"{wanted}-{n}", n + 1
        labels.add(unique.casefold())
        return unique

    for student in recipe.students:
        optimizer = changed(recipe.training.optimizer, student.optimizer)
        loss = student.loss or recipe.loss if recipe.teacher is not None else TaskLoss()
        seeds = student.seeds or [recipe.training.seed]
        for seed in seeds:
            plan = StudentPlan(
                label=label(student.name, seed, len(seeds) > 1),
                name=student.name,
                seed=seed,
                role="student",
                architecture=canonical_name(student.architecture),
                loss=loss,
                optimizer=optimizer,
                init=student.init or recipe.init,
                drop_path=drop_path_of(recipe, student),
                image_size=student.image_size,
            )
            plans.append(plan)
            if recipe.control and recipe.teacher is not None and plan.twin_key() not in controls:
                controls[plan.twin_key()] = plan.model_copy(
                    update={
                        "label": label(f"{student.name}-control", seed, len(seeds) > 1),
                        "name": f"{student.name} control",
                        "role": "control",
                        "loss": TaskLoss(),
                    }
                )
    return plans + list(controls.values())
