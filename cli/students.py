"""Students of the service: the list of them, and the one that is best on val."""

from typing import Annotated, Any

import typer
from rich.table import Column, Table

from cli.client import connect
from cli.output import load_settings, out, print_json, say
from cli.results import percent

Json = dict[str, Any]


def best_student(students: list[Json]) -> Json | None:
    """The trained student, no control, with the highest top-1 on val; None where there is none."""
    trained = [s for s in students if s["role"] == "student" and s["status"] == "trained"]
    return max(trained, key=lambda s: float(s["metrics"]["top1"]), default=None)


def students(
    job: Annotated[str | None, typer.Option(metavar="JOB", help="Only those of this job: job_…")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many, newest first.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """List students, newest first."""
    with connect(load_settings()) as client:
        rows = list(client.each("/v1/students", most=limit, job=job))
    if as_json:
        print_json(rows)
        return
    if not rows:
        say("No students yet. They come from jobs: distillery submit JOB.yaml")
        return
    table = Table(Column("id", no_wrap=True), "label", "role", Column("top-1 on val", justify="right"), "status")
    for row in rows:
        table.add_row(row["id"], row["label"], row["role"], percent(row["metrics"].get("top1")), row["status"])
    out.print(table)
