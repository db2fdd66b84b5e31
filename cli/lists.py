"""What else the service has: data sets, teachers, workers, and what all of it takes."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

import typer
from rich.text import Text

from cli.client import connect
from cli.ids import AsJson, Limit, Name, Order
from cli.output import age, duration, listing, load_settings, out, print_json, say, size, status
from cli.results import percent, size_of
from cli.wire import Json

Line = dict[str, str | Text]
Read = Annotated[Literal["validating", "ready", "rejected"] | None, typer.Option("--status", help="Only those.")]


def _list(path: str, limit: int, as_json: bool, line: Callable[[Json], Line], none: str, **query: Any) -> None:
    with connect(load_settings()) as client:
        rows = list(client.each(path, most=limit, **query))
    if as_json:
        print_json(rows)
    elif rows:
        out.print(listing(map(line, rows), folds=("name", "architecture", "devices"), wide=("age", "parameters")))
    else:
        say(none)


def datasets(
    state: Read = None, name: Name = None, order: Order = "desc", limit: Limit = 100, as_json: AsJson = False
) -> None:
    """List data sets, newest first."""

    def line(row: Json) -> Line:
        classes = "" if row["classes"] is None else str(len(row["classes"]))
        images = f"{sum(row['counts'].values()):,}" if row["counts"] else ""
        known = {"id": row["id"], "name": row["name"], "classes": classes, "images": images}
        return known | {"status": status(row["status"]), "age": age(row["created_at"])}

    none = "No data sets. They come with jobs: distillery submit JOB.yaml"
    _list("/v1/datasets", limit, as_json, line, none, status=state, name=name, order=order)


def teachers(
    state: Read = None, name: Name = None, order: Order = "desc", limit: Limit = 100, as_json: AsJson = False
) -> None:
    """List teachers, newest first."""

    def line(row: Json) -> Line:
        known = {"id": row["id"], "name": row["name"], "architecture": row["architecture"] or row["kind"]}
        figures = {"parameters": size_of(row["parameters"]), "top-1": percent(row["top1"])}
        return known | figures | {"status": status(row["status"]), "age": age(row["created_at"])}

    none = "No teachers. They come with jobs: distillery submit JOB.yaml"
    _list("/v1/teachers", limit, as_json, line, none, status=state, name=name, order=order)


def workers(
    stopped: Annotated[bool | None, typer.Option(help="Only those that have stopped, or only the others.")] = None,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """List workers, newest first."""

    def line(row: Json) -> Line:
        devices = ", ".join(str(device) for device in row["devices"]) or "processor"
        known = {"id": row["id"], "name": row["hostname"], "devices": devices}
        known["busy"] = f"{row['busy']} of {row['slots']}"
        return known | {"status": status(row["status"]), "heard of": f"{duration(row['heartbeat_age_seconds'])} ago"}

    none = "No workers: jobs wait. Start one: distillery worker"
    _list("/v1/workers", limit, as_json, line, none, stopped=stopped)


def storage(
    limit: Annotated[int, typer.Option(min=1, max=500, help="So many of the largest.")] = 20, as_json: AsJson = False
) -> None:
    """What everything takes, the largest first, and what may be deleted now."""
    with connect(load_settings()) as client:
        answer = client.get("/v1/storage", limit=limit)
    if as_json:
        print_json(answer)
        return

    def line(row: Json) -> Line:
        deletable = "yes" if row["deletable"] else f"no: {row['reason']}"
        known = {"id": row["id"], "name": row["name"], "size": size(row["bytes"])}
        return known | {"status": status(row["status"]), "deletable": deletable}

    out.print(listing(map(line, answer["data"]), folds=("name", "deletable")))
    quota = answer["quota"]["storage_bytes"]
    kinds = ", ".join(f"{kind['kind']} {size(kind['bytes'])}" for kind in answer["kinds"] if kind["bytes"])
    say(f"{size(answer['bytes'])} in all" + (f" of {size(quota)}" if quota else "") + (f": {kinds}." if kinds else "."))
