"""The training loop: one batch, one look at the teacher, and every student learns from it on its own."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from core.assignment import TrainAssignment
from core.child import Stop
from core.errors import Failure, TrainingFailed
from core.events import CheckpointSaved, Event, Finished, Log, Metrics, Phase, Started, Stopped
from core.training.augment import augmenters, resolve
from core.training.canonical import Place, load_teacher
from core.training.checkpoint import load_checkpoint, save_checkpoint
from core.training.cohort import Cohort, Points
from core.training.data import Batch, Data, Places, Split, TrainBatches
from core.training.deliver import Delivery
from core.training.doctor import DOUBTFUL, examine, explained
from core.training.evaluate import Answers, answer
from core.training.evaluation import whole_evaluation
from core.training.export import file_sha256
from core.training.onnx_export import sample_of
from core.training.pace import Pace, SaveClock, TimeLimit, Waiting
from core.training.precision import cannot_compile, decide
from core.training.results import Results, TeacherAnswers, Trained
from core.training.student import Diverged
from core.training.teacher import Teacher, at_chance, guesses
from core.training.team import ALONE, Team, fewer_gpus, too_few_images


class _StopAsked(Exception):
    """The worker wants this attempt to end."""


def never() -> Stop | None:
    return None


class Trainer:
    """Trains the students of an assignment; `run` yields what happens and leaves storing it to the caller.

    `step` is the number of updates made. Whenever an event comes out, all metrics up to its step came before it.
    """

    def __init__(
        self, assignment: TrainAssignment, wish: Callable[[], Stop | None] = never, team: Team = ALONE
    ) -> None:
        """`wish` is asked between steps; of a `team` that of the first process, which alone writes files."""
        self.assignment, self.team = assignment, team
        self.recipe, self.training = assignment.recipe, assignment.recipe.training
        self.wish = wish
        self.step = 0
        self.ended: str | None = None  # why no further epoch is wanted, though there would be more
        self.time = TimeLimit(self.training.time_limit)

    def run(self) -> Iterator[Event]:
        """Ends with Finished or Stopped. TrainingFailed where it cannot succeed, OSError where the disk cannot."""
        yield Phase("loading", "reading the data and building the networks")
        self._load()
        try:
            if self.teacher is not None:
                yield Phase("checking_teacher", "measuring the teacher")
                yield from self._check_teacher(self.teacher)
            if self.training.compile and (why := cannot_compile(self.precision.device)) is not None:
                self.training = self.training.model_copy(update={"compile": False})
                yield Log("warning", f"torch.compile does not work here, so the networks are not compiled: {why}")
            self._build_students()
            yield Started(
                total_steps=self.total_steps,
                total_epochs=self.training.epochs,
                step=self.step,
                decided=self.decided,
                parameters={learner.plan.label: learner.parameters for learner in self.cohort.learners},
                teacher=taught.figures() if (taught := self._taught_by()) else None,
                bitwise=self.bitwise,
            )
            if (told := fewer_gpus(self.recipe.resources.gpus, self.team, self.precision.device)) is not None:
                yield Log("warning", told)
            if self.training.augment.kind == "standard":
                yield Log("info", f"The augmentation standard is {self.decided['augment']} for this data set.")
            yield from self.cohort.doubts(self.total_steps)
            yield Phase("training", "training the students")
            self.pace = Pace(self.step, self.total_steps, self.batches.size)
            self.clock = SaveClock(self.assignment.checkpoint_seconds)
            self.waiting = Waiting(self.precision.device)
            self.time.begin(self.time_before)
            while self.step < self.total_steps and self.ended is None:
                yield from self._epoch(self.step // self.batches.per_epoch)
            if self.ended is not None:
                yield Log("info", self.ended)
            yield from self._finish()
        except _StopAsked:
            yield Stopped(self.step)

    # --- before the first step ------------------------------------------------------------------------------------

    def _load(self) -> None:
        assignment = self.assignment
        self.precision, self.decided, self.bitwise = decide(
            self.recipe, assignment.threads, assignment.decided, self.team.size
        )
        self.data = Data(assignment.dataset, self.precision.device, assignment.threads)
        meta = self.data.meta
        self.decided["augment"] = resolve(self.training.augment, meta.form).kind
        self.batches = TrainBatches(self.data.train, self.training, augmenters(self.training, meta), self.team.share)
        if self.team.size > 1 and self.batches.size < 2 * self.team.size:
            raise too_few_images(self.batches.size, self.team.size)
        self.total_steps = self.training.epochs * self.batches.per_epoch
        dataset_sha256 = file_sha256(assignment.dataset)
        self.teacher: Teacher | None = None
        if assignment.teacher is not None:
            place = Place(meta, dataset_sha256, self.precision, assignment.threads)
            self.teacher = load_teacher(assignment.teacher, place, self.recipe.teacher_adapter)
        self.teacher_on_val: Answers | None = None
        self.delivery = Delivery(
            folder=assignment.folder,
            recipe=self.recipe,
            data=meta,
            dataset_sha256=dataset_sha256,
            teacher_sha256=file_sha256(assignment.teacher) if assignment.teacher else None,
            threads=assignment.threads,
        )

    def _build_students(self) -> None:
        """As they start, or as the checkpoint left them. After the teacher's check: its figure is awaited on a page."""
        students, pretrained = self.assignment.students, self.assignment.pretrained
        self.cohort = Cohort(students, self.data.meta, self.training, self.precision, pretrained, self.team)
        self.time_before = 0.0
        if self.assignment.resume is not None:
            self._resume(self.assignment.resume)

    def _check_teacher(self, teacher: Teacher) -> Iterator[Event]:
        (self.teacher_on_val,) = answer([teacher], self.data.val)
        classes, top1 = len(self.data.meta.classes), self.teacher_on_val.top1
        if top1 < DOUBTFUL and self.assignment.resume is None:  # later attempts know
            found = examine(teacher, self.data.val, self.data.meta, self.teacher_on_val)
            why, hint = explained(found, teacher)
            poor = guesses(self.teacher_on_val, classes)
            if poor and self.recipe.teacher_check == "strict":
                raise at_chance(self.teacher_on_val, classes, why, hint)
            if poor or found is not None:
                yield Log("warning", f"The teacher reaches only {top1:.1%} top-1 on val. {why} {hint}")
        if self.assignment.resume is None:
            yield Metrics(0, [(None, "teacher/top1", self.teacher_on_val.top1)])

    # --- the loop ---------------------------------------------------------------------------------------------------

    def _epoch(self, epoch: int) -> Iterator[Event]:
        """From the next step to the end of this epoch (0-based), evaluation and checkpoint included."""
        first = self.step % self.batches.per_epoch
        begun = time.monotonic()
        self.cohort.begin_epoch(epoch)
        for prepared in self.waiting.watch(self.batches.of_epoch(epoch, first)):
            yield from self._between_steps()
            batch = Batch(prepared.images, Places("train", prepared.indices))
            teacher_logits = self.teacher.logits(batch) if self.teacher else None
            self.step += 1
            measured = self.step % self.batches.per_epoch == 0
            self.cohort.learn(batch, teacher_logits, prepared, self.step, measured)
            if self.step % self.training.log_every == 0 or self.step == self.total_steps:
                yield from self.cohort.flush(self.step)
            if (progress := self.pace.progress(self.step, epoch + 1)) is not None:
                yield progress
        share = self.waiting.share()
        yield from self.cohort.evaluate(self.data.val, self.teacher, self.teacher_on_val, self.step, epoch + 1)
        images_seen = (self.batches.per_epoch - first) * self.batches.size
        speed = images_seen / (time.monotonic() - begun)
        yield Metrics(self.step, [(None, "images_per_second", speed), (None, "time/data", share)])
        if (told := self.waiting.complaint(share)) is not None:
            yield Log("warning", told)
        self.ended = self._enough(epoch + 1)
        if self.ended is not None and self.step % self.training.log_every:
            yield from self.cohort.flush(self.step)
        if self._due(epoch_ended=True):
            yield from self._save()

    def _enough(self, epoch: int) -> str | None:
        """Why it is not worth going on after `epoch` epochs."""
        if epoch == self.training.epochs:
            return None
        stopping = self.training.early_stopping
        if stopping is not None and self.cohort.epochs_without_a_best(epoch) >= stopping.patience:
            return f"Ended after epoch {epoch}: nobody got better on val for {stopping.patience} epochs."
        if self.training.time_limit and self.team.agree("checkpoint" if self.time.over else None):
            return f"Ended after epoch {epoch}: the time limit of {self.training.time_limit:g} seconds is over."
        return None

    def _between_steps(self) -> Iterator[Event]:
        wish = self.team.agree(self.wish())
        if wish == "discard":
            raise _StopAsked
        if wish == "checkpoint" or self._due(epoch_ended=False):
            yield from self._save()
        if wish == "checkpoint":
            raise _StopAsked

    def _due(self, epoch_ended: bool) -> bool:
        """Whether to save now: of several processes the first one's clock counts."""
        return bool(self.team.agree("checkpoint" if self.clock.due(epoch_ended) else None))

    # --- checkpoints ------------------------------------------------------------------------------------------------

    def _identity(self) -> str:
        """Hash of what decides the weights: a checkpoint of anything else is refused."""
        parts = {
            "training": self.recipe.training.model_dump(mode="json"),
            "students": [plan.model_dump(mode="json") for plan in self.assignment.students],
            "dataset": self.delivery.dataset_sha256,
            "teacher": self.delivery.teacher_sha256,
        }
        if self.recipe.teacher_adapter is not None:
            parts["teacher_adapter"] = self.recipe.teacher_adapter.model_dump(mode="json")
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def _save(self) -> Iterator[Event]:
        """A checkpoint, then the weights of those who have become better than ever."""
        yield from self.cohort.check(self.step)
        if not self.team.leads:
            return
        begun = time.monotonic()
        decided = {"identity": self._identity(), "decided": self.decided, "step": self.step}
        folder = self.assignment.folder / "checkpoints"
        course = {"ended": self.ended, "time": self.time.taken}
        saved = save_checkpoint(decided | course | self.cohort.state(), folder, self.step)
        cost = time.monotonic() - begun
        epoch = self.step // self.batches.per_epoch
        yield CheckpointSaved(self.step, epoch, str(saved.path), saved.bytes, saved.sha256)
        for learner in self.cohort.alive:
            if learner.best is not None and learner.best["step"] != learner.best_saved_step:
                begun = time.monotonic()
                event = self.delivery.best(learner, self.step, self.cohort.figures[learner.plan.label])
                cost += time.monotonic() - begun
                yield event
        self.clock.saved(cost)

    def _resume(self, checkpoint: Path) -> None:
        state = load_checkpoint(checkpoint)
        if state["identity"] != self._identity():
            detail = "The checkpoint belongs to another recipe, data set or teacher."
            raise TrainingFailed(Failure("checkpoint_of_another_job", "The checkpoint does not fit", detail))
        self.step, self.ended = state["step"], state["ended"]
        self.time_before = state["time"] or 0.0
        self.cohort.restore(state)

    # --- the end ----------------------------------------------------------------------------------------------------

    def _finish(self) -> Iterator[Event]:
        """The last figures, on test too where there is one; then the files, then the result."""
        if not self.team.leads:
            return
        yield Phase("evaluating", "measuring the last weights")
        trained: dict[str, Trained] = {}
        learners = self.cohort.alive
        on_val = self.cohort.answers(self.data.val, self.teacher)
        on_test = self.cohort.answers(self.data.test, self.teacher) if self.data.test else [None] * len(learners)
        points: Points = []
        for learner, val, test in zip(learners, on_val, on_test, strict=True):
            if test is not None and not test.finite:
                yield self.cohort.fail(learner, Diverged(self.step, "test/logits"))
                continue
            assert learner.best is not None
            trained[learner.plan.label] = Trained(learner.plan, learner.parameters, val, test, learner.best)
            points += [(learner.plan.label, "test/top1", test.top1)] if test else []
        self.cohort.someone_is_left()
        if points:
            yield Metrics(self.step, points)
        taught = self._taught_by(self.data.test)
        results = Results(list(trained.values()), taught, self.training.seed)
        yield Phase("exporting", "writing the students' files")
        sample = sample_of(self.data.val) if "onnx" in self.recipe.exports else None
        for learner in self.cohort.alive:
            metrics = results.metrics(trained[learner.plan.label])
            if learner.average is not None:
                metrics["top1_raw"] = self.cohort.figures[learner.plan.label]["top1_raw"]
            told = whole_evaluation(trained[learner.plan.label], taught, self.data)
            yield from self.delivery.final(
                learner, self.step, self.step // self.batches.per_epoch, metrics, told, sample
            )
        yield Finished(results.summary())

    def _taught_by(self, test: Split | None = None) -> TeacherAnswers | None:
        """The teacher's answers on val, and on test where that is asked for: once, at the end."""
        if self.teacher is None or self.teacher_on_val is None:
            return None
        on_test = None
        if test is not None:
            (on_test,) = answer([self.teacher], test)
        return TeacherAnswers(self.teacher.architecture, self.teacher.parameters, self.teacher_on_val, on_test)
