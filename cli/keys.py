"""API keys: through the service, or with `--local` in the database of this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Column, Table
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError, ProgrammingError

from cli.client import connect
from cli.output import Commands, load_settings, out, print_json, say
from core.db import keys as rows
from core.db.models import ApiKey, now
from core.db.paging import Window
from core.db.session import Database
from core.errors import Unavailable

app = typer.Typer(cls=Commands, no_args_is_help=True, help="API keys: create, list, revoke.")
Json = dict[str, Any]

Local = Annotated[bool, typer.Option("--local", help="In this machine's database, without the service.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]


@contextmanager
def _database() -> Iterator[Database]:
    """This machine's database with its default project; one clear line where there is none."""
    settings = load_settings()
    url = make_url(settings.database)
    detail = (
        f"{url.render_as_string(hide_password=True)} has no schema of ours, or does not answer. Try: distillery migrate"
    )
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        raise Unavailable("no_database", detail)  # opening it would make an empty one
    database = Database(settings.database)
    try:
        rows.ensure_admin_key(database, settings)
        yield database
    except (OperationalError, ProgrammingError) as error:
        raise Unavailable("no_database", detail) from error
    finally:
        database.close()


def _shown(row: ApiKey) -> Json:
    names = ("id", "name", "prefix", "created_at", "expires_at", "last_used_at", "revoked_at")
    times = {name: getattr(row, name) for name in names}
    return {name: v.isoformat() if hasattr(v, "isoformat") else v for name, v in times.items()}


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What it is for.")] = "cli",
    days: Annotated[float | None, typer.Option(min=0.001, max=36500, help="Expires after so many days.")] = None,
    local: Local = False,
    as_json: AsJson = False,
) -> None:
    """Make a key. It is shown this once."""
    expires_at = now() + timedelta(days=days) if days else None
    if local:
        with _database() as database, database.write() as work:
            row, secret = rows.create(work, rows.DEFAULT_PROJECT, name, expires_at=expires_at)
            answer = _shown(row) | {"key": secret}
    else:
        wish: Json = {"name": name} | ({"expires_at": expires_at.isoformat()} if expires_at else {})
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
        with _database() as database, database.read() as session:
            page = rows.listing(session, rows.DEFAULT_PROJECT, Window(limit=1000))
            answer = [_shown(row) for row in page.rows]
    else:
        with connect(load_settings()) as client:
            answer = list(client.each("/v1/api-keys"))
    if as_json:
        print_json(answer)
        return
    table = Table(Column("id", no_wrap=True), "name", "begins", "last used", "expires", "state")
    for row in answer:
        state = "revoked" if row["revoked_at"] else "good"
        when = [str(row[name] or "never")[:16].replace("T", " ") for name in ("last_used_at", "expires_at")]
        table.add_row(row["id"], row["name"], row["prefix"] + "…", *when, state)
    out.print(table)


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(help="The key's id: key_…")], local: Local = False, as_json: AsJson = False
) -> None:
    """Refuse a key from now on, and every browser that signed in with it."""
    if local:
        with _database() as database, database.write() as work:
            answer = _shown(rows.revoke(work, rows.DEFAULT_PROJECT, key))
    else:
        with connect(load_settings()) as client:
            client.delete(f"/v1/api-keys/{key}")
            answer = {"id": key, "revoked": True}
    if as_json:
        print_json(answer)
    else:
        say(f"{key} is revoked.")
