"""What a data set looks like from outside, and how one is asked for."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from api.schemas import FailureRead, Name, ObjectRead, Read, Wish
from api.shelf import ShelvedRead
from core.recipe import Seed


class _Prepared(Wish):
    image_size: int | None = Field(
        None, ge=4, le=1024, description="Side at which batches are prepared; default: the images' own, at most 224."
    )


class BuiltinImages(_Prepared):
    """A known data set: digits, or one whose files the operator has put in place (GET /v1/datasets/builtin)."""

    kind: Literal["builtin"]
    name: str = Field(max_length=100, description="E.g. digits.")


class TableOfImages(Wish):
    """A CSV or parquet file that lists the images with their labels. What is left out is found by its usual name."""

    file: str | None = Field(None, max_length=512, description="Its path in the archive or folder.")
    path: str | None = Field(None, max_length=200, description="Column of the images' paths.")
    label: str | None = Field(None, max_length=200, description="Column of the classes; empty: without a label.")
    split: str | None = Field(None, max_length=200, description="Column that says train, val or test.")


class _Drawn(_Prepared):
    val_fraction: float = Field(0.1, ge=0, lt=1, description="Share drawn for val where there is no such folder.")
    test_fraction: float = Field(0.0, ge=0, lt=1, description="Share drawn for test where there is no such folder.")
    seed: Seed = Field(0, description="Of the drawn split.")
    table: TableOfImages | None = Field(None, description="Where a table names the images and their labels.")


class UploadedImages(_Drawn):
    """An archive of images, in folders or listed in a table: zip, tar, tar.gz, tar.xz, tar.zst."""

    kind: Literal["upload"]
    upload: str = Field(max_length=100, description="A complete upload with purpose dataset.")


class FolderOfImages(_Drawn):
    """A folder of the server, below one of DISTILLERY_DATASET_ROOTS."""

    kind: Literal["folder"]
    path: str = Field(min_length=1, max_length=4096, description="Absolute path.")


DatasetSource = Annotated[BuiltinImages | UploadedImages | FolderOfImages, Field(discriminator="kind")]


class DatasetCreate(Wish):
    """Register a data set; a worker then reads it."""

    name: Name
    source: DatasetSource


class ImagesFound(Read):
    """A number of images, and a few of them."""

    images: int
    examples: list[str]


class UnreadableImages(Read):
    images: int
    examples: list[dict[str, str]] = Field(description="`name` and `reason`.")


class EqualImages(Read):
    """Images stored as the same bytes as an earlier one."""

    images: int
    examples: list[dict[str, Any]] = Field(description="`name` and `same_as`; `classes` where these differ.")


class ImagesInTwoSplits(EqualImages):
    split: str
    also_in: str


class Duplicates(Read):
    within: dict[str, EqualImages] = Field(description="By split.")
    across: list[ImagesInTwoSplits]
    different_labels: EqualImages = Field(description="One picture in two classes.")


class Spread(Read):
    min: int
    median: int
    max: int


class ImageSizes(Read):
    """As the images came."""

    width: Spread
    height: Spread
    most_common: list[dict[str, int]] = Field(description="`width`, `height`, `images`.")


class ClassImages(Read):
    name: str
    images: int


class Imbalance(Read):
    """The largest and the smallest class of train."""

    largest: ClassImages
    smallest: ClassImages
    ratio: float


class EmptyClasses(Read):
    classes: int
    examples: list[str]


class IngestReport(Read):
    """What reading the data set found."""

    per_class: dict[str, list[int]] = Field(description="Images of each class, in their order, by split.")
    imbalance: Imbalance
    empty: dict[str, EmptyClasses] = Field(description="Classes without an image, by split.")
    sizes: ImageSizes
    formats: dict[str, int] = Field(description="Images by the format in which they came.")
    odd: dict[str, ImagesFound] = Field(
        description="What was straightened out: rotated, cmyk, sixteen_bit, palette, transparent, greyscale, "
        "animated, misnamed."
    )
    unreadable: UnreadableImages
    duplicates: Duplicates


class DatasetRead(ObjectRead):
    """An immutable, validated set of images with classes and splits."""

    object: Literal["dataset"] = "dataset"
    name: str
    status: Literal["validating", "ready", "rejected"]
    progress: str | None = Field(description="What is being done, while it is validating.")
    source: dict[str, Any]
    classes: list[str] | None = Field(description="Their names, in order.")
    counts: dict[str, int] | None = Field(description="Images per split.")
    image_size: int | None = Field(description="Side in pixels at which batches are prepared.")
    form: Literal["pixels", "files"] | None = Field(description="How images are kept: ready to use, or as files.")
    unlabelled: int | None = Field(description="Images of train without a label.")
    mean: list[float] | None = Field(description="Per channel, of the train split, scaled to 0..1.")
    std: list[float] | None
    sha256: str | None = Field(description="Of the packed form: equal images, equal hash.")
    bytes: int | None
    ignored: list[Any] | None = Field(description="Files of the source that are not part of it.")
    warnings: list[str] | None = Field(description="What is odd, but no reason to refuse it.")
    report: IngestReport | None
    error: FailureRead | None

    @model_validator(mode="after")
    def _at_work(self) -> Self:
        if self.status != "validating":
            self.progress = None
        return self


class NeededFile(Read):
    """A published file that a known data set is read from."""

    name: str = Field(description="File (or the folder it unpacks to) in the data set's folder.")
    url: str
    there: bool


class BuiltinRead(ShelvedRead):
    """A known data set."""

    object: Literal["builtin_dataset"] = "builtin_dataset"
    name: str
    description: str
    classes: int
    available: bool = Field(description="Whether all its files are there, as this server sees them.")
    folder: str | None = Field(description="Where its files belong; None where it needs none.")
    files: list[NeededFile]


class SampleRead(Read):
    """One image of a data set."""

    name: str
    url: str = Field(description="Path of a small PNG of it.")


class SampleClass(Read):
    """The first images of one class."""

    index: int
    name: str
    images: list[SampleRead]


class SamplesRead(Read):
    """Previews of a data set, class by class."""

    object: Literal["samples"] = "samples"
    split: str
    classes: list[SampleClass]
    has_more: bool = False
    next: str | None = Field(None, description="The `after` of the next classes.")
