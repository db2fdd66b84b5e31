"""What `evaluation.json` says of a trained student, beside its teacher: written by training, read by the service."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

FILE = "evaluation.json"
SplitName = Literal["val", "test"]
Share = Annotated[float, Field(ge=0, le=1)]
Interval = Annotated[list[Share], Field(min_length=2, max_length=2, description="95 %, Wilson's.")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Bin(_Part):
    """Images whose confidence lies in one stretch, of which there are fifteen equal ones."""

    count: int = Field(description="Images.")
    confidence: Share = Field(
        description="Mean probability of the predicted class; the middle where there is no image."
    )
    top1: Share | None = Field(description="Share that is right; null where there is no image.")


class Judged(_Part):
    """One network on one split."""

    top1: Share
    top1_interval: Interval
    top5: Share
    nll: float = Field(description="Mean negative log-likelihood of the label, in nats.")
    ece: Share = Field(description="Expected calibration error (Guo et al., 2017), fifteen bins.")
    calibration: list[Bin]


class ClassJudged(_Part):
    """The images of one class."""

    index: int
    name: str
    count: int = Field(description="Images of the class in the split.")
    top1: Share | None = Field(description="Share of them that the student gets right; null where there is none.")
    top1_interval: Interval | None
    teacher_top1: Share | None
    agreement: Share | None = Field(description="Share of them on which student and teacher say the same.")


class Confused(_Part):
    """So many images of one class are taken for another."""

    label: int = Field(description="Index of their class.")
    predicted: int = Field(description="Index of the class that the student says.")
    count: int
    teacher: int | None = Field(description="How many of such images the teacher confuses alike.")


class Disagreement(_Part):
    """An image on which student and teacher differ; without a teacher, one on which the student is wrong."""

    index: int = Field(description="From 0, in the split.")
    name: str = Field(description="The image's name in the data set.")
    label: int = Field(description="Index of its class.")
    student: int = Field(description="Index of the class that the student says.")
    student_confidence: Share
    teacher: int | None
    teacher_confidence: Share | None
    distance: float = Field(
        ge=0,
        description="KL divergence of the student's from the teacher's probabilities, in nats; else the label's NLL.",
    )


class SplitEvaluation(_Part):
    """One split, at the end of the training."""

    count: int = Field(description="Images.")
    student: Judged
    teacher: Judged | None
    agreement: Share | None = Field(description="Share of images on which both say the same.")
    agreement_teacher_right: Share | None
    agreement_teacher_wrong: Share | None
    kl: float | None = Field(
        description="Mean KL divergence of the student's from the teacher's probabilities, in nats."
    )
    inter: float | None = Field(description="Mean correlation of both predictions, image by image.")
    intra: float | None = Field(description="Mean correlation of both predictions, class by class.")
    classes: list[ClassJudged]
    confusions: list[Confused] = Field(description="Most frequent first.")
    confusions_left_out: int = Field(description="Images in further pairs of classes.")


class Evaluation(_Part):
    """The whole document."""

    format: Literal[1] = 1
    splits: dict[SplitName, SplitEvaluation]
    disagreements: dict[SplitName, list[Disagreement]] = Field(
        description="By split. Teacher right and student wrong first, then by distance."
    )
