"""What a job looks like from outside."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidatorFunctionWrapHandler, WrapValidator

from api.schemas import FailureRead, Name, ObjectRead, Read, Reference, Wish
from api.strict import refuse_conversions
from core.db.courses import Course
from core.db.jobs import SmallDataset, SmallTeacher
from core.db.models import Job, Student
from core.lifecycle import JobStatus, available_actions
from core.plan import StudentPlan, twin_key
from core.recipe import Labels, Recipe

Priority = int
Metadata = dict[str, str]


class JobCopy(BaseModel):
    """A job like another one. Every other field is a recipe's, and holds in place of the other job's."""

    model_config = ConfigDict(
        extra="allow",
        allow_inf_nan=False,
        json_schema_extra={"propertyNames": {"enum": ["source_job", *Recipe.model_fields]}},
    )

    source_job: str = Field(max_length=100, description="The job whose recipe is taken: job_…")


def _tag(body: Any) -> str:
    return "copy" if isinstance(body, JobCopy) or (isinstance(body, dict) and "source_job" in body) else "recipe"


def _as_said(value: Any, read: ValidatorFunctionWrapHandler) -> Recipe:
    """A recipe is no `Wish`: in a JOB.yaml, `1e-3` is a text that means a number."""
    recipe: Recipe = read(value)
    refuse_conversions(value, recipe)
    return recipe


AsRecipe = Annotated[Recipe, WrapValidator(_as_said), Tag("recipe")]
JobCreate = Annotated[AsRecipe | Annotated[JobCopy, Tag("copy")], Discriminator(_tag)]


class JobChange(Wish):
    """What can be changed of a job at any time."""

    name: Name | None = None
    metadata: Labels | None = Field(None, max_length=16, description="Replaces the labels.")
    priority: int | None = Field(None, ge=-100, le=100, description="Higher runs first.")


class PhaseRead(Read):
    """One thing a job was busy with; `ended_at` is null for the one it is busy with now."""

    phase: str
    message: str = ""
    started_at: datetime
    ended_at: datetime | None = None


class ProgressRead(Read):
    """How far a job is. `step` counts optimizer updates."""

    percent: float = Field(0.0, description="0 to 100.")
    step: int = 0
    total_steps: int | None = None
    epoch: int = 0
    total_epochs: int | None = None
    images_per_second: float | None = None
    eta_seconds: float | None = None
    updated_at: datetime | None = None


class JobTeacher(Reference):
    """The teacher of a job, in passing."""

    architecture: str | None = None
    top1: float | None = Field(None, description="On the data set that it was registered with.")


class JobDataset(Reference):
    """The data set of a job, in passing."""

    classes: int | None = Field(None, description="How many there are.")
    image_size: int | None = None


class JobStudent(Read):
    """A student of a job, in passing."""

    id: str
    name: str
    label: str = Field(description="Unique in the job.")
    role: Literal["student", "control"]
    seed: int
    architecture: str
    parameters: int | None
    loss: str = Field(description="The kind of its loss.")
    twin: str = Field(description="Equal for a student and the control that it is measured against.")
    status: Literal["waiting", "training", "trained", "failed", "cancelled"]
    metrics: dict[str, Any]
    error: FailureRead | dict[str, Any] | None = None

    @classmethod
    def of(cls, row: Student) -> Self:
        fields = {name: getattr(row, name) for name in cls.model_fields if name not in ("loss", "twin")}
        return cls.model_validate(fields | {"loss": row.plan["loss"]["kind"], "twin": twin_key(row.plan)})


class SpentRead(Read):
    """What a job has cost, over all its attempts."""

    attempts: int
    slot_seconds: float = Field(description="For which it held a slot; an attempt that goes on counts up to now.")
    gpu_seconds: float = Field(description="The same times the GPUs that it used; 0 on the processor.")
    teacher_forwards: int = Field(description="Images shown to the teacher while training.")


class JobRead(ObjectRead):
    """One distillation: a teacher (or none), a data set, students, one schedule."""

    object: Literal["job"] = "job"
    name: str
    status: JobStatus
    phase: str | None = Field(description="What a running job is busy with.")
    phase_history: list[PhaseRead]
    waits_for: str | None = Field(None, description="The data set or teacher that has to be read before it can run.")
    attempt: int = Field(description="Which attempt it is at; 0 before the first.")
    max_attempts: int = Field(description="Crashes without a new checkpoint between them after which it fails.")
    progress: ProgressRead
    teacher: JobTeacher | None
    dataset: JobDataset | None
    students: list[JobStudent]
    recipe: dict[str, Any] = Field(description="As resolved: every default filled in.")
    decided: dict[str, Any] | None = Field(description="What the first attempt chose: device, precision, threads.")
    result: dict[str, Any] | None = Field(description="The teacher's figures; at the end also groups and the verdict.")
    top1: float | None = Field(
        description="Of the student that leads, the mean over its seeds: on val so far, at the end as in the result."
    )
    spent: SpentRead
    error: FailureRead | None
    warnings: list[str] = Field(description="What is allowed but probably not meant.")
    available_actions: list[str] = Field(description="Of cancel, pause, resume, retry, delete.")
    last_event: int = Field(description="The number of its newest event: where a stream goes on from.")
    priority: int
    metadata: Metadata
    heartbeat_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(
        cls,
        row: Job,
        *,
        course: Course,
        max_attempts: int,
        teacher: SmallTeacher | None,
        dataset: SmallDataset | None,
    ) -> Self:
        same = ("id", "created_at", "name", "status", "phase", "phase_history", "recipe", "decided", "result", "error")
        times = ("top1", "warnings", "priority", "heartbeat_at", "started_at", "finished_at")
        small = None
        if dataset is not None:
            count = len(dataset.classes) if dataset.classes is not None else None
            small = JobDataset(id=dataset.id, name=dataset.name, classes=count, image_size=dataset.image_size)
        return cls(
            **{name: getattr(row, name) for name in same + times},
            attempt=course.attempt,
            waits_for=course.waits_for,
            max_attempts=max_attempts,
            progress=_progress(row),
            spent=SpentRead.model_validate(course.spent),
            teacher=JobTeacher.model_validate(teacher) if teacher is not None else None,
            dataset=small,
            students=[JobStudent.of(student) for student in row.students],
            available_actions=available_actions(JobStatus(row.status)),
            last_event=row.last_seq,
            metadata=row.labels,
        )


def _progress(row: Job) -> ProgressRead:
    """As reported; before the first report the recipe tells how many epochs there will be."""
    told = dict(row.progress or {})
    told.setdefault("total_epochs", row.recipe["training"]["epochs"])
    if told.get("percent") is None:
        total = told.get("total_steps")
        told["percent"] = 100.0 * told.get("step", 0) / total if total else 0.0
    if row.status == JobStatus.SUCCEEDED:
        told["percent"] = 100.0
    return ProgressRead.model_validate({k: v for k, v in told.items() if k in ProgressRead.model_fields})


class PreviewTeacher(Read):
    """The teacher of a job that is not made yet."""

    id: str | None = Field(description="Null where the job would register it.")
    name: str
    architecture: str | None
    top1: float | None = Field(description="On the data set that it was registered with.")


class PreviewDataset(Read):
    """The data set of a job that is not made yet."""

    id: str | None = Field(description="Null where the job would register it.")
    name: str
    classes: int | None = Field(description="How many there are; null until it has been read.")
    image_size: int | None


class JobPreview(Read):
    """What a job would be: nothing is stored."""

    object: Literal["job_preview"] = "job_preview"
    recipe: dict[str, Any] = Field(description="As resolved: every default filled in.")
    students: list[StudentPlan]
    teacher: PreviewTeacher | None
    dataset: PreviewDataset
    warnings: list[str]


class CheckpointRead(ObjectRead):
    """What a job can be resumed from."""

    object: Literal["checkpoint"] = "checkpoint"
    attempt: int
    step: int
    epoch: int
    bytes: int
    sha256: str


class SeriesRead(Read):
    """One curve: parallel columns. `min` and `max` tell the spikes within a bucket, `value` is its last point."""

    student: str | None = Field(description="Null for the teacher's and the job's own figures.")
    name: str
    step: list[int]
    value: list[float]
    min: list[float]
    max: list[float]
    points: int = Field(description="That were recorded: more than there are steps here where buckets hold several.")


class MetricsRead(Read):
    """The curves of a job."""

    object: Literal["metrics"] = "metrics"
    series: list[SeriesRead]
    sampled: bool = Field(description="Whether any bucket holds more than one point.")
    width: int = Field(description="Steps that a bucket covers, a power of two; each begins at a multiple of it.")
    last_event: int = Field(description="The number of the job's newest event when this was read.")
