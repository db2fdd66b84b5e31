"""What a source must be before a data set is made of it, and previews of what it became."""

import io
from pathlib import Path

from PIL import Image
from safetensors import safe_open
from sqlalchemy.orm import Session

from api.datasets.schemas import BuiltinImages, DatasetSource, FolderOfImages
from api.uploads.service import check_upload
from core.catalog import BUILTIN_DATASETS
from core.errors import Invalid, NotFound, Problem
from core.settings import Settings

PREVIEW_SIDE = 96  # pixels; larger images are scaled down


def check_source(session: Session, project_id: str, source: DatasetSource, settings: Settings) -> None:
    """`Invalid` that says what is wrong and what would be right."""
    if isinstance(source, BuiltinImages):
        if source.name not in BUILTIN_DATASETS:
            detail = f"There is no builtin data set {source.name!r}; there are: {', '.join(BUILTIN_DATASETS)}."
            raise Invalid([Problem("/source/name", "unknown_dataset", detail)])
    elif isinstance(source, FolderOfImages):
        _check_folder(source, settings)
    else:
        if source.val_fraction + source.test_fraction >= 1:
            detail = "val_fraction and test_fraction together must leave something to train on."
            raise Invalid([Problem("/source/val_fraction", "fractions_too_large", detail)])
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


# --- previews -----------------------------------------------------------------------------------------------------


def sample_indices(path: Path, split: str, classes: range, per_class: int) -> dict[int, list[tuple[int, str]]]:
    """class -> (index in the split, the image's name) of its first images. Reads no image."""
    with safe_open(path, framework="np") as file:
        if f"{split}/labels" not in file.keys():  # noqa: SIM118 - not a dict
            raise NotFound("split", split)
        labels = file.get_tensor(f"{split}/labels")
        names = bytes(file.get_tensor(f"{split}/names")).decode().split("\n")
    found = {label: (labels == label).nonzero()[0][:per_class].tolist() for label in classes}
    return {label: [(index, names[index]) for index in indices] for label, indices in found.items()}


def preview(path: Path, split: str, index: int) -> bytes:
    """One image as PNG, at most `PREVIEW_SIDE` pixels wide and high."""
    with safe_open(path, framework="np") as file:
        if f"{split}/images" not in file.keys():  # noqa: SIM118 - not a dict
            raise NotFound("split", split)
        images = file.get_slice(f"{split}/images")
        if index >= images.get_shape()[0]:
            raise NotFound("image", str(index))
        pixels = images[index : index + 1][0]
    image = Image.fromarray(pixels)
    image.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
