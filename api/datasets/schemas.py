"""What a data set looks like from outside, and how one is asked for."""

from typing import Annotated, Any, Literal

from pydantic import Field

from api.schemas import FailureRead, Name, ObjectRead, Read, Wish
from core.recipe import Seed


class BuiltinImages(Wish):
    """Images that come with Distillery."""

    kind: Literal["builtin"]
    name: str = Field(max_length=100, description="E.g. digits.")


class _Drawn(Wish):
    val_fraction: float = Field(0.1, ge=0, lt=1, description="Share drawn for val where there is no such folder.")
    test_fraction: float = Field(0.0, ge=0, lt=1, description="Share drawn for test where there is no such folder.")
    seed: Seed = Field(0, description="Of the drawn split.")


class UploadedImages(_Drawn):
    """An archive of images in folders: zip, tar, tar.gz, tar.xz."""

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


class DatasetRead(ObjectRead):
    """An immutable, validated set of images with classes and splits."""

    object: Literal["dataset"] = "dataset"
    name: str
    status: Literal["validating", "ready", "rejected"]
    source: dict[str, Any]
    classes: list[str] | None = Field(description="Their names, in order.")
    counts: dict[str, int] | None = Field(description="Images per split.")
    image_size: int | None = Field(description="Side in pixels.")
    mean: list[float] | None = Field(description="Per channel, of the train split, scaled to 0..1.")
    std: list[float] | None
    sha256: str | None = Field(description="Of the packed form: equal images, equal hash.")
    bytes: int | None
    ignored: list[Any] | None = Field(description="Files of the source that are not part of it.")
    warnings: list[str] | None = Field(description="What is odd, but no reason to refuse it.")
    error: FailureRead | None


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
