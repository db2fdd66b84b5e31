"""Projects and their quotas, in the database of this machine: whoever has that is the operator."""

from typing import Annotated, Any

import typer
from pydantic import ByteSize, TypeAdapter, ValidationError
from rich.table import Column, Table

from cli.local_keys import local_database
from cli.output import Commands, load_settings, out, print_json, say, size
from core.db import projects
from core.db.models import Project
from core.errors import Invalid, Problem

app = typer.Typer(cls=Commands, no_args_is_help=True, help="Projects and their quotas: create, list, quota.")
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
QUOTAS = ("running_jobs", "storage_bytes", "upload_bytes")
NONE = "none"


def _shown(row: Project) -> dict[str, Any]:
    shown = {"id": row.id, "name": row.name, "created_at": row.created_at.isoformat()}
    return shown | {name: getattr(row, name) for name in QUOTAS}


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="A tenant: nobody sees another one's objects.")], as_json: AsJson = False
) -> None:
    """Make a project. Then: distillery keys create --local --project NAME."""
    with local_database(load_settings()) as database, database.write() as work:
        answer = _shown(projects.create(work, name))
    if as_json:
        print_json(answer)
    else:
        say(f"{answer['id']}. Its first key: distillery keys create --local --project {name!r}")


@app.command("list")
def list_projects(as_json: AsJson = False) -> None:
    """List all projects with the quotas that are their own."""
    with local_database(load_settings()) as database, database.read() as session:
        answer = [_shown(row) for row in projects.everyone(session)]
    if as_json:
        print_json(answer)
        return
    table = Table(Column("id", no_wrap=True), "name", "running jobs", "storage", "uploads")
    for row in answer:
        jobs = "" if row["running_jobs"] is None else str(row["running_jobs"])
        sizes = ["" if row[name] is None else size(row[name]) for name in QUOTAS[1:]]
        table.add_row(row["id"], row["name"], jobs, *sizes)
    out.print(table)


@app.command()
def quota(
    project: Annotated[str, typer.Argument(help="Its name or id.")],
    running_jobs: Annotated[str | None, typer.Option(help="Jobs at once; others wait.")] = None,
    storage: Annotated[str | None, typer.Option(help="Everything it keeps: 500GB.")] = None,
    uploads: Annotated[str | None, typer.Option(help="All its uploads together: 100GB.")] = None,
    as_json: AsJson = False,
) -> None:
    """Give a project quotas of its own; `none` brings the service's back."""
    given = {"running_jobs": running_jobs, "storage_bytes": storage, "upload_bytes": uploads}
    changes = {name: _parsed(name, text) for name, text in given.items() if text is not None}
    with local_database(load_settings()) as database, database.write() as work:
        row = projects.find(work, project)
        projects.change(work, row, changes)
        answer = _shown(row)
    if as_json:
        print_json(answer)
        return
    own = [f"{name.replace('_', ' ')} {answer[name]:,}" for name in QUOTAS if answer[name] is not None]
    say(f"{answer['name']}: {', '.join(own) or 'the quotas of the service'}.")


def _parsed(name: str, text: str) -> int | None:
    if text == NONE:
        return None
    kind: Any = int if name == "running_jobs" else ByteSize
    option = {"running_jobs": "--running-jobs", "storage_bytes": "--storage", "upload_bytes": "--uploads"}[name]
    try:
        value = int(TypeAdapter(kind).validate_python(text))
    except ValidationError as error:
        raise Invalid([Problem(option, "not_a_number", f"{text!r}: {error.errors()[0]['msg']}.")]) from error
    if not 0 < value < 2**62:
        raise Invalid([Problem(option, "out_of_range", f"{text!r} is no quota: give more than 0, or {NONE}.")])
    return value
