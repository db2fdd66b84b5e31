"""Tables that list images: CSV or parquet, read row by row into plain text, under limits.

CSV: UTF-8 with or without a byte order mark, separated by commas, semicolons or tabs (whichever the first line has
most of), the first row naming the columns; it is row 1, as a spreadsheet shows it. Parquet: rows count from 1; a
column of images in the layout of Hugging Face (`struct<bytes, path>`) holds the files themselves, and the names of a
ClassLabel are taken from its metadata.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from core.intake.failures import rejected
from core.intake.limits import Limits
from core.intake.names import shown

SUFFIXES = (".csv", ".tsv", ".parquet")
PATHS = ("path", "file", "filename", "file_name", "filepath", "file_path", "image", "image_path", "img", "image_id")
LABELS = ("label", "class", "target", "category", "labels", "class_name", "label_name")
SPLITS = ("split", "set", "subset", "partition")
_ROWS_AT_ONCE = 256
_WHOLE = re.compile(r"-?\d{1,18}(\.0+)?")


@dataclass(frozen=True)
class Row:
    number: int
    path: str  # as the table spells it; '' where it holds the image itself
    label: str  # '' for none
    split: str | None  # None: the table has no such column
    image: bytes | None = None


@dataclass(frozen=True)
class Columns:
    path: str
    label: str
    split: str | None
    embedded: bool = False  # the path's column holds the images themselves


@dataclass
class Table:
    """One table whose columns are known."""

    file: str
    data: bytes
    limits: Limits

    def __post_init__(self) -> None:
        self.parquet = self.file.lower().endswith(".parquet")
        self._reader = _parquet(self.file, self.data, self.limits) if self.parquet else None
        self.names = self._class_names()

    def header(self) -> list[str]:
        if self._reader is not None:
            return [str(name) for name in self._reader.schema_arrow.names]
        return next(_csv(self.file, self.data), [])

    def columns(self, wanted: dict[str, str]) -> Columns | None:
        """As `wanted` says (`path`, `label`, `split`) or as columns are usually called; None where it is no list of
        images. A column that is wanted and not there is refused."""
        header = self.header()
        for role in ("path", "label", "split"):
            if role in wanted and wanted[role] not in header:
                detail = f"{shown(self.file)} has no column {shown(wanted[role])}."
                raise rejected("table_invalid", detail, f"Its columns are: {_listed(header)}.")
        path = wanted.get("path") or _usual(header, PATHS)
        label = wanted.get("label") or _usual(header, LABELS)
        if path is None or label is None:
            return None
        return Columns(path, label, wanted.get("split") or _usual(header, SPLITS), self._holds_images(path))

    def rows(self, columns: Columns) -> Iterator[Row]:
        if self._reader is not None:
            return self._parquet_rows(columns)
        return self._csv_rows(columns)

    def _csv_rows(self, columns: Columns) -> Iterator[Row]:
        reader = _csv(self.file, self.data)
        header = next(reader)
        path, label = header.index(columns.path), header.index(columns.label)
        split = header.index(columns.split) if columns.split is not None else None
        for number, cells in enumerate(reader, 2):
            if not any(cells):
                continue
            if len(cells) != len(header):
                detail = f"{shown(self.file)}, row {number:,} has {len(cells)} cells; the first row has {len(header)}."
                raise rejected("table_invalid", detail, "Quote cells that hold the separator.")
            yield Row(number, cells[path], cells[label].strip(), cells[split] if split is not None else None)

    def _parquet_rows(self, columns: Columns) -> Iterator[Row]:
        import pyarrow as pa

        assert self._reader is not None
        wanted = [name for name in (columns.path, columns.label, columns.split) if name is not None]
        number = 0
        try:
            for batch in self._reader.iter_batches(_ROWS_AT_ONCE, columns=wanted, use_threads=False):
                for cells in batch.to_pylist():
                    number += 1
                    image = cells[columns.path] if columns.embedded else None
                    yield Row(
                        number,
                        "" if columns.embedded else self._text(cells[columns.path], columns.path, number),
                        self._label(cells[columns.label], columns.label, number),
                        self._text(cells[columns.split], columns.split, number) if columns.split else None,
                        None if image is None else image["bytes"] or b"",
                    )
        except MemoryError:
            raise
        except (pa.ArrowException, OSError, ValueError) as error:
            raise _broken(self.file, error) from error

    def _label(self, value: object, column: str, number: int) -> str:
        if isinstance(value, int) and self.names is not None:
            if value == -1:
                return ""
            if not 0 <= value < len(self.names):
                detail = f"{shown(self.file)}, row {number:,}: the label {value} has no name in its metadata."
                raise rejected("table_invalid", detail, f"Labels are 0 to {len(self.names) - 1}, or -1 for none.")
            return self.names[value]
        return self._text(value, column, number).strip()

    def _text(self, value: object, column: str, number: int) -> str:
        if value is None or value != value:  # NaN
            return ""
        if isinstance(value, float) and value.is_integer():
            return str(int(value))
        if isinstance(value, (str, int, float, bool)):
            return str(value)
        detail = f"{shown(self.file)}, row {number:,}: the column {shown(column)} holds {type(value).__name__}."
        raise rejected("table_invalid", detail, "A cell is text or a number.")

    def _holds_images(self, column: str) -> bool:
        if self._reader is None:
            return False
        import pyarrow as pa

        kind = self._reader.schema_arrow.field(column).type
        if not pa.types.is_struct(kind):
            return False
        fields = {kind.field(i).name: kind.field(i).type for i in range(kind.num_fields)}
        if not (held := fields.get("bytes")) or not (pa.types.is_binary(held) or pa.types.is_large_binary(held)):
            detail = f"{shown(self.file)}: the column {shown(column)} is a struct without bytes."
            raise rejected("table_invalid", detail, "Images in a table are struct<bytes: binary, path: string>.")
        return True

    def _class_names(self) -> list[str] | None:
        """Of the column `label`, as Hugging Face's data sets write them into the schema."""
        if self._reader is None:
            return None
        try:
            text = (self._reader.schema_arrow.metadata or {})[b"huggingface"]
            features: Any = json.loads(text)["info"]["features"]
            names = next(features[column]["names"] for column in LABELS if "names" in features.get(column, {}))
        except (KeyError, ValueError, TypeError, StopIteration, AttributeError, RecursionError):
            return None
        if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
            return None
        return names if len(set(names)) == len(names) else None


def in_order(labels: set[str], names: list[str] | None) -> list[str]:
    """The classes: as the table's own metadata orders them; whole numbers by their value; else by code points."""
    if names is not None:
        return [name for name in names if name in labels]
    if labels and all(_WHOLE.fullmatch(label) for label in labels):
        return sorted(labels, key=lambda label: (int(label.partition(".")[0]), label))
    return sorted(labels)


def is_table(path: str) -> bool:
    """By its name, at most two folders deep."""
    return path.lower().endswith(SUFFIXES) and path.count("/") <= 2


def is_asked(path: str, file: str) -> bool:
    """The table that was asked for, from the root or from the one folder around everything."""
    return bool(file) and file.strip("/") in (path, path.partition("/")[2])


def split_of_file(file: str) -> str:
    """`train` of `data/train-00000-of-00002.parquet`; '' where the name says nothing."""
    return re.split(r"[-_.]", PurePosixPath(file).name)[0].casefold()


def _usual(header: list[str], names: tuple[str, ...]) -> str | None:
    """The first usual name that is a column, whatever its case."""
    by_name = {column.strip().casefold(): column for column in reversed(header)}
    return next((by_name[name] for name in names if name in by_name), None)


def _listed(header: list[str]) -> str:
    return ", ".join(shown(column) for column in header[:30]) or "none"


def _csv(file: str, data: bytes) -> Iterator[list[str]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise rejected("table_invalid", f"{shown(file)}, row {line:,} is not UTF-8.", "Save it as UTF-8.") from error
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        yield from reader
    except csv.Error as error:
        raise rejected(
            "table_invalid", f"{shown(file)}, line {reader.line_num:,}: {error}.", "Close every quote."
        ) from error


def _parquet(file: str, data: bytes, limits: Limits) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pa.set_memory_pool(pa.system_memory_pool())  # the others reserve more than the process may have
    try:
        reader = pq.ParquetFile(pa.BufferReader(data), pre_buffer=False)
        rows = reader.metadata.num_rows
    except MemoryError:
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _broken(file, error) from error
    if rows > limits.members:
        detail = f"{shown(file)} has {rows:,} rows; {limits.members:,} are allowed."
        raise rejected("archive_too_large", detail, "GET /v1/limits lists every limit.")
    return reader


def _broken(file: str, error: Exception) -> Exception:
    reason = " ".join(str(error).split())[:200].rstrip(".")
    return rejected("table_invalid", f"{shown(file)} cannot be read: {reason}.", "Write it again, as CSV or parquet.")
