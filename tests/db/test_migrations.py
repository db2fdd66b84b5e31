"""The migrated schema is the model's, on both engines; an unknown one is refused."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

import migrations
from core.db.models import Base
from core.db.session import Database
from core.errors import Unavailable


def test_model_and_migrated_schema_do_not_differ(empty_database_url: str) -> None:
    migrations.upgrade(empty_database_url)
    migrations.upgrade(empty_database_url)  # the second time nothing happens
    database = Database(empty_database_url)
    migrations.check(database.engine)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    database.close()


def test_head_is_the_newest_revision() -> None:
    scripts = ScriptDirectory("migrations")
    assert scripts.get_heads() == [migrations.HEAD]


def test_a_schema_that_is_missing_or_unknown_is_refused(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    with pytest.raises(Unavailable, match="distillery migrate"):
        migrations.check(database.engine)
    migrations.upgrade(empty_database_url)
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Unavailable, match=r"revision 9999.*newer program"):
        migrations.check(database.engine)
    database.close()
