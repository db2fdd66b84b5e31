"""What came out, as a table and one honest line; the same for `train`, `watch` and the demo."""

from collections.abc import Iterator
from typing import Any

from rich.markup import escape
from rich.table import Table

from cli.output import WIDE, out

Json = dict[str, Any]
NOTHING = "–"  # noqa: RUF001 - a dash in an empty cell


def percent(share: float | None) -> str:
    return NOTHING if share is None else f"{share:.1%}"


def with_interval(share: float | None, interval: list[float] | None) -> str:
    """97.8 %, and below it the 95 % interval [96.7, 98.6]."""
    if share is None:
        return NOTHING
    return percent(share) + (f"\n[{interval[0] * 100:.1f}, {interval[1] * 100:.1f}]" if interval else "")


def points(difference: Json | None) -> str:
    """+0.6 percentage points, and below them the 95 % interval [-0.2, +1.4]."""
    if difference is None:
        return NOTHING
    low, high = (100 * bound for bound in difference["interval"])
    return f"{100 * difference['value']:+.1f}\n[{low:+.1f}, {high:+.1f}]"


def size_of(parameters: int | None) -> str:
    return NOTHING if parameters is None else f"{parameters:,}"


def result_table(students: list[Json], result: Json, width: int | None = None) -> Table:
    """One row for the teacher, one for each group of seeds, one for each student that failed.

    `width`: of the terminal; a narrow one does without the architecture and the agreement, and figures stay whole.
    """
    on, narrow = result["evaluated_on"], (width or out.width) < WIDE
    shown = [name for name in _columns(on) if not (narrow and name in ("architecture", "agreement"))]
    table = Table(caption="in brackets: 95 % intervals")
    for name in shown:
        words = name in ("student", "architecture")
        table.add_column(name, justify="left" if words else "right", overflow="fold")
    for row in _rows(students, result):
        cells = dict(zip(_columns(on), row, strict=True))
        table.add_row(*(cells[name] for name in shown))
    return table


def _columns(on: str) -> list[str]:
    numbers = [f"top-1 on {on}", "its control", "difference, points", "gap closed", "agreement", "parameters"]
    return ["student", "architecture", *numbers]


def _rows(students: list[Json], result: Json) -> Iterator[list[str]]:
    teacher = result["teacher"]
    if teacher is not None:
        judged = teacher["test"] if result["evaluated_on"] == "test" else teacher
        accuracy = with_interval(judged["top1"], judged["top1_interval"])
        blank = [NOTHING] * 4
        yield ["teacher", teacher["architecture"], accuracy, *blank, size_of(teacher["parameters"])]
    for group in result["groups"]:
        control = group["control"]
        yield [
            escape(group["name"]) + (f", {group['seeds']} seeds" if group["seeds"] > 1 else ""),
            group["architecture"],
            with_interval(group["top1"], group["top1_interval"]),
            with_interval(control["top1"], control["top1_interval"]) if control else NOTHING,
            points(group["difference"]),
            percent(group["gap_closed"]),
            percent(group["agreement"]),
            size_of(group["parameters"]),
        ]
    for student in students:
        if student["status"] == "failed":
            yield [escape(student["label"]), student["architecture"], "[red]failed[/]", *[NOTHING] * 5]


def show_result(students: list[Json], result: Json) -> None:
    """The table, and below it what is to be said of it."""
    out.print(result_table(students, result))
    for line in result_notes(result):
        out.print(line, markup=False, soft_wrap=True)


def result_notes(result: Json) -> list[str]:
    """Why a gap has no number, then the verdict, whichever way it went."""
    reasons = {group["gap_closed_reason"]: group["name"] for group in result["groups"] if group["gap_closed_reason"]}
    notes = [f"Gap of {name}: {reason}" for reason, name in reasons.items() if result["teacher"] is not None]
    return [*notes, f"Verdict: {result['verdict']['text']}"]
