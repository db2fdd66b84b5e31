"""The codes with which a data set is refused. Stable: programs rely on them."""

from collections.abc import Sequence
from typing import Any

from core.errors import Failure, TrainingFailed

TITLES = {
    "archive_unsafe": "The archive holds something that must not be unpacked",
    "archive_corrupt": "The archive is damaged",
    "archive_too_large": "The archive is too large",
    "archive_encrypted": "The archive is encrypted",
    "archive_unsupported": "This kind of file is not supported",
    "dataset_empty": "The data set holds no images",
    "dataset_images_unreadable": "Too many images cannot be read",
    "dataset_classes_invalid": "The classes do not make a data set",
    "dataset_too_large": "The data set is too large",
    "dataset_too_expensive": "Reading the data set costs too much",
    "dataset_files_missing": "Files of the data set are not in place",
    "dataset_not_found": "The data set cannot be found or opened",
    "table_invalid": "The table of images cannot be used",
    "image_too_large": "An image is too large",
}


def rejected(code: str, detail: str, hint: str = "", errors: Sequence[dict[str, Any]] = ()) -> TrainingFailed:
    """To be raised. `detail` says which member and what is wrong with it, `hint` what would be right."""
    return TrainingFailed(Failure(code, TITLES[code], detail, hint, errors=list(errors)))


def too_slow(where: str) -> TrainingFailed:
    """`where` says how far the reading had come when its time was over."""
    detail = f"Reading it takes longer than it may; when the time was over: {where}."
    return rejected("dataset_too_expensive", detail, "Upload fewer or smaller images. GET /v1/limits says how long.")
