"""The students of a job together: they share batches, transfers and evaluations, and nothing that has a weight."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.errors import Failure, TrainingFailed
from core.events import Event, Log, Metrics, StudentFailed
from core.packed import PackedMeta
from core.plan import StudentPlan
from core.recipe import Training
from core.training.data import Batch, Prepared, Split
from core.training.evaluate import Answers, answer
from core.training.precision import Precision
from core.training.student import Diverged, Learner, State
from core.training.teacher import Teacher
from core.training.team import ALONE, Team
from core.training.unlearnable import UNSETTLED, too_few_steps

Points = list[tuple[str | None, str, float]]


class Cohort:
    """`learners` in the plan's order. A student whose figures are no longer finite fails alone, the others go on."""

    def __init__(
        self,
        plans: Sequence[StudentPlan],
        data: PackedMeta,
        training: Training,
        precision: Precision,
        pretrained: Mapping[str, Path],
        team: Team = ALONE,
    ) -> None:
        self._training, self._team = training, team
        self.learners = [Learner(plan, data, training, precision, pretrained, team) for plan in plans]
        self.figures: dict[str, State] = {}  # label -> top1, top5, agreement on val after the last epoch

    @property
    def alive(self) -> list[Learner]:
        return [learner for learner in self.learners if learner.failed is None]

    def begin_epoch(self, epoch: int) -> None:
        """0-based."""
        for learner in self.alive:
            learner.begin_epoch(self._training.schedule, epoch, self._training.epochs)

    def learn(self, batch: Batch, teacher_logits: Tensor | None, prepared: Prepared, step: int, measured: bool) -> None:
        """One update of each: logits (B, classes) or None; `measured`: the loss's terms are compared."""
        for learner in self.alive:
            learner.learn(batch, teacher_logits, prepared, step, measured)

    def doubts(self, steps: int) -> Iterator[Event]:
        """What speaks against so short a training, once for each architecture."""
        told = dict.fromkeys(too_few_steps(learner.plan, learner.network, steps) for learner in self.alive)
        yield from (Log("warning", doubt) for doubt in told if doubt)
        ema = self._training.ema
        if ema is not None and not ema.warmup and (kept := ema.decay**steps) > UNSETTLED:
            yield Log(
                "warning",
                f"The moving average of the weights still is {kept:.0%} its beginning after {steps:,} steps: students "
                "are measured and delivered so. Lower its decay, or let it warm up.",
            )
        redrawn = dict.fromkeys(learner.plan.architecture for learner in self.alive if learner.head_redrawn)
        for name in redrawn:
            yield Log("info", f"{name} begins with a head of zeros, from which its loss cannot learn: drawn anew.")

    # --- figures ------------------------------------------------------------------------------------------------

    def flush(self, step: int) -> Iterator[Event]:
        """The averages since the last flush."""
        well, failures = self._windows(step)
        yield from failures
        self.someone_is_left()
        yield Metrics(step, [point for learner, rows in well for point in learner.flush(rows)])

    def check(self, step: int) -> Iterator[Event]:
        """Nobody whose figures are broken goes into an evaluation or a checkpoint."""
        yield from self._windows(step)[1]
        self.someone_is_left()

    def evaluate(
        self, val: Split, teacher: Teacher | None, taught: Answers | None, step: int, epoch: int
    ) -> Iterator[Event]:
        """Everybody on val, after `epoch` epochs, beside the teacher and what it answered there."""
        yield from self.check(step)
        learners = self.alive
        points: Points = []
        for learner in learners:
            self._team.follow_buffers(learner.network)
            if learner.average is not None:
                self._team.follow_buffers(learner.average.network)
        measured = [learner.seeing(learner.measured) for learner in learners]
        averaged = [learner for learner in learners if learner.average is not None]
        measured += [learner.seeing(learner.network) for learner in averaged]
        told = answer(measured, val, teacher)
        raw = {learner.plan.label: answers for learner, answers in zip(averaged, told[len(learners) :], strict=True)}
        for learner, answers in zip(learners, told, strict=False):
            try:
                figures = learner.evaluated(answers, raw.get(learner.plan.label), taught, step, epoch)
            except Diverged as error:
                yield self.fail(learner, error)
                continue
            self.figures[learner.plan.label] = figures
            points += [(learner.plan.label, f"val/{n}", v) for n, v in figures.items() if v is not None]
            points += [(learner.plan.label, f"gradient/{n}", v) for n, v in learner.shares.items()]
        self.someone_is_left()
        yield Metrics(step, points)

    def answers(self, split: Split, teacher: Teacher | None) -> list[Answers]:
        """Of everybody who is alive."""
        return answer([learner.seeing(learner.measured) for learner in self.alive], split, teacher)

    def _windows(self, step: int) -> tuple[list[tuple[Learner, NDArray[np.float32]]], list[Event]]:
        """(the figures since the last flush of those that are well, the failures of those that are not).

        All of them leave the device in one transfer.
        """
        learners = self.alive
        windows = [learner.window() for learner in learners]
        values = torch.cat(windows).cpu().numpy()
        parts = np.split(values, np.cumsum([len(window) for window in windows])[:-1])
        well: list[tuple[Learner, NDArray[np.float32]]] = []
        failures: list[Event] = []
        for learner, part in zip(learners, parts, strict=True):
            try:
                well.append((learner, learner.check(part, step)))
            except Diverged as error:
                failures.append(self.fail(learner, error))
        return well, failures

    def epochs_without_a_best(self, epoch: int) -> int:
        """How many epochs, of the `epoch` so far, have passed since anybody who is alive was best on val."""
        last: int = max(learner.best["epoch"] for learner in self.alive if learner.best is not None)
        return epoch - last

    # --- failing ------------------------------------------------------------------------------------------------

    def fail(self, learner: Learner, error: Diverged) -> StudentFailed:
        self.figures.pop(learner.plan.label, None)
        return StudentFailed(learner.plan.label, **learner.fail(error))

    def someone_is_left(self) -> None:
        """TrainingFailed `diverged` once no student is alive; controls alone would measure nothing."""
        if any(learner.plan.role == "student" for learner in self.alive):
            return
        failed = [learner.failed for learner in self.learners if learner.failed is not None]
        raise TrainingFailed(
            Failure(
                "diverged",
                "Training diverged",
                f"No student is left: the loss became infinite or not a number, first at step "
                f"{min(f['step'] for f in failed)}.",
                "Lower the learning rate, or add warmup_epochs to the schedule.",
                errors=[{"pointer": "/students", "code": "diverged", "detail": f["detail"]} for f in failed],
            )
        )

    # --- saving, going on -----------------------------------------------------------------------------------------

    def state(self) -> State:
        students = {learner.plan.label: learner.state() for learner in self.learners}
        return {"figures": self.figures, "students": students}

    def restore(self, state: State) -> None:
        self.figures = state["figures"]
        for learner in self.learners:
            learner.restore(state["students"][learner.plan.label])
