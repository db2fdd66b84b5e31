"""What a teacher looks like from outside, and how one is asked for."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field

from api.schemas import FailureRead, Name, ObjectRead, Wish
from core.db.models import Teacher
from core.teaching import Normalization


class UploadedCheckpoint(Wish):
    """A checkpoint (safetensors, or a PyTorch file), an ONNX model, or a table of logits. No code in it is executed."""

    kind: Literal["upload"]
    upload: str = Field(max_length=100, description="A complete upload with purpose teacher.")


class TrainedStudent(Wish):
    """A student that has been trained here."""

    kind: Literal["student"]
    student: str = Field(max_length=100, description="The student's id.")


class PretrainedWeights(Wish):
    """Published weights: the worker finds them among its files, or downloads them."""

    kind: Literal["pretrained"]
    library: Literal["torchvision", "timm"]
    name: str = Field(max_length=200, description="Of the network in the library, e.g. resnet50.")
    weights: str | None = Field(
        None, max_length=200, description="Which of them, e.g. IMAGENET1K_V2 or a1_in1k; default: the library's own."
    )


class EnsembleMember(Wish):
    """One of several teachers."""

    teacher: str = Field(max_length=100, description="The teacher's id; it may still be read.")
    weight: float = Field(
        1.0, gt=0, le=1e6, description="Of its probabilities in the mean, beside the others' weights."
    )


class SeveralTeachers(Wish):
    """The weighted mean of several teachers' probabilities. It keeps their weights, whatever becomes of them."""

    kind: Literal["ensemble"]
    members: list[EnsembleMember] = Field(min_length=2, max_length=16)


TeacherSource = Annotated[
    UploadedCheckpoint | TrainedStudent | PretrainedWeights | SeveralTeachers, Field(discriminator="kind")
]


class TeacherCreate(Wish):
    """Register a teacher; a worker then reads it."""

    name: Name
    source: TeacherSource
    architecture: str | None = Field(None, max_length=200, description="Found by fingerprint where it is not given.")
    dataset: str | None = Field(None, max_length=100, description="Checks the classes, and measures top-1 on its val.")
    normalization: Normalization | None = Field(None, description="What the teacher expects, if not what it records.")
    image_size: int | None = Field(
        None, ge=4, le=1024, description="Side of the images it expects; default: what is recorded, else what suits."
    )


class TeacherRead(ObjectRead):
    """Whatever answers with logits: a network with its normalisation, an ONNX model, a table, a mean of others."""

    object: Literal["teacher"] = "teacher"
    name: str
    kind: Literal["network", "onnx", "table", "ensemble"] = Field(description="What it is; known once it is read.")
    bound: bool = Field(description="It knows the images of its data set alone, as a table of logits does.")
    status: Literal["validating", "ready", "rejected"]
    source: dict[str, Any]
    asked: dict[str, Any] = Field(description="What was asked for beside: architecture, normalization, image_size.")
    dataset: str | None = Field(description="The data set's id.")
    architecture: str | None = Field(description="Of a network.")
    classes: int | None = Field(description="How many it knows.")
    class_names: list[str] | None
    parameters: int | None
    normalization: dict[str, Any] | None
    image_size: int | None = Field(description="Side of the images it expects; null: the data set's.")
    interpolation: str | None = Field(description="How images of another size are brought to it.")
    sha256: str | None = Field(description="Of the canonical weights.")
    bytes: int | None
    top1: float | None = Field(description="On the val split of its data set.")
    warnings: list[str] = Field(description="What is odd about it, in words.")
    report: dict[str, Any] | None = Field(description="What was found in the file.")
    error: FailureRead | None

    @classmethod
    def of(cls, row: Teacher) -> Self:
        fields = {name: getattr(row, name) for name in cls.model_fields if name not in ("object", "dataset")}
        return cls.model_validate(
            fields | {"dataset": row.dataset_id, "warnings": row.warnings or [], "asked": row.asked or {}}
        )
