"""API keys in the database of this machine, without the service: what `distillery keys --local` does."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError, ProgrammingError

from core.db import keys as rows
from core.db import projects
from core.db.models import ApiKey
from core.db.paging import Window
from core.db.session import Database
from core.errors import Invalid, Problem, Unavailable
from core.settings import Settings

Json = dict[str, Any]


@contextmanager
def local_database(settings: Settings) -> Iterator[Database]:
    """This machine's database with its default project; one clear line where there is none."""
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
    names = ("id", "name", "scope", "prefix", "created_at", "expires_at", "last_used_at", "revoked_at")
    times = {name: getattr(row, name) for name in names}
    return {name: v.isoformat() if hasattr(v, "isoformat") else v for name, v in times.items()}


def create(settings: Settings, name: str, expires_at: datetime | None, scope: str, project: str | None) -> Json:
    if scope not in rows.SCOPES:
        raise Invalid([Problem("--scope", "unknown_scope", f"{scope!r} is none of {', '.join(rows.SCOPES)}.")])
    with local_database(settings) as database, database.write() as work:
        owner = projects.find(work, project).id if project else rows.DEFAULT_PROJECT
        row, secret = rows.create(work, owner, name, scope=scope, expires_at=expires_at)
        return _shown(row) | {"key": secret}


def listing(settings: Settings) -> list[Json]:
    with local_database(settings) as database, database.read() as session:
        page = rows.listing(session, rows.DEFAULT_PROJECT, Window(limit=1000))
        return [_shown(row) for row in page.rows]


def revoke(settings: Settings, key_id: str) -> Json:
    with local_database(settings) as database, database.write() as work:
        return _shown(rows.revoke(work, rows.DEFAULT_PROJECT, key_id))
