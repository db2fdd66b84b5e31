"""What came out, as a table and one honest line."""

from typing import Any

from rich.table import Table

Json = dict[str, Any]


def result_table(students: list[Json], result: Json | None) -> Table:
    return Table()


def verdict_line(result: Json | None) -> str:
    return ""
