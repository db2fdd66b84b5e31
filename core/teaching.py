"""Who teaches: the parts of a recipe that name teachers, and say how they want to be asked."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator

from core.part import Part


class Normalization(Part):
    """Mean and standard deviation per channel, of images scaled to 0..1."""

    mean: tuple[float, float, float] = Field(description="Mean of red, green, blue.")
    std: tuple[float, float, float] = Field(description="Standard deviation of red, green, blue.")

    @field_validator("std")
    @classmethod
    def _positive(cls, value: tuple[float, float, float]) -> tuple[float, float, float]:
        if min(value) <= 0:
            raise ValueError("every std must be above 0")
        return value


class TeacherFile(Part):
    """A teacher that is read for this job: a file (JOB.yaml only), or an upload."""

    path: str = Field(min_length=1, description="Path of a checkpoint, an ONNX model or a table of logits; or upl_….")
    architecture: str | None = Field(None, description="Found by fingerprint where it is not given.")
    normalization: Normalization | None = Field(None, description="What the teacher expects; default: the data set's.")


class Member(TeacherFile):
    """One of several teachers."""

    path: str = Field(min_length=1, description="As for one teacher alone; also a teacher's id, or published weights.")
    weight: float = Field(
        1.0, gt=0, le=1e6, description="Of its probabilities in the mean, beside the others' weights."
    )


class Ensemble(Part):
    """Several teachers at once: the weighted mean of their probabilities teaches."""

    members: list[Member] = Field(min_length=2, max_length=16, description="The teachers.")


def _teacher_by_form(value: Any) -> str:
    if isinstance(value, Ensemble) or (isinstance(value, dict) and "members" in value):
        return "several"
    return "file" if isinstance(value, TeacherFile | dict) else "name"


AnyTeacher = Annotated[
    Annotated[str, Tag("name")] | Annotated[TeacherFile, Tag("file")] | Annotated[Ensemble, Tag("several")],
    Discriminator(_teacher_by_form),
]


class Adapter(Part):
    """What stands between this data set and a teacher that was trained on another form of it."""

    normalization: Normalization | None = Field(None, description="What the teacher expects; default: its own.")
    channels: Literal["rgb", "bgr"] = Field("rgb", description="Order in which it wants the colours.")
    outputs: list[Annotated[int, Field(ge=0)]] | None = Field(
        None,
        max_length=100_000,
        description="For each class of the data set the number of the output that means it; default: the same number.",
    )

    @field_validator("outputs")
    @classmethod
    def _permutation(cls, value: list[int] | None) -> list[int] | None:
        if value is not None and sorted(value) != list(range(len(value))):
            raise ValueError(f"outputs must name each number from 0 to {len(value) - 1} once")
        return value
