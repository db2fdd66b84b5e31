"""What a worker (or `distillery train`) hands to a child process: a JSON file of local paths, no credentials."""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from core.plan import StudentPlan
from core.recipe import Recipe
from core.teaching import Normalization


class _Assignment(BaseModel):
    model_config = ConfigDict(extra="forbid")

    folder: Path = Field(description="The attempt's own folder; everything the child writes goes below it.")
    threads: int = Field(ge=1, description="Threads of the child's arithmetic.")


class TrainAssignment(_Assignment):
    """Train every student of the plan in one pass."""

    kind: Literal["train"] = "train"
    recipe: Recipe
    students: list[StudentPlan]
    dataset: Path = Field(description="The packed data set.")
    teacher: Path | None = Field(None, description="Canonical teacher weights (safetensors, self-describing).")
    pretrained: dict[str, Path] = Field(
        default_factory=dict, description="Published weights by `architecture:weights`, as files of the libraries."
    )
    processes: int | None = Field(
        None, ge=1, le=64, description="That share every batch; default: one for each GPU that is wanted and there."
    )
    resume: Path | None = Field(None, description="The checkpoint to go on from.")
    decided: dict[str, Any] | None = Field(None, description="What the first attempt chose; None: choose.")
    checkpoint_seconds: float = Field(300.0, gt=0, description="A checkpoint is due after every epoch, or this time.")


class ReadDatasetAssignment(_Assignment):
    """Turn a source into the packed form at `folder/data.safetensors`."""

    kind: Literal["read_dataset"] = "read_dataset"
    builtin: str | None = Field(None, description="A builtin data set's name; or path.")
    builtin_folder: Path | None = Field(None, description="Where the builtin set's files lie, where it needs any.")
    path: Path | None = Field(None, description="An archive or a folder of images.")
    image_size: int | None = Field(None, ge=4, le=1024, description="Side of prepared batches; default: what suits.")
    table: dict[str, str] | None = Field(None, description="`file`, `path`, `label`, `split`: a table that lists them.")
    val_fraction: float = Field(0.1, ge=0, lt=1, description="Share drawn for val where the source has no split.")
    test_fraction: float = Field(0.0, ge=0, lt=1, description="Share drawn for test where the source has no split.")
    seed: int = Field(0, ge=0, description="Of the drawn split.")


class MemberFile(BaseModel):
    """A teacher that takes part in an ensemble."""

    model_config = ConfigDict(extra="forbid")

    name: str
    path: Path = Field(description="Its canonical file.")
    weight: float = Field(gt=0)
    classes: int
    class_names: list[str] | None
    parameters: int | None
    bound: bool = Field(description="It knows the images of its data set alone.")


class ReadTeacherAssignment(_Assignment):
    """Turn whatever teaches into a canonical file at `folder/weights.safetensors`."""

    kind: Literal["read_teacher"] = "read_teacher"
    path: Path | None = Field(None, description="The uploaded file, or a library's. Never executed.")
    members: list[MemberFile] = Field([], description="Instead of a path: the teachers whose mean it is to be.")
    architecture: str | None = Field(None, description="Found by fingerprint where it is not given.")
    weights: str | None = Field(None, description="Set where the file holds these published weights of architecture.")
    image_size: int | None = Field(None, description="Side of the images it expects; default: what suits.")
    normalization: Normalization | None = Field(None, description="Overrides what the file or data set says.")
    dataset: Path | None = Field(None, description="Packed data set to check the classes and measure top-1 on.")


Assignment = TrainAssignment | ReadDatasetAssignment | ReadTeacherAssignment
