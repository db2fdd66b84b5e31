"""Run by Alembic. Called through `migrations.upgrade`, which hands over the engine."""

from alembic import context
from sqlalchemy import Engine, text

from core.db.models import Base

_LOCK = 0x64697374  # one upgrade at a time on PostgreSQL; SQLite locks the file


def run() -> None:
    engine: Engine = context.config.attributes["engine"]
    sqlite = engine.dialect.name == "sqlite"
    engine = engine.execution_options(distillery_begin="BEGIN IMMEDIATE")
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=sqlite,
            compare_type=True,
            transactional_ddl=True,
        )
        with context.begin_transaction():
            if not sqlite:  # inside the transaction: taken before it, the lock's own transaction swallows the commit
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            context.run_migrations()


run()
