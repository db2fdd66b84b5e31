"""What this process needs to serve. What costs something to look at is looked at every few seconds at most."""

import logging

from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import State

import migrations
from api.cached import Cached
from api.health.schemas import CheckRead
from core.errors import DISK_FULL, Unavailable, is_disk_full
from core.ids import new_id
from core.queue import ask_broker
from core.storage import keys

log = logging.getLogger(__name__)

KEPT_SECONDS = 10.0
SILENT = "The database does not answer."
FULL = "The storage is full: nothing can be stored until there is room; what is there can be read."
UNWRITABLE = "The storage cannot be written to."
POLLING = "The broker does not answer: jobs start by polling, some seconds late."


class Readiness:
    """`state`: the application's. A full disk passes, and what is stored can be read meanwhile: degraded."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._probe = keys.probe(new_id("probe"))
        self._storage = Cached(self._write, KEPT_SECONDS)
        self._broker = Cached(lambda: ask_broker(state.settings.broker_url, 1.0), KEPT_SECONDS)

    def checks(self) -> list[CheckRead]:
        found = [*self._rows(), self._files()]
        return [*found, self._nudges()] if self._state.settings.broker_url else found

    def _rows(self) -> list[CheckRead]:
        database, schema = CheckRead(name="database"), CheckRead(name="schema")
        try:
            migrations.check(self._state.database.engine)
        except SQLAlchemyError:
            return [CheckRead(name="database", status="failed", code="database_unavailable", detail=SILENT)]
        except Unavailable as error:
            schema = CheckRead(name="schema", status="failed", code=error.code, detail=error.detail)
        return [database, schema]

    def _files(self) -> CheckRead:
        try:
            self._storage()
        except Exception as error:  # each kind of storage has errors of its own
            log.warning("the storage cannot be written to: %s", error or "it does not answer")
            if isinstance(error, OSError) and is_disk_full(error):
                return CheckRead(name="storage", status="degraded", code=DISK_FULL, detail=FULL)
            return CheckRead(name="storage", status="failed", code="storage_unavailable", detail=UNWRITABLE)
        return CheckRead(name="storage")

    def _write(self) -> None:
        with self._state.storage.writing(self._probe) as file:
            file.write(b"ready")
        self._state.storage.delete(self._probe)

    def _nudges(self) -> CheckRead:
        try:
            self._broker()
        except (Unavailable, TimeoutError):
            return CheckRead(name="broker", status="degraded", code="broker_unavailable", detail=POLLING)
        return CheckRead(name="broker")
