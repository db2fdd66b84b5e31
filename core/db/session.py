"""Engines and the unit of work: one request or one report of a worker is one transaction.

SQLite: writers take the lock at BEGIN (deferred ones would fail half-way), and a journal mode that is safe with
the library at hand. PostgreSQL: as it is.
"""

import json
import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from pydantic_core import from_json
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from core.errors import StorageUnavailable

log = logging.getLogger(__name__)

# The database does not answer, or has ended the session of one that slept: the same later may well succeed.
UNREACHABLE = (OperationalError, InterfaceError, InternalError, PoolTimeout)
# A server that has vanished is noticed within seconds; a session that sleeps in a transaction loses its locks.
POSTGRES = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
    "options": "-c idle_in_transaction_session_timeout=30s -c lock_timeout=30s",
}
JSON = {"json_serializer": partial(json.dumps, separators=(",", ":")), "json_deserializer": from_json}


class UnitOfWork(Session):
    """A session that also remembers what to do once its transaction is durable."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._after: list[Callable[[], None]] = []

    def after_commit(self, do: Callable[[], None]) -> None:
        """Run once after the commit; dropped if the transaction fails."""
        if do not in self._after:
            self._after.append(do)

    def finish(self) -> None:
        self.commit()
        waiting, self._after = self._after, []
        for do in waiting:
            try:
                do()
            except StorageUnavailable as error:  # committed is committed: what was to be deleted is found as garbage
                log.warning("after the commit: %s", error.detail)


def _safe_journal_mode() -> str:
    """WAL loses commits in SQLite before 3.51.3 (the WAL-reset race), but for two backports."""
    version = sqlite3.sqlite_version_info
    backported = (version[:2] == (3, 50) and version[2] >= 7) or (version[:2] == (3, 44) and version[2] >= 6)
    return "WAL" if version >= (3, 51, 3) or backported else "TRUNCATE"


def _is_locked(error: BaseException) -> bool:
    return isinstance(error, OperationalError) and "database is locked" in str(error)


class Database:
    """The one way to the rows: `with database.write() as work`, `with database.read() as session`."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            if self.url.database and self.url.database != ":memory:":
                Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
            asked: dict[str, Any] = {"timeout": 5.0, "check_same_thread": False}
            self.engine = create_engine(self.url, **JSON, connect_args=asked)
            self._tune_sqlite(self.engine)
            self._reader = self.engine
        else:
            if self.url.drivername == "postgresql":
                self.url = self.url.set(drivername="postgresql+psycopg")
            asked = {name: value for name, value in POSTGRES.items() if name not in self.url.query}
            pool: dict[str, Any] = {"pool_pre_ping": True, "pool_size": 10, "max_overflow": 20}
            self.engine = create_engine(self.url, **JSON, connect_args=asked, **pool)
            self._reader = self.engine.execution_options(isolation_level="AUTOCOMMIT")  # half as many round trips
        self._writer = self.engine.execution_options(distillery_begin="BEGIN IMMEDIATE")

    @staticmethod
    def _tune_sqlite(engine: Engine) -> None:
        journal = _safe_journal_mode()

        @event.listens_for(engine, "connect")
        def _connect(raw: Any, _: Any) -> None:
            raw.isolation_level = None  # the driver must not begin transactions behind our back
            for pragma in (f"journal_mode={journal}", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
                raw.execute(f"PRAGMA {pragma}").close()

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            connection.exec_driver_sql(connection.get_execution_options().get("distillery_begin", "BEGIN"))

    @contextmanager
    def write(self) -> Iterator[UnitOfWork]:
        """One transaction: committed at the end, then what waited for the commit is done; rolled back on an error."""
        with UnitOfWork(self._writer, expire_on_commit=False) as work:
            if self.is_sqlite:  # SQLite's lock is unfair: a writer can starve past the busy timeout
                for attempt in Retrying(
                    retry=retry_if_exception(_is_locked),
                    stop=stop_after_attempt(6),
                    wait=wait_random_exponential(0.05, 1),
                    reraise=True,
                ):
                    with attempt:
                        work.connection()
            try:
                yield work
                work.finish()
            except BaseException:
                work.rollback()  # closing is not enough: a commit that failed would stay open on the pooled connection
                raise

    @contextmanager
    def read(self) -> Iterator[Session]:
        """On PostgreSQL each statement sees a moment of its own, and no transaction is open between them."""
        with Session(self._reader, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """What is read here is of one moment."""
        with self.read() as session:
            if not self.is_sqlite:
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            yield session

    def close(self) -> None:
        """Also what another thread still has in use, as soon as it gives it back."""
        event.listen(self.engine.pool, "checkin", lambda _, entry: entry.invalidate())
        self.engine.dispose()
