"""Students of the service: the list of them, and the one that is best on val."""

from typing import Annotated, Literal

import typer
from rich.table import Table
from rich.text import Text

from cli.client import connect
from cli.ids import AsJson, DatasetOption, JobOption, Limit, Name, Order
from cli.output import listing, load_settings, out, print_json, say, status
from cli.results import percent
from cli.wire import Json

State = Literal["waiting", "training", "trained", "failed", "cancelled"]
Sort = Literal[
    "created_at", "name", "parameters", "top1", "control_difference", "gap_closed", "agreement", "latency_ms"
]


def best_student(students: list[Json]) -> Json | None:
    """The trained student, no control, with the highest top-1 on val; None where there is none."""
    trained = [s for s in students if s["role"] == "student" and s["status"] == "trained"]
    return max(trained, key=lambda s: float(s["metrics"]["top1"]), default=None)


def students(
    job: JobOption = None,
    state: Annotated[State | None, typer.Option("--status", help="Only those.")] = None,
    role: Annotated[Literal["student", "control"] | None, typer.Option(help="Only those.")] = None,
    architecture: Annotated[str | None, typer.Option(help="Only of this one, e.g. cifar/resnet8.")] = None,
    dataset: DatasetOption = None,
    name: Name = None,
    sort: Annotated[Sort, typer.Option(help="What --order goes by; accuracy is that on test where there is one.")] = (
        "created_at"
    ),
    order: Order = "desc",
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """List students, newest first."""
    filters = {"job": job, "status": state, "role": role, "architecture": architecture, "dataset": dataset}
    filters["name"] = name
    with connect(load_settings()) as client:
        rows = list(client.each("/v1/students", most=limit, sort=sort, order=order, **filters))
    if as_json:
        print_json(rows)
        return
    if not rows:
        narrowed = any(filters.values())
        say("No such students." if narrowed else "No students yet. They come from jobs: distillery submit JOB.yaml")
        return
    out.print(student_table(rows))


def student_table(rows: list[Json]) -> Table:
    def line(row: Json) -> dict[str, str | Text]:
        figures = {"role": row["role"], "val top-1": percent((row["metrics"] or {}).get("top1"))}
        known = {"id": row["id"], "label": row["label"], "architecture": row["architecture"]}
        return known | figures | {"status": status(row["status"])}

    return listing(map(line, rows), folds=("label", "architecture"), wide=("role",))
