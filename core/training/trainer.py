"""The training loop: one batch, one look at the teacher, and every student learns from it on its own."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from core.assignment import TrainAssignment
from core.child import Stop
from core.errors import Failure, TrainingFailed
from core.events import CheckpointSaved, Event, Log, Metrics, Phase, Spent, Started, Stopped
from core.points import reach
from core.training.augment import augmenters, resolve
from core.training.canonical import Place, load_teacher
from core.training.checkpoint import identity_of, load_checkpoint, save_checkpoint
from core.training.cohort import Cohort
from core.training.data import Batch, Data, Places, TrainBatches
from core.training.deliver import Delivery
from core.training.doctor import DOUBTFUL, examine, explained
from core.training.evaluate import Answers, answer
from core.training.export import file_sha256
from core.training.finish import Finish, taught_by
from core.training.pace import Pace, SaveClock, TimeLimit, Waiting
from core.training.precision import cannot_compile, decide
from core.training.system import System
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
        self.teacher_forwards = 0  # of this attempt
        self.ended: str | None = None  # why no further epoch is wanted, though there would be more
        self.time = TimeLimit(self.training.time_limit)

    def run(self) -> Iterator[Event]:
        """Ends with Finished or Stopped. TrainingFailed where it cannot succeed, OSError where the disk cannot."""
        assignment = self.assignment
        yield Phase("loading", "reading the data and building the networks")
        self._load()
        reach("child.loaded")
        try:
            if self.teacher is not None:
                yield Phase("checking_teacher", "measuring the teacher")
                yield from self._check_teacher(self.teacher)
            if self.training.compile and (why := cannot_compile(self.precision.device)) is not None:
                self.training = self.training.model_copy(update={"compile": False})
                yield Log("warning", f"torch.compile does not work here, so the networks are not compiled: {why}")
            self._build_students()
            reach("child.built")
            yield Started(
                total_steps=self.total_steps,
                total_epochs=self.training.epochs,
                step=self.step,
                decided=self.decided,
                parameters={learner.plan.label: learner.parameters for learner in self.cohort.learners},
                teacher=taught.figures() if (taught := taught_by(self.teacher, self.teacher_on_val)) else None,
                bitwise=self.bitwise,
            )
            if (told := fewer_gpus(self.recipe.resources.gpus, self.team, self.precision.device)) is not None:
                yield Log("warning", told)
            if self.training.augment.kind == "standard":
                yield Log("info", f"The augmentation standard is {self.decided['augment']} for this data set.")
            yield from self.cohort.doubts(self.total_steps)
            yield Phase("training", "training the students")
            self.pace = Pace(self.step, self.total_steps, self.batches.size)
            self.clock = SaveClock(assignment.checkpoint_seconds)
            self.waiting = Waiting(self.precision.device)
            self.system = System(self.precision.device, assignment.threads, self.team)
            self.time.begin(self.time_before)
            while self.step < self.total_steps and self.ended is None:
                yield from self._epoch(self.step // self.batches.per_epoch)
            if self.ended is not None:
                yield Log("info", self.ended)
            yield Spent(self.teacher_forwards)
            if self.team.leads:
                end = Finish(assignment, self.data, self.cohort, self.delivery, self.teacher, self.teacher_on_val)
                reach("child.trained")
                yield from end.events(self.step, self.step // self.batches.per_epoch)
        except _StopAsked:
            reach("child.stopping")
            yield Spent(self.teacher_forwards)
            yield Stopped(self.step)
        except Exception:
            yield Spent(self.teacher_forwards)
            raise

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
        networks = len(self.teacher.sees) if self.teacher else 0
        self.asked_each_step = self.batches.size * self.training.views * networks
        self.delivery = Delivery(
            folder=assignment.folder,
            recipe=self.recipe,
            data=meta,
            dataset_sha256=dataset_sha256,
            teacher_sha256=file_sha256(assignment.teacher) if assignment.teacher else None,
            threads=assignment.threads,
        )
        self.identity = identity_of(assignment, dataset_sha256, self.delivery.teacher_sha256)

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
            self.teacher_forwards += self.asked_each_step
            self.step += 1
            measured = self.step % self.batches.per_epoch == 0
            self.cohort.learn(batch, teacher_logits, prepared, self.step, measured)
            reach("child.step")
            if self.step % self.training.log_every == 0 or self.step == self.total_steps:
                yield from self.cohort.flush(self.step)
            if (progress := self.pace.progress(self.step, epoch + 1)) is not None:
                yield progress
                yield Spent(self.teacher_forwards)
            if not measured:  # the end of an epoch tells them anyway
                yield from self.system.tell_if_due(self.step)
        reach("child.epoch")
        share = self.waiting.share()
        yield from self.cohort.evaluate(self.data.val, self.teacher, self.teacher_on_val, self.step, epoch + 1)
        images_seen = (self.batches.per_epoch - first) * self.batches.size
        speed = images_seen / (time.monotonic() - begun)
        yield Metrics(self.step, [(None, "images_per_second", speed), (None, "time/data", share)])
        yield from self.system.tell(self.step)
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

    def _save(self) -> Iterator[Event]:
        """A checkpoint, then the weights of those who have become better than ever."""
        yield from self.cohort.check(self.step)
        if not self.team.leads:
            return
        reach("checkpoint.begin")
        begun = time.monotonic()
        decided = {"identity": self.identity, "decided": self.decided, "step": self.step}
        folder = self.assignment.folder / "checkpoints"
        course = {"ended": self.ended, "time": self.time.taken}
        saved = save_checkpoint(decided | course | self.cohort.state(), folder, self.step)
        reach("checkpoint.saved")
        cost = time.monotonic() - begun
        epoch = self.step // self.batches.per_epoch
        yield CheckpointSaved(self.step, epoch, str(saved.path), saved.bytes, saved.sha256)
        reach("checkpoint.told")
        for learner in self.cohort.alive:
            if learner.best is not None and learner.best["step"] != learner.best_saved_step:
                begun = time.monotonic()
                event = self.delivery.best(learner, self.step, self.cohort.figures[learner.plan.label])
                cost += time.monotonic() - begun
                yield event
        self.clock.saved(cost)

    def _resume(self, checkpoint: Path) -> None:
        state = load_checkpoint(checkpoint)
        reach("child.resumed")
        if state["identity"] != self.identity:
            detail = "The checkpoint belongs to another recipe, data set or teacher."
            raise TrainingFailed(Failure("checkpoint_of_another_job", "The checkpoint does not fit", detail))
        self.step, self.ended = state["step"], state["ended"]
        self.time_before = state["time"] or 0.0
        self.cohort.restore(state)
