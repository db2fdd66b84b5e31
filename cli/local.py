"""Training without a server: the very child processes that the workers run, supervised from a terminal."""

from pathlib import Path
from typing import Any

from cli.following import Interrupts, follow
from cli.jobfile import Builtin, local_dataset, local_teacher, names_published
from cli.output import say, warn
from cli.progress import ProgressView
from cli.run_folder import RunFolder
from core.assignment import MemberFile, ReadDatasetAssignment, ReadTeacherAssignment, TrainAssignment
from core.errors import Invalid, Problem
from core.events import (
    CheckpointSaved,
    Event,
    Finished,
    Log,
    Metrics,
    Phase,
    Progress,
    Started,
    Stopped,
    StudentFailed,
    StudentSaved,
)
from core.fit import check_fit
from core.plan import plan_students
from core.recipe import Recipe
from core.settings import Settings
from core.teaching import Ensemble, TeacherFile
from core.weights import locate, published, start_files

Json = dict[str, Any]


class LocalTraining:
    """One call of the command: reads the inputs, trains, and leaves everything in the run's folder."""

    def __init__(
        self,
        recipe: Recipe,
        base: Path,
        folder: RunFolder,
        settings: Settings,
        view: ProgressView,
        builtin_files: Path | None = None,
    ) -> None:
        """`builtin_files`: a folder with one for each known data set, instead of the settings'."""
        self.builtin_files = builtin_files or settings.builtin_files
        self.recipe, self.base, self.folder, self.settings, self.view = recipe, base, folder, settings, view
        self.threads = settings.threads_per_child(1)
        self.plans = plan_students(recipe)
        self.interrupts = Interrupts()
        self.totals = (0, 0)
        self.phase = "starting"
        self.accuracy: dict[str, float] = {}

    def run(self) -> Finished | Stopped:
        with self.interrupts.caught():
            sources = self._teacher_sources()  # what is not there is said before anything is read
            dataset = self._read_dataset()
            if isinstance(dataset, Stopped):
                return dataset
            teacher = self._read_teacher(sources, Path(dataset.result["path"]))
            if isinstance(teacher, Stopped):
                return teacher
            self._check(dataset.result, teacher.result if teacher else None)
            return self._train(dataset.result, teacher.result if teacher else None)

    # --- inputs -------------------------------------------------------------------------------------------------

    def _read_dataset(self) -> Finished | Stopped:
        source = local_dataset(self.recipe, self.base)
        if source is None:
            detail = (
                f"{self.recipe.dataset} is an id of the service; here a folder, an archive or builtin:<name> is needed."
            )
            raise Invalid([Problem("/dataset", "not_local", detail)])
        self.view.show("reading the data set")
        assignment = ReadDatasetAssignment(
            folder=self.folder.inner / "dataset",
            threads=self.threads,
            builtin=source.name if isinstance(source, Builtin) else None,
            builtin_folder=self.builtin_files,
            path=source if isinstance(source, Path) else None,
            **({} if isinstance(self.recipe.dataset, str) else self.recipe.dataset.options()),
        )
        return follow("core.intake.child", assignment, self._on_event, self.interrupts)

    def _teacher_sources(self) -> list[Json]:
        """Which files teach, and what is known of them; none for no teacher."""
        said = self.recipe.teacher
        if said is None:
            return []
        if not isinstance(said, Ensemble):
            return [self._teacher_source(said, "/teacher")]
        return [self._teacher_source(one, f"/teacher/members/{i}") for i, one in enumerate(said.members)]

    def _teacher_source(self, said: str | TeacherFile, pointer: str) -> Json:
        name = said if isinstance(said, str) else said.path
        if names_published(name, self.base):
            library, _, network_name = name.partition("/")
            try:
                network, tag = published({"library": library, "name": network_name})
            except Invalid as error:
                raise Invalid([Problem(pointer, p.code, p.detail) for p in error.problems]) from error
            return {"path": locate(network, tag, self.settings), "architecture": network.name, "weights": tag}
        if (found := local_teacher(said, self.base, pointer)) is not None:
            path, known = found
            return {"path": path, "architecture": known.architecture, "normalization": known.normalization}
        detail = f"{name} is an id of the service; here a file or published weights are needed."
        raise Invalid([Problem(pointer, "not_local", detail)])

    def _read_teacher(self, sources: list[Json], dataset: Path) -> Finished | Stopped | None:
        said = self.recipe.teacher
        if not isinstance(said, Ensemble):
            return self._read_one(dataset, "teacher", **sources[0]) if sources else None
        members = []
        for number, (member, source) in enumerate(zip(said.members, sources, strict=True), 1):
            read = self._read_one(dataset, f"teacher-{number}", **source)
            if isinstance(read, Stopped):
                return read
            known = {key: read.result[key] for key in ("path", "classes", "class_names", "parameters", "bound")}
            members.append(MemberFile(name=Path(member.path).name, weight=member.weight, **known))
        return self._read_one(dataset, "teacher", members=members)

    def _read_one(self, dataset: Path, name: str, **source: Any) -> Finished | Stopped:
        self.view.show(f"reading the {name.replace('-', ' ')}")
        folder = self.folder.inner / name
        assignment = ReadTeacherAssignment(folder=folder, threads=self.threads, dataset=dataset, **source)
        return follow("core.training.child", assignment, self._on_event, self.interrupts)

    def _check(self, dataset: Json, teacher: Json | None) -> None:
        for line in check_fit(
            self.recipe,
            dataset_classes=dataset["classes"],
            counts=dataset["counts"],
            image_size=dataset["image_size"],
            form=dataset.get("form", "pixels"),
            unlabelled=dataset.get("unlabelled", 0),
            teacher_classes=teacher["classes"] if teacher else None,
            teacher_class_names=teacher["class_names"] if teacher else None,
            teacher_image_size=teacher.get("image_size") if teacher else None,
            teacher_kind=teacher["kind"] if teacher else "network",
            teacher_bound=teacher["bound"] if teacher else False,
        ):
            warn(line)
        self.folder.check_inputs(dataset["sha256"], teacher["sha256"] if teacher else None)

    # --- training -----------------------------------------------------------------------------------------------

    def _train(self, dataset: Json, teacher: Json | None) -> Finished | Stopped:
        good, bad = self.folder.good_checkpoint()
        for checkpoint in bad:
            warn(f"The checkpoint of step {checkpoint.step} is missing or damaged; going back to the one before.")
        resume = self.folder.inner / good.path if good else None
        attempt = self.folder.next_attempt(good)
        decided = self.folder.state.decided
        assignment = TrainAssignment(
            folder=attempt,
            threads=decided["threads"] if decided else self.threads,
            recipe=self.recipe,
            students=self.plans,
            dataset=Path(dataset["path"]),
            teacher=Path(teacher["path"]) if teacher else None,
            pretrained=start_files(self.plans, self.settings),
            resume=resume,
            decided=decided,
            checkpoint_seconds=self.settings.checkpoint_seconds,
        )
        return follow("core.training.child", assignment, self._on_event, self.interrupts)

    def _on_event(self, event: Event) -> None:
        state = self.folder.state
        match event:
            case Phase():
                self.phase = event.message or event.name
                self.view.show(self.phase)
            case Started():
                self.totals = (event.total_steps, event.total_epochs)
                state.decided = state.decided or event.decided
                state.parameters = event.parameters
                self.folder.save()
                if event.step:
                    say(f"Going on from step {event.step} of {event.total_steps}.")
                if not event.bitwise:
                    warn("It began on another kind of device: the weights may differ in their last bits.")
            case Progress():
                steps, epochs = self.totals
                note = f"epoch {event.epoch}/{epochs}  {event.images_per_second:.0f} images/s{self._best()}"
                self.view.show(self.phase, step=event.step, total=steps, eta=event.eta_seconds, note=note)
            case Metrics():
                self.folder.add_metrics(event)
                self.accuracy |= {label: v for label, name, v in event.points if label and name == "val/top1"}
            case CheckpointSaved():
                self.folder.add_checkpoint(event)
            case StudentSaved():
                self.folder.add_student(event)
            case StudentFailed():
                state.failed[event.student] = {"step": event.step, "term": event.term, "detail": event.detail}
                warn(f"{event.student}: {event.detail}")
            case Log(level="warning" | "error"):
                warn(event.message)

    def _best(self) -> str:
        return f"  best val top-1 {max(self.accuracy.values()):.1%}" if self.accuracy else ""
