"""The schema's history. `upgrade(url)` brings a database up to date; `check(engine)` says whether it is."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, inspect, text

from core.errors import Unavailable

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0011"  # the revision that core/db/models.py describes; a test holds it to the newest file in versions/


def upgrade(database_url: str, to: str = "head") -> None:
    """Bring the database to `HEAD` (or another revision). Safe to call at every start, also by several processes."""
    from alembic import command  # here: who only checks must not carry Alembic

    from core.db.session import Database

    database = Database(database_url)
    try:
        command.upgrade(configuration(database.engine), to)
    finally:
        database.close()


def configuration(engine: Engine) -> "Config":
    """Alembic's, for this history and this database."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["engine"] = engine
    return config


def check(engine: Engine) -> None:
    """`Unavailable` unless the database is at exactly the revision that this program was written for."""
    with engine.connect() as connection:
        there = None
        if inspect(connection).has_table("alembic_version"):
            there = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if there is None:
        raise Unavailable("schema_missing", "The database has no tables yet. Run: distillery migrate")
    if there != HEAD:
        detail = f"The database is at revision {there}, this program wants {HEAD}. "
        newer = there > HEAD
        detail += "Install the newer program." if newer else "Run: distillery migrate"
        raise Unavailable("schema_mismatch", detail)
