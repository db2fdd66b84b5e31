"""The end of a training: the last figures, on test too where there is one; then the files, then the result."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from core.assignment import TrainAssignment
from core.events import Event, Finished, Metrics, Phase, StudentSaved
from core.points import reach
from core.training.canonical import Place, load_teacher
from core.training.cohort import Cohort, Points
from core.training.data import Data, Split, View
from core.training.deliver import Delivery
from core.training.evaluate import Answers, answer
from core.training.evaluation import whole_evaluation
from core.training.latency import ON_PROCESSOR, first_image, latency_ms, latency_of_all
from core.training.models import build
from core.training.onnx_export import sample_of
from core.training.results import Results, TeacherAnswers, Trained
from core.training.student import Diverged, Learner
from core.training.teacher import Teacher


@dataclass(frozen=True)
class Finish:
    """What it takes. Of several processes the first one alone comes here."""

    assignment: TrainAssignment
    data: Data
    cohort: Cohort
    delivery: Delivery
    teacher: Teacher | None
    teacher_on_val: Answers | None

    def events(self, step: int, epoch: int) -> Iterator[Event]:
        """`step` updates and `epoch` epochs were made. Ends with Finished; TrainingFailed where nobody is left."""
        recipe, data, cohort = self.assignment.recipe, self.data, self.cohort
        yield Phase("evaluating", "measuring the last weights")
        trained: dict[str, Trained] = {}
        learners = cohort.alive
        on_val = cohort.answers(data.val, self.teacher)
        on_test = cohort.answers(data.test, self.teacher) if data.test else [None] * len(learners)
        points: Points = []
        for learner, val, test in zip(learners, on_val, on_test, strict=True):
            if test is not None and not test.finite:
                yield cohort.fail(learner, Diverged(step, "test/logits"))
                continue
            assert learner.best is not None
            trained[learner.plan.label] = Trained(learner.plan, learner.parameters, val, test, learner.best)
            points += [(learner.plan.label, "test/top1", test.top1)] if test else []
        cohort.someone_is_left()
        if points:
            yield Metrics(step, points)
        latencies = self._latencies()
        taught = taught_by(self.teacher, self.teacher_on_val, data.test)
        if taught is not None:
            taught = replace(taught, latency_ms=self._teacher_latency())
        results = Results(list(trained.values()), taught, recipe.training.seed)
        yield Phase("exporting", "writing the students' files")
        sample = sample_of(data.val) if "onnx" in recipe.exports else None
        for learner in cohort.alive:
            label = learner.plan.label
            metrics = results.metrics(trained[label])
            if learner.average is not None:
                metrics["top1_raw"] = cohort.figures[label]["top1_raw"]
            told = whole_evaluation(trained[label], taught, data)
            for event in self.delivery.final(learner, step, epoch, metrics, told, sample):
                if isinstance(event, StudentSaved):
                    # Told alone, never in a file: files are the same bytes wherever they are made.
                    yield replace(event, metrics=event.metrics | {"latency_ms": latencies[label]})
                else:
                    yield event
        reach("child.exported")
        yield Finished(results.summary())

    def _latencies(self) -> dict[str, float]:
        """Milliseconds by label. Equal networks take equally long, and are measured once: what they differ in is noise.

        Each is built as whoever downloads it builds it, on the processor, wherever it has learnt.
        """
        image = first_image(self.data.val)
        alike: dict[tuple[str, View], float] = {}
        for learner in self.cohort.alive:
            if (key := _form(learner)) not in alike:
                network = build(learner.plan.architecture, len(self.data.meta.classes))
                network.load_state_dict(learner.weights())
                alike[key] = latency_ms(ON_PROCESSOR.place(network).eval(), learner.view, image)
        return {learner.plan.label: alike[_form(learner)] for learner in self.cohort.alive}

    def _teacher_latency(self) -> float | None:
        """None where it has no network."""
        teacher, assignment = self.teacher, self.assignment
        if teacher is None or assignment.teacher is None or not teacher.sees:
            return None
        if teacher.sees[0].precision.device.type != "cpu":
            place = Place(self.data.meta, self.delivery.dataset_sha256, ON_PROCESSOR, assignment.threads)
            teacher = load_teacher(assignment.teacher, place, assignment.recipe.teacher_adapter)
        return latency_of_all(teacher.sees, first_image(self.data.val))


def _form(learner: Learner) -> tuple[str, View]:
    return learner.plan.architecture, learner.view


def taught_by(teacher: Teacher | None, on_val: Answers | None, test: Split | None = None) -> TeacherAnswers | None:
    """The teacher's answers on val, and on test where that is asked for: once, at the end."""
    if teacher is None or on_val is None:
        return None
    on_test = None
    if test is not None:
        (on_test,) = answer([teacher], test)
    return TeacherAnswers(teacher.architecture, teacher.parameters, on_val, on_test)
