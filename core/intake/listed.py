"""Splits, classes and names from tables that list the images.

A path is looked for beside the table, then from the root; failing that, it is the end of the only image's path that
ends so, with or without its suffix (`image_id` columns). An empty label means: without a label, for train alone. An
image that no table names is ignored, unless it lies in a folder `unlabelled`. A sample's name is its path.
"""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from core.errors import TrainingFailed
from core.intake.failures import rejected
from core.intake.inventory import Inventory
from core.intake.layout import (
    SPLIT_NAMES,
    Layout,
    Sample,
    check_classes,
    check_known,
    finish,
    is_unlabelled,
    wrapping_folder,
)
from core.intake.limits import Limits
from core.intake.members import Listed, check_size
from core.intake.names import clean, name_problem, normal, shown
from core.intake.tables import Columns, Row, Table, in_order, split_of_file
from core.packed import UNLABELLED

Found = list[tuple[Table, Columns]]


def find_tables(inventory: Inventory, wanted: Mapping[str, str], limits: Limits) -> Found:
    """The tables that list the images; empty where none does. Unasked, they lie at most one folder deep."""
    if "file" in wanted:
        return [_asked_for(inventory, wanted, limits)]
    found: Found = []
    wrap = wrapping_folder(inventory.images.keys() | inventory.notes.keys())
    for path in sorted(inventory.notes):
        if path.removeprefix(wrap).count("/") > 1:
            continue  # in the folder of a class
        try:
            table = Table(path, inventory.note(path), limits)
            columns = table.columns(dict(wanted))
        except TrainingFailed:
            if wanted and len(inventory.notes) == 1:
                raise
            continue  # some other table
        if columns is not None:
            found.append((table, columns))
    splits = [SPLIT_NAMES.get(split_of_file(table.file)) for table, _ in found]
    by_split = None not in splits and len(set(splits)) == len(splits)
    if len(found) > 1 and not by_split and not all(columns.embedded for _, columns in found):
        which = ", ".join(shown(table.file) for table, _ in found[:5])
        detail = f"Several tables list images: {which}."
        raise rejected("table_invalid", detail, "Name the one to use in source.table.file.")
    if wanted and not found:
        raise rejected("table_invalid", "No table lists the images. " + seen(inventory, limits), _HINT)
    return found


_HINT = (
    "A table needs a column of paths and one of labels: name them path and label, or say in source.table how they "
    "are called."
)


def seen(inventory: Inventory, limits: Limits) -> str:
    """A sentence on the tables that are there and their columns."""
    told = []
    for path in sorted(inventory.notes)[:5]:
        try:
            columns = ", ".join(shown(name) for name in Table(path, inventory.note(path), limits).header()[:20])
            told.append(f"{shown(path)} has the columns {columns}")
        except TrainingFailed as error:
            told.append(error.failure.detail.rstrip("."))
    return "; ".join(told) + "." if told else "There is no table."


def _asked_for(inventory: Inventory, wanted: Mapping[str, str], limits: Limits) -> tuple[Table, Columns]:
    file = clean(wanted["file"], limits)
    path = next((path for path in sorted(inventory.notes) if path == file or path.partition("/")[2] == file), None)
    if path is None:
        there = ", ".join(shown(p) for p in sorted(inventory.notes)[:10]) or "none"
        raise rejected("table_invalid", f"There is no table {shown(file)}.", f"Tables that are there: {there}.")
    table = Table(path, inventory.note(path), limits)
    columns = table.columns(dict(wanted))
    if columns is None:
        raise rejected("table_invalid", seen(inventory, limits), _HINT)
    return table, columns


def arrange_listed(
    inventory: Inventory, tables: Found, shares: Mapping[str, float], seed: int, limits: Limits
) -> Layout:
    """As the tables say; every refusal names the table and the row."""
    listing = _Listing(inventory, limits)
    for table, columns in tables:
        if columns.embedded:
            with inventory.spool.open("ab") as spool:
                for row in table.rows(columns):
                    path = f"{PurePosixPath(table.file).stem}/{row.number:07d}"
                    check_size(f"{table.file}, row {row.number:,}", len(row.image or b""), limits)
                    inventory.add(path, row.image or b"", spool, limits)
                    listing.add(table, columns, row, path)
        else:
            for row in table.rows(columns):
                listing.add(table, columns, row, None)
    return listing.layout(tables, shares, seed)


class _Listing:
    def __init__(self, inventory: Inventory, limits: Limits) -> None:
        self._inventory, self._limits = inventory, limits
        self._images = inventory.images
        self._wrap = wrapping_folder(inventory.images)
        self._by_end: dict[str, list[str]] = defaultdict(list)  # last part of the path, with and without its suffix
        for path in inventory.images:
            name = PurePosixPath(path)
            for end in {name.name, name.stem}:
                self._by_end[end].append(path)
        self._placed: dict[str, dict[str, str]] = {"train": {}, "val": {}, "test": {}}  # split -> path -> label
        self._bare: dict[str, str] = {}  # path -> where it was listed
        self._rows: dict[str, str] = {}  # path -> where it was listed
        self._missing = Listed(limits.listed)
        self._split_given = False
        self._spellings: dict[str, str] = {}

    def add(self, table: Table, columns: Columns, row: Row, path: str | None) -> None:
        where = f"{shown(table.file)}, row {row.number:,}"
        path = path or self._find(table.file, row.path, where)
        if path is None:
            return
        if path in self._rows:
            detail = f"{where} lists {shown(row.path)} again; {self._rows[path]} has it already."
            raise rejected("table_invalid", detail, "List every image once.")
        self._rows[path] = where
        split = self._split(table, columns, row, where)
        label = self._label(row.label, where)
        if label:
            self._placed[split][path] = label
        elif split == "train":
            self._bare[path] = where
        else:
            self._inventory.ignored.add(path, f"without a label in {split}")

    def _find(self, file: str, spelt: str, where: str) -> str | None:
        try:
            path = clean(spelt.strip(), self._limits)
        except TrainingFailed as error:
            raise rejected("table_invalid", f"{where}: {error.failure.detail}", error.failure.hint) from error
        beside = file.rpartition("/")[0]
        for folder in dict.fromkeys((f"{beside}/" if beside else "", self._wrap, "")):
            if folder + path in self._images:
                return folder + path
        ending = sorted(
            p for p in self._by_end[path.rpartition("/")[2]] if f"/{p}".endswith(f"/{path}") or _bare(p, path)
        )
        if len(ending) == 1:
            return ending[0]
        if ending:
            detail = f"{where}: {shown(spelt)} may be {shown(ending[0])} or {shown(ending[1])}."
            raise rejected("table_invalid", detail, "Write paths from the table's folder on.")
        self._missing.add(spelt[:500], f"{where}: there is no such image")
        return None

    def _split(self, table: Table, columns: Columns, row: Row, where: str) -> str:
        if row.split is None:
            by_file = SPLIT_NAMES.get(split_of_file(table.file))
            self._split_given = self._split_given or by_file is not None
            return by_file or "train"
        self._split_given = True
        split = SPLIT_NAMES.get(row.split.strip().casefold())
        if split is None:
            detail = f"{where}: {shown(row.split)} in the column {shown(columns.split or '')} is no split."
            raise rejected("table_invalid", detail, "A split is train, val or test.")
        return split

    def _label(self, text: str, where: str) -> str:
        label = self._spellings.get(text)
        if label is None:
            if text and (problem := name_problem(text)):
                raise rejected("table_invalid", f"{where}: the label {shown(text)} {problem}.", "Use plain text.")
            label = self._spellings[text] = normal(text)
        return label

    def layout(self, tables: Found, shares: Mapping[str, float], seed: int) -> Layout:
        if self._missing.total:
            first = self._missing.entries[0]
            rows = "1 row names" if self._missing.total == 1 else f"{self._missing.total:,} rows name"
            detail = f"{rows} no image; {first['reason']} {shown(first['name'])}."
            hint = "Paths are looked for beside the table and from the root."
            raise rejected("table_invalid", detail, hint, self._missing.entries)
        for path in self._images:
            if path not in self._rows and not is_unlabelled(path.removeprefix(self._wrap)):
                self._inventory.ignored.add(path, "not listed in the table")
        train = self._placed["train"]
        names = tables[0][0].names
        classes = in_order(set(train.values()), names)
        check_classes(classes, train, self._limits)
        for split in ("val", "test"):
            check_known(self._placed[split].values(), split, classes, self._limits)
        number = {name: label for label, name in enumerate(classes)}
        placed = {
            split: [Sample(path.removeprefix(self._wrap), path, number[label]) for path, label in members.items()]
            for split, members in self._placed.items()
        }
        loose = [p for p in self._images if p not in self._rows and is_unlabelled(p.removeprefix(self._wrap))]
        bare = [Sample(path.removeprefix(self._wrap), path, UNLABELLED) for path in [*self._bare, *loose]]
        to_draw = ("val",) if self._split_given else ("val", "test")
        return finish(classes, placed, bare, to_draw, shares, seed)


def _bare(path: str, wanted: str) -> bool:
    """The path without its suffix ends with what is wanted."""
    return f"/{path[: len(path) - len(Path(path).suffix)]}".endswith(f"/{wanted}")
