"""The recipe: everything that one job asks for. Validated, JSON-able, every field described.

Forms, OpenAPI and documentation are generated from these descriptions.
"""

import hashlib
import json
import unicodedata
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from core.augmentation import Augment, Mix, Standard
from core.losses import AnyLoss, DistLoss
from core.optimization import Cosine, Optimizer, OptimizerChange, Schedule, Sgd, changed
from core.part import Part
from core.teaching import Adapter, AnyTeacher


def check_name(name: str) -> str:
    """A display name: 1 to 200 characters, none of them a control character."""
    if any(unicodedata.category(c) in ("Cc", "Cs") for c in name):
        raise ValueError("must not contain control characters")
    return name


Name = Annotated[str, Field(min_length=1, max_length=200)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]
Labels = dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=512)]]


# --- training -----------------------------------------------------------------------------------------------------


class Ema(Part):
    """A moving average of the weights, which is measured and delivered in their place."""

    decay: float = Field(0.9999, gt=0, lt=1, description="Share of the average that an update keeps.")
    warmup: bool = Field(
        True, title="Shorter at first", description="Average over few updates at first: right for short trainings."
    )


class EarlyStopping(Part):
    """The training ends once nobody in the job, controls included, gets better on val any more."""

    patience: int = Field(
        10,
        ge=1,
        le=10_000,
        description="Epochs in a row in which no student and no control has a new best top-1 on val.",
    )


class Training(Part):
    """One schedule that all students of the job share."""

    epochs: int = Field(30, ge=1, le=10_000, description="Passes over the train split.")
    batch_size: int = Field(64, ge=1, le=65_536, description="Images per step. DIST wants at least 3, better 32.")
    accumulate: int = Field(
        1,
        ge=1,
        le=1024,
        title="Parts of a step",
        description="Compute each step in so many parts, one after another: less memory, the same loss.",
    )
    optimizer: Optimizer = Field(Sgd(), description="Default of every student.")
    schedule: Schedule = Field(Cosine(), title="Learning rate's course", description="How the learning rate changes.")
    augment: Augment = Field(Standard(), title="Augmentation", description="Random changes to the images.")
    mix: Mix | None = Field(None, title="Mixed images", description="Mixup and CutMix: images blended in pairs.")
    views: Literal[1, 2] = Field(
        1, description="2: every step shows each image a second time, with RandAugment beside what augmentation says."
    )
    clip_grad_norm: float | None = Field(
        None,
        gt=0,
        le=1e6,
        title="Clip the gradient's norm",
        description="A gradient that is longer, over all weights together, is shortened to this; default: never.",
    )
    label_smoothing: float = Field(0.0, ge=0, lt=1, description="Share of the label spread over all classes.")
    drop_path: float = Field(
        0.0,
        ge=0,
        lt=1,
        title="Drop path",
        description="Chance that an image skips the last block of the network, less for those before it (stochastic "
        "depth). For networks of timm's that know it.",
    )
    precision: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto",
        description="Arithmetic of the networks; auto: bfloat16 on a GPU, float32 elsewhere. Losses: float32. float16 "
        "scales the loss, and needs a GPU.",
    )
    compile: bool = Field(
        False,
        title="Compile the networks",
        description="With torch.compile: quicker steps, after a minute for each network. For long trainings.",
    )
    ema: Ema | None = Field(
        None,
        title="Moving average (EMA)",
        description="Measure and deliver a moving average of the weights; the raw weights' top-1 stands beside.",
    )
    early_stopping: EarlyStopping | None = Field(
        None, title="Early stopping", description="End before the last epoch once val no longer rises."
    )
    time_limit: float | None = Field(
        None,
        gt=0,
        le=1e8,
        title="Time limit in seconds",
        description="End with the epoch in which the training, over all attempts, has taken so long; default: never.",
    )
    seed: Seed = Field(0, description="Order of the data and augmentation, shared by all students.")
    log_every: int = Field(10, ge=1, le=10_000, description="Steps over which the training figures are averaged.")


# --- what is trained ----------------------------------------------------------------------------------------------


class Scratch(Part):
    """Random weights."""

    kind: Literal["scratch"] = Field("scratch", description="Random, from the student's seed.")


class Pretrained(Part):
    """Published weights; the head is drawn anew where the classes differ."""

    kind: Literal["pretrained"] = Field("pretrained", description="Published weights of the library.")
    weights: str | None = Field(
        None, max_length=200, description="Which of them, e.g. IMAGENET1K_V2 or a1_in1k; default: the library's own."
    )


def _init_by_kind(value: Any) -> Any:
    return {"kind": value} if isinstance(value, str) else value


Init = Annotated[Scratch | Pretrained, Field(discriminator="kind"), BeforeValidator(_init_by_kind)]
"""Where a student's weights start; the bare word `pretrained` will do."""


class DatasetFile(Part):
    """Images that are read for this job: a file or folder (JOB.yaml only), an upload, or builtin:<name>."""

    path: str = Field(min_length=1, description="A folder's or an archive's path, upl_…, or builtin:<name>.")
    val_fraction: float | None = Field(None, ge=0, lt=1, description="Share drawn for val where there is none.")
    test_fraction: float | None = Field(None, ge=0, lt=1, description="Share drawn for test where there is none.")
    seed: Seed | None = Field(None, description="Of the drawn split.")
    image_size: int | None = Field(None, ge=4, le=1024, description="Side at which batches are prepared.")
    table: dict[Literal["file", "path", "label", "split"], str] | None = Field(
        None, description="A CSV or parquet file that lists the images, and its columns."
    )

    def options(self) -> dict[str, Any]:
        """What was asked for beside the path."""
        return self.model_dump(mode="json", exclude={"path"}, exclude_none=True)


class Student(Part):
    """One network to train; with several seeds, one for each."""

    name: Name = Field(description="How it is called on every page.")
    architecture: str = Field(min_length=1, max_length=200, description="A name of the catalog, e.g. resnet8.")
    seeds: list[Seed] | None = Field(
        None, min_length=1, max_length=64, description="Start and dropout; default: the training seed alone."
    )
    loss: AnyLoss | None = Field(None, description="Instead of the job's loss.")
    optimizer: OptimizerChange | None = Field(None, description="What differs from the job's optimizer.")
    init: Init | None = Field(None, title="Start", description="Instead of the job's start.")
    drop_path: float | None = Field(None, ge=0, lt=1, title="Drop path", description="Instead of the training's.")
    image_size: int | None = Field(
        None,
        ge=4,
        le=1024,
        description="Side of the images it sees; default: its own where it is fixed, else the data's.",
    )

    _name = field_validator("name")(check_name)

    @field_validator("seeds")
    @classmethod
    def _distinct(cls, value: list[int] | None) -> list[int] | None:
        if value is not None and len(set(value)) != len(value):
            raise ValueError("seeds must differ")
        return value


Export = Literal["safetensors", "torch", "onnx"]
EXPORTS: tuple[Export, ...] = ("safetensors", "torch", "onnx")


class Resources(Part):
    gpus: int = Field(
        1,
        ge=0,
        le=8,
        title="GPUs",
        description="GPUs wanted, each with a share of every batch; a machine without one trains on its processor.",
    )


def _fill_from_preset(value: Any) -> Any:
    """Fields that were not given come from the preset; nested objects are filled field by field."""
    if not isinstance(value, dict) or not value.get("preset"):
        return value
    from core.presets import PRESETS  # presets build recipes: the import goes both ways, this half at call time

    name = value["preset"]
    if not isinstance(name, str) or name not in PRESETS:
        return value  # refused below, with the field's own error
    return overlaid(PRESETS[name].make().model_dump(mode="json", exclude={"teacher", "dataset"}), value)


def overlaid(base: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """The base with what the change says, object by object; one of another `kind` replaces the base's whole."""
    result = dict(base)
    for key, value in change.items():
        below = result.get(key)
        if isinstance(value, dict) and isinstance(below, dict) and value.get("kind") in (None, below.get("kind")):
            value = overlaid(below, value)
        result[key] = value
    return result


class Recipe(Part):
    """One distillation job: one teacher (or none), one data set, one or more students, one schedule."""

    name: Name = Field("distillation", description="How the job is called.")
    preset: str | None = Field(None, description="A preset's name fills every field that is not given.")
    teacher: AnyTeacher | None = Field(
        None,
        description="A teacher's or an upload's id, or published weights such as timm/resnet50.a1_in1k; in a JOB.yaml "
        "also a file; {members: […]} for several. Null: the students learn from the labels alone.",
    )
    dataset: Annotated[str, Field(min_length=1)] | DatasetFile = Field(
        description="A data set's or an upload's id, or builtin:<name>; in a JOB.yaml also a folder or an archive."
    )
    loss: AnyLoss = Field(DistLoss(), description="Default of every student.")
    init: Init = Field(Scratch(), title="Start", description="Where every student's weights start.")
    students: list[Student] = Field(min_length=1, max_length=64, description="What is trained, in one pass.")
    control: bool = Field(True, description="Also train each network from the labels alone, to measure against.")
    training: Training = Field(Training(), description="The schedule all students share.")
    resources: Resources = Field(Resources(), description="What a worker must have.")
    teacher_check: Literal["strict", "off"] = Field(
        "strict", description="strict: a teacher that guesses (at chance on val) stops the job."
    )
    teacher_adapter: Adapter | None = Field(
        None,
        title="Teacher's adapter",
        description="Another normalization, order of the colours or of the classes; the check of the teacher says what "
        "makes it right.",
    )
    exports: list[Export] = Field(
        ["safetensors", "torch"], min_length=1, title="Files", description="Formats of the weights."
    )
    priority: int = Field(0, ge=-100, le=100, description="Higher runs first.")
    metadata: Labels = Field(
        {}, max_length=16, title="Labels of your own", description="Up to 16 short texts, by name."
    )

    _name = field_validator("name")(check_name)

    @model_validator(mode="before")
    @classmethod
    def _preset_fills(cls, value: Any) -> Any:
        return _fill_from_preset(value)

    @field_validator("teacher_check", mode="before")
    @classmethod
    def _as_yaml_reads_it(cls, value: Any) -> Any:
        """YAML 1.1, which most of Python's readers know, has `off` for false."""
        return "off" if value is False else value

    @field_validator("preset")
    @classmethod
    def _known_preset(cls, value: str | None) -> str | None:
        if value is not None:
            from core.presets import PRESETS

            if value not in PRESETS:
                raise ValueError(f"there is no preset {value!r}; there are: {', '.join(PRESETS)}")
        return value

    @field_validator("students")
    @classmethod
    def _distinct_names(cls, value: list[Student]) -> list[Student]:
        names = [student.name for student in value]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"student names must differ; twice: {', '.join(twice)}")
        return value

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        count = sum(len(student.seeds or [0]) for student in self.students)
        if count > 64:
            raise ValueError(f"{count} students (every seed counts); at most 64 in one job")
        return self

    @model_validator(mode="after")
    def _float16_needs_a_gpu(self) -> Self:
        if self.training.precision == "float16" and self.resources.gpus == 0:
            found = PydanticCustomError("needs_gpu", "float16 needs a GPU; without one choose bfloat16 or float32")
            where: InitErrorDetails = {"type": found, "loc": ("training", "precision"), "input": "float16"}
            raise ValidationError.from_exception_data("Recipe", [where])
        return self

    @model_validator(mode="after")
    def _students_optimizers(self) -> Self:
        """Each student's change fits the optimizer that it changes; what does not is told at its own field."""
        wrong: list[InitErrorDetails] = []
        for index, student in enumerate(self.students):
            try:
                changed(self.training.optimizer, student.optimizer)
            except ValidationError as error:
                for one in error.errors():
                    kind, *field = one["loc"]
                    said = f"{kind} has no {field[0]}" if one["type"] == "extra_forbidden" else str(one["msg"])
                    found = PydanticCustomError("optimizer_unfit", "{said}", {"said": said})
                    wrong.append({"type": found, "loc": ("students", index, "optimizer", *field), "input": None})
        if wrong:
            raise ValidationError.from_exception_data("Recipe", wrong)
        return self

    def sha256(self) -> str:
        """Hash of what decides the weights' path: the canonical JSON of the whole recipe."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()
