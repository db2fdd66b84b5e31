"""A table of logits, computed elsewhere, becomes a teacher of one data set."""

from collections.abc import Iterator, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.assignment import ReadTeacherAssignment
from core.checkpoint_codes import rejected
from core.packed import SPLITS, PackedMeta, read_split
from core.training.canonical import Canonical, TableMeta
from core.training.export import file_sha256
from core.training.read_finish import Emit, Json, finish
from core.training.read_network import check_classes

TABLE = {"ids", "logits"}  # the tensors of such a file
HINT = (
    "A table of logits names the data set's images (GET /v1/datasets/{id}/names/{split}) in `ids`, and has a row of "
    "`logits` for each."
)


def read_table(
    assignment: ReadTeacherAssignment, tensors: Mapping[str, Tensor], dataset: PackedMeta | None, emit: Emit
) -> Json:
    """Each image of the data set finds its row by `<split>/<name>`, or by its name where that is no other image's."""
    if dataset is None or assignment.dataset is None:
        detail = "A table of logits teaches on one data set alone: say which one its ids are of."
        raise rejected("checkpoint_mismatch", detail, HINT)
    if assignment.normalization is not None or assignment.image_size is not None:
        detail = "A table of logits sees no images: it has no normalization and no image_size."
        raise rejected("checkpoint_mismatch", detail, "Leave them out.")
    logits, warnings = _logits(tensors["logits"])
    check_classes(logits.shape[1], [], dataset)
    rows = _rows_of(_ids(tensors["ids"], len(logits)))
    found, missing, used = {}, [], set()
    for split, names in _names(assignment):
        at = _places(split, names, rows)
        missing += [f"{split}/{names[i]}" for i in np.flatnonzero(at < 0)[:3]]
        found[split] = at
        used |= set(at.tolist())
    lacking = sum(int((at < 0).sum()) for at in found.values())
    if lacking:
        total, example = sum(map(len, found.values())), next(iter(rows))
        detail = f"{lacking:,} of the data set's {total:,} images are not in the table: {', '.join(missing[:3])}. "
        raise rejected("checkpoint_mismatch", f"{detail}An id of the table: {example[:100]!r}.", HINT)
    at = np.concatenate(list(found.values()))
    if len(used) < len(at):
        row = int(np.flatnonzero(np.bincount(at) > 1)[0])
        name = next(id for id, place in rows.items() if place == row)
        splits = " and ".join(f"{split}/{name}" for split, places in found.items() if row in places)
        detail = f"{name[:100]!r} is the name of {splits[:300]}: one row cannot be of both."
        raise rejected("checkpoint_mismatch", detail, "Put the split in front of the names that are in several.")
    spare = len(logits) - len(used)
    if spare:
        left = "1 row of the table is" if spare == 1 else f"{spare:,} rows of the table are"
        warnings.append(f"{left} of no image of the data set, and left out.")
    meta = TableMeta(classes=dataset.classes, dataset_sha256=file_sha256(assignment.dataset))
    return finish(
        Canonical({split: logits[torch.from_numpy(at)] for split, at in found.items()}, meta.model_dump_json()),
        assignment,
        dataset,
        emit,
        classes=logits.shape[1],
        class_names=dataset.classes,
        bound=True,
        warnings=warnings,
        report={"kind": "table of logits", "rows": len(logits), "dtype": str(logits.dtype).removeprefix("torch.")},
    )


def _logits(found: Tensor) -> tuple[Tensor, list[str]]:
    """(N, classes) in a precision that is kept; of probabilities the logarithms."""
    if found.ndim != 2 or not found.is_floating_point() or found.shape[1] < 2 or not len(found):
        detail = f"`logits` has shape {list(found.shape)} and is {found.dtype}; floats (images, classes) are wanted."
        raise rejected("checkpoint_mismatch", detail, HINT)
    logits = found if found.dtype in (torch.float16, torch.float32) else found.float()
    if not bool(logits.isfinite().all()):
        raise rejected("checkpoint_not_finite", "The table holds NaN or infinity.", "Write finite logits.")
    if bool((logits >= 0).all()) and bool(((logits.float().sum(1) - 1).abs() < 5e-3).all()):
        said = "The table's rows are probabilities; their logarithms are taken as logits."
        return logits.float().clamp_min(torch.finfo(torch.float32).tiny).log(), [said]
    return logits, []


def _ids(found: Tensor, count: int) -> list[str]:
    try:
        text = found.numpy().tobytes() if found.dtype == torch.uint8 else b""
        names = text.count(b"\n") + 1 if text else 0
        if names != count:  # counted before they are made: a file may hold newlines alone
            detail = (
                f"`ids` names {names:,} images, `logits` has {count:,} rows. Ids are UTF-8 in uint8, between newlines."
            )
            raise rejected("checkpoint_mismatch", detail, HINT)
        return text.decode().split("\n")
    except UnicodeDecodeError as error:
        raise rejected("checkpoint_corrupt", "`ids` is not UTF-8.", HINT) from error


def _rows_of(ids: list[str]) -> dict[str, int]:
    rows = {id: row for row, id in enumerate(ids)}
    if len(rows) != len(ids):
        twice = next(id for row, id in enumerate(ids) if rows[id] != row)
        raise rejected("checkpoint_mismatch", f"The table has two rows for {twice[:100]!r}.", HINT)
    return rows


def _names(assignment: ReadTeacherAssignment) -> Iterator[tuple[str, list[str]]]:
    assert assignment.dataset is not None
    for split in SPLITS:
        read = read_split(assignment.dataset, split)
        if read is not None:
            yield split, read.names


def _places(split: str, names: list[str], rows: Mapping[str, int]) -> NDArray[np.int64]:
    """(N,) the row of each image; -1 where there is none."""
    return np.array([rows.get(f"{split}/{name}", rows.get(name, -1)) for name in names], dtype=np.int64)
