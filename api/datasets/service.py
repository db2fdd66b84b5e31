"""What a source must be before a data set is made of it, and previews of what it became."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from safetensors import safe_open
from sqlalchemy.orm import Session

from api.datasets.schemas import BuiltinImages, BuiltinRead, DatasetSource, FolderOfImages, NeededFile
from api.uploads.service import check_upload
from core.catalog import BUILTIN_DATASETS
from core.errors import Invalid, NotFound, Problem
from core.settings import Settings

PREVIEW_SIDE = 96  # pixels, where no other size is asked for; larger images are scaled down


def check_source(session: Session, project_id: str, source: DatasetSource, settings: Settings) -> None:
    """`Invalid` that says what is wrong and what would be right."""
    if isinstance(source, BuiltinImages):
        if source.name not in BUILTIN_DATASETS:
            detail = f"There is no builtin data set {source.name!r}; there are: {', '.join(BUILTIN_DATASETS)}."
            raise Invalid([Problem("/source/name", "unknown_dataset", detail)])
        return
    if source.val_fraction + source.test_fraction >= 1:
        detail = "val_fraction and test_fraction together must leave something to train on."
        raise Invalid([Problem("/source/val_fraction", "fractions_too_large", detail)])
    if isinstance(source, FolderOfImages):
        _check_folder(source, settings)
    else:
        check_upload(session, project_id, source.upload, "dataset", "/source/upload")


def _check_folder(source: FolderOfImages, settings: Settings) -> None:
    """Only below the folders that the operator has named, also behind links."""

    def refuse(code: str, detail: str) -> Invalid:
        return Invalid([Problem("/source/path", code, detail)])

    if not settings.dataset_roots:
        detail = "This server reads no folders. Its operator can allow some with the setting DISTILLERY_DATASET_ROOTS."
        raise refuse("folders_not_allowed", detail)
    path = Path(source.path)
    try:
        real = path.resolve()
        inside = any(real.is_relative_to(root.expanduser().resolve()) for root in settings.dataset_roots)
        there = inside and real.is_dir()
    except (OSError, RuntimeError):  # a name too long, a loop of links
        inside = there = False
    if not path.is_absolute() or not inside:
        detail = "This folder is not below one of the folders that the setting DISTILLERY_DATASET_ROOTS names."
        raise refuse("folder_outside_roots", detail)
    if not there:
        raise refuse("no_such_folder", f"There is no folder {source.path!r} on the server.")


def builtin_datasets(settings: Settings) -> list[BuiltinRead]:
    """Every known data set, with the files it is read from."""
    listed = []
    for known in BUILTIN_DATASETS.values():
        folder = settings.builtin_files / known.name
        files = [NeededFile(name=f.name, url=f.url, there=f.find(folder) is not None) for f in known.files]
        listed.append(
            BuiltinRead(
                id=known.name,
                name=known.name,
                description=known.description,
                classes=known.classes,
                available=all(file.there for file in files),
                folder=str(folder) if files else None,
                files=files,
            )
        )
    return listed


# --- names and previews -------------------------------------------------------------------------------------------


def sample_indices(path: Path, split: str, labels: Sequence[int], per_class: int) -> dict[int, list[tuple[int, str]]]:
    """label -> (index in the split, the image's name) of its first images. Reads no image."""
    packed = _labels_and_names(path, split)
    found = {label: (packed[0] == label).nonzero()[0][:per_class].tolist() for label in labels}
    return {label: [(index, _name(packed[1], index)) for index in indices] for label, indices in found.items()}


def _labels_and_names(path: Path, split: str) -> tuple[NDArray[np.int64], tuple[NDArray[np.uint8], NDArray[np.int64]]]:
    """Labels; the text of all names, and where each one begins and the last one ends."""
    with safe_open(path, framework="np") as file:
        if f"{split}/labels" not in file.keys():  # noqa: SIM118 - not a dict
            raise NotFound("split", split)
        text = file.get_tensor(f"{split}/names")
        starts = np.concatenate(([0], np.flatnonzero(text == ord("\n")) + 1, [len(text) + 1]))
        return file.get_tensor(f"{split}/labels"), (text, starts)


def names(path: Path, split: str) -> bytes:
    """Of every image, UTF-8, one a line. Reads no image."""
    with safe_open(path, framework="np") as file:
        if f"{split}/names" not in file.keys():  # noqa: SIM118 - not a dict
            raise NotFound("split", split)
        found: bytes = file.get_tensor(f"{split}/names").tobytes()
    return found + b"\n"


def _name(names: tuple[NDArray[np.uint8], NDArray[np.int64]], index: int) -> str:
    text, starts = names
    return text[starts[index] : starts[index + 1] - 1].tobytes().decode()


def preview(path: Path, split: str, index: int, side: int) -> bytes:
    """One image as PNG, at most `side` pixels wide and high. Reads no other image."""
    with safe_open(path, framework="np") as file:
        if f"{split}/labels" not in file.keys():  # noqa: SIM118 - not a dict
            raise NotFound("split", split)
        if index >= file.get_slice(f"{split}/labels").get_shape()[0]:
            raise NotFound("image", str(index))
        if f"{split}/images" in file.keys():  # noqa: SIM118
            image = Image.fromarray(file.get_slice(f"{split}/images")[index : index + 1][0])
        else:
            start, end = file.get_slice(f"{split}/offsets")[index : index + 2].tolist()
            data = file.get_slice(f"{split}/bytes")[start:end]
            image = Image.open(io.BytesIO(data.tobytes()), formats=("JPEG", "PNG"))
    image.thumbnail((side, side))  # a JPEG is decoded no larger than it needs to be
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
