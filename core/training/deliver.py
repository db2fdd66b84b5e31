"""A student's weights as files that its job can hand out, and the event that names them."""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.events import StudentSaved
from core.packed import PackedMeta
from core.plan import StudentPlan
from core.recipe import Recipe
from core.training.checkpoint import KEEP_SECONDS
from core.training.export import WeightsMeta, save_weights
from core.training.student import Learner, State
from core.views import student_view


@dataclass(frozen=True)
class Delivery:
    """Files lie under folder/students/<label>/, those of the best so far in a folder of their own there."""

    folder: Path
    recipe: Recipe
    data: PackedMeta
    dataset_sha256: str
    teacher_sha256: str | None

    def best(self, learner: Learner, step: int, figures: State) -> StudentSaved:
        """The best weights so far, by top-1 on val; `figures` are those of now. The learner has a best."""
        best = learner.best
        assert best is not None
        folder = self._folder(learner.plan)
        target = folder / f"best-{best['step']:08d}"
        metrics = figures | {"best": best}
        saved = self._save(learner.plan, learner.best_weights, target, best["step"], best["epoch"], metrics)
        learner.best_saved_step = best["step"]
        for old in folder.glob("best-*"):
            # whoever was told of these files may still be copying them
            if old != target and time.time() - old.stat().st_mtime > KEEP_SECONDS:
                shutil.rmtree(old)
        return StudentSaved(learner.plan.label, step, False, metrics, *saved)

    def final(self, learner: Learner, step: int, epoch: int, metrics: dict[str, Any]) -> StudentSaved:
        """The last weights."""
        saved = self._save(learner.plan, learner.weights(), self._folder(learner.plan), step, epoch, metrics)
        return StudentSaved(learner.plan.label, step, True, metrics, *saved)

    def _folder(self, plan: StudentPlan) -> Path:
        return self.folder / "students" / plan.label

    def _save(
        self, plan: StudentPlan, weights: State, folder: Path, step: int, epoch: int, metrics: dict[str, Any]
    ) -> tuple[Any, str]:
        view = student_view(plan, self.data)
        meta = WeightsMeta(
            architecture=plan.architecture,
            classes=self.data.classes,
            image_size=view.image_size,
            mean=list(view.mean),
            std=list(view.std),
            interpolation=view.interpolation,
            recipe_sha256=self.recipe.sha256(),
            teacher_sha256=self.teacher_sha256,
        )
        extra = {
            "student": plan.model_dump(mode="json"),
            "training": self.recipe.training.model_dump(mode="json"),
            "dataset_sha256": self.dataset_sha256,
            "step": step,
            "epoch": epoch,
            "metrics": metrics,
        }
        return save_weights(weights, folder, meta, self.recipe.exports, extra)
