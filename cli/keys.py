"""API keys: through the service, or with `--local` in the database of this machine."""

from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Annotated, Any

import typer
from rich.table import Column, Table

from cli.client import connect
from cli.ids import AsJson, completing
from cli.output import Commands, load_settings, out, print_json, say
from core.errors import Invalid, Problem

app = typer.Typer(cls=Commands, no_args_is_help=True, help="API keys: create, list, rotate, revoke.")
Json = dict[str, Any]

Local = Annotated[bool, typer.Option("--local", help="In this machine's database, without the service.")]
Key = Annotated[str, typer.Argument(help="The key's id: key_…", autocompletion=completing("api-keys"))]


def _here() -> Any:
    """The same over this machine's database; it needs the server's packages, and nothing else here does."""
    return import_module("cli.local_keys")


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What it is for.")] = "cli",
    scope: Annotated[
        str | None, typer.Option(help="read, submit or admin. Default: submit; with --local, admin.")
    ] = None,
    days: Annotated[float | None, typer.Option(min=0.001, max=36500, help="Expires after so many days.")] = None,
    local: Local = False,
    project: Annotated[str | None, typer.Option(help="With --local: another project than the default.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key. It is shown this once."""
    if project and not local:
        detail = "A key makes keys of its own project. Another project's: with --local, on the service's machine."
        raise Invalid([Problem("--project", "needs_local", detail)])
    expires_at = datetime.now(UTC) + timedelta(days=days) if days else None
    if local:
        answer = _here().create(load_settings(), name, expires_at, scope or "admin", project)
    else:
        wish: Json = (
            {"name": name}
            | ({"scope": scope} if scope else {})
            | ({"expires_at": expires_at.isoformat()} if expires_at else {})
        )
        with connect(load_settings()) as client:
            answer = client.post("/v1/api-keys", wish)
    if as_json:
        print_json(answer)
        return
    out.print(answer["key"], soft_wrap=True)
    say(f"{answer['id']}: keep it now, it is not shown again.")


@app.command("list")
def list_keys(local: Local = False, as_json: AsJson = False) -> None:
    """List the keys of the project, newest first."""
    if local:
        answer = _here().listing(load_settings())
    else:
        with connect(load_settings()) as client:
            answer = list(client.each("/v1/api-keys"))
    if as_json:
        print_json(answer)
        return
    table = Table(Column("id", no_wrap=True), "name", "scope", "begins", "last used", "expires", "state")
    for row in answer:
        state = "revoked" if row["revoked_at"] else "good"
        when = [str(row[name] or "never")[:16].replace("T", " ") for name in ("last_used_at", "expires_at")]
        table.add_row(row["id"], row["name"], row["scope"], row["prefix"] + "…", *when, state)
    out.print(table)


@app.command()
def rotate(
    key: Key,
    hours: Annotated[float, typer.Option(min=0, max=720, help="So long the old key stays good.")] = 24,
    as_json: AsJson = False,
) -> None:
    """Make the key that takes over from another. It is shown this once."""
    with connect(load_settings()) as client:
        answer = client.post(f"/v1/api-keys/{key}/rotate", {"overlap_hours": hours})
    if as_json:
        print_json(answer)
        return
    out.print(answer["key"], soft_wrap=True)
    say(f"{answer['id']}: keep it now, it is not shown again. {key} ends in {hours:g} hours at most.")


@app.command()
def revoke(key: Key, local: Local = False, as_json: AsJson = False) -> None:
    """Refuse a key from now on, and every browser that signed in with it."""
    if local:
        answer = _here().revoke(load_settings(), key)
    else:
        with connect(load_settings()) as client:
            client.delete(f"/v1/api-keys/{key}")
            answer = {"id": key, "revoked": True}
    if as_json:
        print_json(answer)
    else:
        say(f"{key} is revoked.")
