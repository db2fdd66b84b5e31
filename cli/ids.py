"""Ids and other words of the service on the command line, and what a shell completes them to."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal

import typer

from cli.address import address_and_key
from cli.client import Client
from cli.output import load_settings
from cli.wire import Json
from core.errors import Invalid, Problem

SECONDS = 1.0  # a shell waits no longer
OFFERED = 50  # the newest
# What an id's prefix says: the path of its kind.
PATHS = {"job": "jobs", "stu": "students", "dst": "datasets", "tch": "teachers", "upl": "uploads", "whk": "webhooks"}
Completed = Iterator[tuple[str, str]]


def path_of(id: str) -> str:
    """Where an object of any kind is; `Invalid` for what is no id."""
    kind, _, rest = id.partition("_")
    if kind not in PATHS or not rest.isalnum():
        known = ", ".join(f"{name}_…" for name in PATHS)
        raise Invalid([Problem("", "no_id", f"{id!r} is no id; these are: {known}.")])
    return f"/v1/{PATHS[kind]}/{id}"


def completing(*nouns: str, action: str | None = None) -> Callable[[str], Completed]:
    """Completes the ids of these nouns, but of none that does not allow `action`; nothing where no service answers."""

    def complete(incomplete: str) -> Completed:
        try:
            with Client(*address_and_key(load_settings()), seconds=SECONDS) as client:
                rows = [row for noun in nouns for row in client.each(f"/v1/{noun}", most=OFFERED)]
        except Exception:  # whatever it is: it must not come between the words of a command line
            return
        for row in rows:
            if row["id"].startswith(incomplete) and action in (None, *row.get("available_actions", [action])):
                yield row["id"], _known_as(row)

    return complete


def _known_as(row: Json) -> str:
    name = str(row.get("label") or row.get("name") or row.get("filename") or "")
    return ", ".join(part for part in (name, str(row.get("status") or "")) if part)


def job_argument(action: str | None = None) -> Any:
    return typer.Argument(metavar="JOB", help="The job's id: job_…", autocompletion=completing("jobs", action=action))


JobId = Annotated[str, job_argument()]
StudentId = Annotated[
    str, typer.Argument(metavar="STUDENT", help="Its id: stu_…", autocompletion=completing("students"))
]
JobOption = Annotated[
    str | None, typer.Option(metavar="JOB", help="Only those of this job: job_…", autocompletion=completing("jobs"))
]
DatasetOption = Annotated[
    str | None, typer.Option(metavar="DATASET", help="Only on this one: dst_…", autocompletion=completing("datasets"))
]
TeacherOption = Annotated[
    str | None, typer.Option(metavar="TEACHER", help="Only of this one: tch_…", autocompletion=completing("teachers"))
]
Name = Annotated[str | None, typer.Option(help="Only those with this in their name.")]
Order = Annotated[Literal["asc", "desc"], typer.Option(help="Which comes first.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
