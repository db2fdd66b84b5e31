"""What a student looks like from outside."""

from typing import Any, Literal, Self
from urllib.parse import quote

from pydantic import Field

from api.schemas import FailureRead, ObjectRead, Read, Reference
from core.db.models import Dataset, Student, Teacher
from core.evaluation import Disagreement, SplitEvaluation, SplitName
from core.plan import twin_key

WEIGHTS = "weights.safetensors"


class FileRead(Read):
    """A file that can be downloaded; its ETag is its hash."""

    name: str
    bytes: int
    sha256: str
    media_type: str
    url: str = Field(description="Path of the download.")


class EvaluationRead(SplitEvaluation):
    """What a trained student gets right, class by class, on one split; beside its teacher."""

    id: str = Field(description="The student's.")
    object: Literal["evaluation"] = "evaluation"
    dataset: str = Field(description="The data set's id.")
    split: SplitName
    splits: list[SplitName] = Field(description="Those that there are evaluations of.")


class DisagreementRead(Disagreement):
    image: str = Field(description="Path of a small PNG of it.")


class StudentTeacher(Reference):
    """Who taught a student, in passing."""

    top1: float | None = Field(description="On the data set that it was registered with.")


class StudentRead(ObjectRead):
    """One candidate of a job with one seed; once trained: weights, figures, files."""

    object: Literal["student"] = "student"
    job: str = Field(description="The job's id.")
    job_name: str
    dataset: Reference = Field(description="The job's.")
    teacher: StudentTeacher | None = Field(description="The job's, also for a control, which does not listen to it.")
    name: str
    label: str = Field(description="Unique in the job.")
    seed: int
    role: Literal["student", "control"]
    status: Literal["waiting", "training", "trained", "failed", "cancelled"]
    architecture: str
    parameters: int | None
    loss: dict[str, Any]
    optimizer: dict[str, Any]
    init: dict[str, Any]
    twin: str = Field(description="Equal for a student of a job and the control that it is measured against.")
    metrics: dict[str, Any]
    error: FailureRead | dict[str, Any] | None
    tensors_sha256: str | None = Field(description="Of names, dtypes, shapes and bytes: equal weights, equal hash.")
    bytes: int | None = Field(description="Of its weights; null while there are none.")
    files: list[FileRead]

    @classmethod
    def of(cls, row: Student, root_path: str, dataset: Dataset, teacher: Teacher | None) -> Self:
        same = ("id", "created_at", "name", "label", "seed", "role", "status", "architecture", "parameters")
        more = ("metrics", "error", "tensors_sha256")
        files = [
            FileRead(
                name=file.name,
                bytes=file.bytes,
                sha256=file.sha256,
                media_type=file.media_type,
                url=f"{root_path}/v1/students/{row.id}/files/{quote(file.name)}",
            )
            for file in row.files
        ]
        return cls(
            **{name: getattr(row, name) for name in same + more},
            job=row.job_id,
            job_name=row.job.name,
            dataset=Reference.model_validate(dataset),
            teacher=StudentTeacher.model_validate(teacher) if teacher is not None else None,
            bytes=next((file.bytes for file in files if file.name == WEIGHTS), None),
            loss=row.plan["loss"],
            optimizer=row.plan["optimizer"],
            init=row.plan["init"],
            twin=twin_key(row.plan),
            files=files,
        )
