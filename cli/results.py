"""What came out, as a table and one honest line; the same for `train`, `watch` and the demo."""

from typing import Any

from rich.table import Column, Table

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


def result_table(students: list[Json], result: Json) -> Table:
    """One row for the teacher, one for each group of seeds, one for each student that failed."""
    on = result["evaluated_on"]
    numbers = [f"top-1 on {on}", "its control", "difference, points", "gap closed", "agreement", "parameters"]
    table = Table(
        Column("student", overflow="fold"),
        "architecture",
        *(Column(name, justify="right") for name in numbers),
        caption="in brackets: 95 % intervals",
    )
    teacher = result["teacher"]
    if teacher is not None:
        judged = teacher["test"] if on == "test" else teacher
        accuracy = with_interval(judged["top1"], judged["top1_interval"])
        blank = [NOTHING] * 4
        table.add_row("teacher", teacher["architecture"], accuracy, *blank, size_of(teacher["parameters"]))
    for group in result["groups"]:
        control = group["control"]
        table.add_row(
            group["name"] + (f", {group['seeds']} seeds" if group["seeds"] > 1 else ""),
            group["architecture"],
            with_interval(group["top1"], group["top1_interval"]),
            with_interval(control["top1"], control["top1_interval"]) if control else NOTHING,
            points(group["difference"]),
            percent(group["gap_closed"]),
            percent(group["agreement"]),
            size_of(group["parameters"]),
        )
    for student in students:
        if student["status"] == "failed":
            table.add_row(student["label"], student["architecture"], "[red]failed[/]", *[NOTHING] * 5)
    return table


def result_notes(result: Json) -> list[str]:
    """Why a gap has no number, then the verdict, whichever way it went."""
    reasons = {group["gap_closed_reason"]: group["name"] for group in result["groups"] if group["gap_closed_reason"]}
    notes = [f"Gap of {name}: {reason}" for reason, name in reasons.items() if result["teacher"] is not None]
    return [*notes, f"Verdict: {result['verdict']['text']}"]
