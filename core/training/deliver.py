"""A student's weights as files that its job can hand out, and the event that names them."""

import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from torch import Tensor

from core.evaluation import FILE, Evaluation
from core.events import Event, Log, StudentSaved
from core.packed import PackedMeta
from core.plan import StudentPlan
from core.recipe import Recipe
from core.training.checkpoint import KEEP_SECONDS
from core.training.data import View
from core.training.export import WeightsMeta, save_weights, student_file, write_durably
from core.training.onnx_export import export_onnx
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
    threads: int

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

    def final(
        self,
        learner: Learner,
        step: int,
        epoch: int,
        metrics: dict[str, Any],
        evaluation: Evaluation,
        sample: Tensor | None,
    ) -> Iterator[Event]:
        """The last weights, and what is known of them.

        As ONNX too where there is a `sample` of images, uint8 (N, S, S, 3), to verify it on.
        """
        plan, weights, folder = learner.plan, learner.weights(), self._folder(learner.plan)
        said: dict[str, Any] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        write_durably(folder / FILE, evaluation.model_dump_json().encode() + b"\n")
        if sample is not None:
            target = folder / "model.onnx"
            spec = replace(learner.view.spec, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
            images = View(spec).of(sample).contiguous().cpu().numpy()
            said = export_onnx(weights, self._meta(plan), images, target, self.threads)
            if not said["verified"]:
                yield Log("warning", f"{plan.label} has no model.onnx. {said['reason']}")
        beside = [FILE, "model.onnx"] if said and said["verified"] else [FILE]
        saved = self._save(plan, weights, folder, step, epoch, metrics, beside, {"onnx": said} if said else {})
        yield StudentSaved(plan.label, step, True, metrics, *saved)

    def _folder(self, plan: StudentPlan) -> Path:
        return self.folder / "students" / plan.label

    def _meta(self, plan: StudentPlan) -> WeightsMeta:
        view = student_view(plan, self.data)
        return WeightsMeta(
            architecture=plan.architecture,
            classes=self.data.classes,
            image_size=view.image_size,
            mean=list(view.mean),
            std=list(view.std),
            interpolation=view.interpolation,
            recipe_sha256=self.recipe.sha256(),
            teacher_sha256=self.teacher_sha256,
        )

    def _save(
        self,
        plan: StudentPlan,
        weights: State,
        folder: Path,
        step: int,
        epoch: int,
        metrics: dict[str, Any],
        beside: Sequence[str] = (),
        more: Mapping[str, Any] = MappingProxyType({}),
    ) -> tuple[Any, str]:
        extra = {
            "student": plan.model_dump(mode="json"),
            "training": self.recipe.training.model_dump(mode="json"),
            "dataset_sha256": self.dataset_sha256,
            "step": step,
            "epoch": epoch,
            "metrics": metrics,
            **more,
        }
        there = [student_file(folder / name) for name in beside]
        return save_weights(weights, folder, self._meta(plan), self.recipe.exports, extra, there)
