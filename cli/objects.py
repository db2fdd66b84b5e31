"""One object of the service, of whatever kind, by its id."""

import sys
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from cli.client import connect
from cli.ids import AsJson, completing, path_of
from cli.output import load_settings, moment, one_line, out, print_json, say, show_error, size, status
from cli.results import show_result
from cli.students import student_table
from cli.watching import doing
from cli.wire import Json
from core.errors import DistilleryError, Invalid, Problem

# What people look for, in this order; everything else is in --json.
SHOWN = {
    "job": "name status phase progress attempt waits_for error warnings teacher dataset priority metadata created_at "
    "started_at finished_at",
    "student": "label status role architecture parameters job job_name teacher dataset loss init seed metrics bytes "
    "tensors_sha256 error created_at",
    "dataset": "name status classes counts image_size bytes source sha256 progress warnings error created_at",
    "teacher": "name status kind architecture parameters classes top1 dataset image_size normalization bytes source "
    "sha256 warnings error created_at",
    "upload": "filename status purpose bytes part_count missing sha256 created_at completed_at expires_at",
    "webhook": "name url events enabled disabled_reason created_at",
}
DELETED = ("jobs", "datasets", "teachers", "uploads", "webhooks")


def show(
    id: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="job_…, stu_…, dst_…, tch_…, upl_… or whk_…",
            autocompletion=completing("jobs", "students", "datasets", "teachers"),
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Show an object: a job with its students, a student, a data set, a teacher, an upload, a webhook."""
    path = path_of(id)
    with connect(load_settings()) as client:
        row = client.get(path)
    if as_json:
        print_json(row)
        return
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("id", row["id"])
    for name in SHOWN[row["object"]].split():
        text = _told(name, row)
        if text:
            table.add_row(name.removesuffix("_at").replace("_", " "), text)
    out.print(table)
    if row["object"] == "job":
        _show_students(row)
    for file in row.get("files", ()):
        out.print(Text(f"{file['name']}  {size(file['bytes'])}  sha256 {file['sha256']}"), soft_wrap=True)


def _told(name: str, row: Json) -> Text:
    """A field in words; empty where there is nothing to say."""
    value = row[name]
    if name == "status":
        return status(value)
    if name == "phase":
        return Text(doing(row) if row["status"] == "running" else "")
    if name == "progress" and isinstance(value, dict):
        steps = f"step {value['step']} of {value['total_steps']}" if value["total_steps"] else ""
        return Text(f"{value['percent']:.0f} %  {steps}")
    if name == "attempt":
        return Text(f"{value} (fails after {row['max_attempts']} crashes)" if value else "")
    if name == "error" and value:
        return Text(one_line(" ".join(str(value[part]) for part in ("detail", "hint") if value.get(part))), "red")
    if name.endswith("_at"):
        return Text(f"{moment(value)} UTC" if value else "")
    if name == "bytes" and value is not None:
        return Text(size(value))
    return Text(_plain(value))


def _plain(value: Any) -> str:
    if value is None or value == [] or value == {}:
        return ""
    if isinstance(value, dict) and "name" in value and "id" in value:
        return f"{value['name']}, {value['id']}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {text}" for name, one in value.items() if (text := _plain(one)))
    if isinstance(value, list):
        return ", ".join(map(_plain, value[:10])) + (f" and {len(value) - 10} more" if len(value) > 10 else "")
    return f"{value:.4g}" if isinstance(value, float) else one_line(str(value))


def _show_students(job: Json) -> None:
    if job["status"] == "succeeded":
        show_result(job["students"], job["result"])
        return
    out.print(student_table(job["students"]))


def delete(
    ids: Annotated[
        list[str],
        typer.Argument(
            metavar="ID…",
            help="job_…, dst_…, tch_…, upl_… or whk_…",
            autocompletion=completing("jobs", "datasets", "teachers", action="delete"),
        ),
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; needed where there is no terminal.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete jobs that are over, with their students' files, and data sets, teachers and uploads that nothing uses."""
    paths = {id: path_of(id) for id in ids}
    for id, path in paths.items():
        if path.split("/")[2] not in DELETED:
            raise Invalid([Problem("", "not_deletable", f"{id} cannot be deleted by itself: it goes with its job.")])
    if not yes and not sys.stdin.isatty():
        raise Invalid([Problem("--yes", "not_sure", "What is deleted is gone. Say --yes where nobody can be asked.")])
    if not yes:
        typer.confirm(f"Delete {', '.join(paths)}, with all files?", abort=True, err=True)
    failed = False
    deleted = []
    with connect(load_settings()) as client:
        for id, path in paths.items():
            try:
                client.delete(path)
            except DistilleryError as error:
                failed = True
                show_error(error, for_scripts=as_json)
                continue
            deleted.append({"id": id, "deleted": True})
            if not as_json:
                say(f"{id} is deleted.")
    if as_json:
        print_json(deleted)
    if failed:
        raise typer.Exit(1)
