"""One student in training: its network, optimizer, random streams and figures. It knows of no other student."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core.optimization import Schedule
from core.packed import PackedMeta
from core.plan import StudentPlan
from core.recipe import Training
from core.training.answering import Seeing
from core.training.data import Batch, Prepared, View, labelled
from core.training.ema import MovingAverage
from core.training.evaluate import Answers
from core.training.lesson import Lesson
from core.training.losses import build_loss
from core.training.models.start import draw_zero_head, start_network
from core.training.optim import Sgd, build_optimizer, learning_rate
from core.training.precision import Precision
from core.training.randomness import Purpose, draw_seed
from core.training.step import gradient_shares, teach
from core.training.stepper import SKIPPED, Stepper
from core.training.team import ALONE, Team
from core.training.unlearnable import nothing_to_learn, too_few_to_normalize, too_few_to_relate
from core.views import student_view

State = dict[str, Any]

NO_TERMS = ("grad_norm", SKIPPED)  # figures of a step that are no terms of the loss


class Diverged(Exception):
    """A figure of this student is NaN or infinite; its own end, nobody else's."""

    def __init__(self, step: int, term: str) -> None:
        super().__init__(f"{term} is not finite at step {step}")
        self.step, self.term = step, term


class Learner:
    """A student and everything it owns. Its weights depend on its plan, the data and the teacher alone."""

    def __init__(
        self,
        plan: StudentPlan,
        data: PackedMeta,
        training: Training,
        precision: Precision,
        pretrained: Mapping[str, Path],
        team: Team = ALONE,
    ) -> None:
        """`pretrained`: files of published weights, as in TrainAssignment."""
        self.plan, self.team = plan, team
        self.view = View(student_view(plan, data))
        self.precision = precision
        self.loss = build_loss(plan.loss, training.label_smoothing)
        if not self.loss.teaches(len(data.classes)):
            raise nothing_to_learn(plan, len(data.classes))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(draw_seed(plan.seed, Purpose.START))
            # on the processor, so that all devices start alike
            network = start_network(plan, len(data.classes), pretrained)
            # Where all images are answered alike some losses see nothing to compare.
            stuck = not self.loss.moves_equal_logits(len(data.classes))
            self.head_redrawn = stuck and draw_zero_head(network, plan.architecture)
        self.network = team.place(precision.place(network)).train()
        self.optimizer = build_optimizer(self.network, plan.optimizer, precision.float16)
        self.stepper = Stepper(training, precision)
        self.average = MovingAverage(self.network, training.ema) if training.ema else None
        if training.compile:
            self.network.compile()  # in place: its tensors keep their names
        self.parameters = sum(p.numel() for p in self.network.parameters() if p.requires_grad)
        self.lr = plan.optimizer.lr
        self.epoch = 0
        self.parts, self.views = training.accumulate, training.views
        self.shares: dict[str, float] = {}  # of the loss's terms in the gradient, when last measured
        self.failed: State | None = None  # {"step", "term", "detail"}
        self.top1: list[float] = []  # on val, after each epoch
        self.best: State | None = None  # {"top1", "step", "epoch"}, by top-1 on val
        self.best_weights: dict[str, Tensor] = {}
        self.best_saved_step: int | None = None  # of the best that was last written as files
        self._names: list[str] = []  # of the window's columns: total, the loss's terms, hits, labelled, more
        self._window: list[Tensor] = []  # one row (columns,) per step since the last flush, on the device

    # --- learning -----------------------------------------------------------------------------------------------

    def begin_epoch(self, schedule: Schedule, epoch: int, epochs: int) -> None:
        self.epoch = epoch
        self.lr = learning_rate(schedule, self.plan.optimizer.lr, epoch, epochs, self.top1)
        for group in self.optimizer.param_groups:
            group["lr"] = self.lr

    def learn(
        self, batch: Batch, teacher_logits: Tensor | None, prepared: Prepared, step: int, measured: bool = False
    ) -> None:
        """One update, the step-th (from 1). Nothing waits for the device, but where the loss's terms are `measured`."""
        own = prepared.labels
        lesson = Lesson(batch.seen(self.view), teacher_logits, own, self.epoch, prepared.mixed, self.views)
        forward, parts = partial(self._forward, step), self.team.parts(self.parts, len(own))
        if self.loss.spec.local and len(own) // parts < self.loss.spec.least_batch:
            raise too_few_to_relate(self.plan, self.loss.spec.least_batch, len(own) // parts)
        self.optimizer.zero_grad(set_to_none=True)
        taught = teach(self.network, forward, self.loss, lesson, parts, self.stepper.scaled, self.team)
        more = self.stepper.step(self.network, self.optimizer)
        if self.average is not None:
            self.average.update(self.network, step)
        self._names = ["total", *taught.parts, "hits", "labelled", *more]
        labels = taught.lesson.labels
        hits = (taught.logits.argmax(dim=1) == labels).float().sum()  # never where there is no label
        known = labelled(labels).float().sum()
        row = torch.stack([taught.total, *taught.parts.values(), hits, known, *more.values()])
        self._window.append(self.stepper.told(row))
        if measured:
            self.shares = gradient_shares(self.loss, taught.logits, taught.lesson)

    def _forward(self, step: int, images: Tensor, part: int) -> Tensor:
        # Dropout draws from torch's own generator: seeded anew, it owes nothing to steps or students before.
        # Every part, and every process, has draws of its own.
        which = [part, self.team.rank] if self.team.rank else [part] if part else []
        self.precision.generator.manual_seed(draw_seed(self.plan.seed, Purpose.FORWARD, step, *which))
        try:
            return self.precision.logits(self.network, images)
        except ValueError as error:
            if "more than 1 value per channel" not in str(error):
                raise
            raise too_few_to_normalize(self.plan, len(images), self.view.spec.image_size) from error

    # --- figures ------------------------------------------------------------------------------------------------

    def window(self) -> Tensor:
        """(steps * columns,) what has come together since the last flush."""
        return torch.stack(self._window).flatten() if self._window else torch.zeros(0, device=self.precision.device)

    def check(self, values: NDArray[np.float32], step: int) -> NDArray[np.float32]:
        """`window()` on the host as (steps, columns), up to step `step`; Diverged names the first bad step and term."""
        rows = values.reshape(len(self._window), len(self._names))
        bad = np.argwhere(~np.isfinite(rows))
        if len(bad):
            row, column = (int(i) for i in bad[0])
            # A broken term breaks the total too: name the term.
            term = next((self._names[c] for r, c in bad.tolist() if r == row and c > 0), self._names[column])
            raise Diverged(step - len(rows) + 1 + row, "gradient" if term in NO_TERMS else f"loss/{term}")
        return rows

    def flush(self, rows: NDArray[np.float32]) -> list[tuple[str | None, str, float]]:
        """The averages of the window, as points of Metrics; a new window begins."""
        self._window = []
        sums = dict(zip(self._names, rows.astype(np.float64).sum(axis=0).tolist(), strict=True))
        hits, known, skipped = sums.pop("hits"), sums.pop("labelled"), sums.pop(SKIPPED, None)
        made = len(rows) - (skipped or 0)
        points = {"lr": self.lr}
        if made:
            points |= {name if name in NO_TERMS else f"loss/{name}": value / made for name, value in sums.items()}
        if skipped is not None:
            points[SKIPPED] = skipped
        if known > 0:
            points["train/top1"] = hits / known
        return [(self.plan.label, name, value) for name, value in points.items()]

    def seeing(self, network: nn.Module) -> Seeing:
        """One of its networks, with its view."""
        return Seeing(network, self.view, self.precision)

    @property
    def measured(self) -> nn.Module:
        """The network whose figures are told and whose weights are delivered."""
        return self.network if self.average is None else self.average.network

    def evaluated(self, answers: Answers, raw: Answers | None, teacher: Answers | None, step: int, epoch: int) -> State:
        """Its figures on val after `epoch` epochs; remembers the best, its weights too. Diverged where not finite.

        `raw` are those of the weights that learn, where an average of them is measured.
        """
        if not answers.finite or (raw is not None and not raw.finite):
            raise Diverged(step, "val/logits")
        figures = answers.figures(teacher)
        if raw is not None:
            figures["top1_raw"] = raw.top1
        self.top1.append(answers.top1)
        if self.best is None or answers.top1 > self.best["top1"]:
            self.best = {"top1": answers.top1, "step": step, "epoch": epoch}
            self.best_weights = self.weights()
        return figures

    def weights(self) -> dict[str, Tensor]:
        """A copy of the measured network's state, on the processor."""
        return {name: tensor.detach().to("cpu", copy=True) for name, tensor in self.measured.state_dict().items()}

    # --- failing, saving, going on ------------------------------------------------------------------------------

    def fail(self, error: Diverged) -> State:
        """Stop learning for good; returns {"step", "term", "detail"}."""
        detail = f"{error.term} of {self.plan.label} is no longer a finite number at step {error.step}."
        self.failed = {"step": error.step, "term": error.term, "detail": detail}
        self._let_go()
        return self.failed

    def _let_go(self) -> None:
        self.best, self.best_weights, self._window, self.average = None, {}, [], None
        self.network, self.optimizer = nn.Identity(), Sgd([torch.zeros(0)])

    def state(self) -> State:
        """All that a resume needs, as tensors and primitives."""
        if self.failed is not None:
            return {"failed": self.failed}
        return {
            "failed": None,
            "network": self.network.state_dict(),
            "average": self.average.network.state_dict() if self.average else None,
            "optimizer": self.optimizer.state_dict(),
            "stepper": self.stepper.state(),
            "names": self._names,
            "window": torch.stack(self._window) if self._window else None,
            "top1": self.top1,
            "best": self.best,
            "best_weights": self.best_weights,
            "best_saved_step": self.best_saved_step,
        }

    def restore(self, state: State) -> None:
        self.failed = state["failed"]
        if self.failed is not None:
            self._let_go()
            return
        self.network.load_state_dict(state["network"])
        if self.average is not None:
            self.average.network.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.stepper.restore(state["stepper"])
        self._names = state["names"]
        window = state["window"]
        self._window = [] if window is None else list(window.to(self.precision.device))
        self.top1 = state["top1"]
        self.best, self.best_weights = state["best"], state["best_weights"]
        self.best_saved_step = state["best_saved_step"]
