"""What a child tells, on its way into rows: in order, in numbered batches, however long the database is away."""

import logging
import time
from collections.abc import Callable

from core.db.session import UNREACHABLE
from core.errors import Failure, StorageUnavailable
from core.events import CheckpointSaved, Event, Metrics, StudentSaved, without_superseded
from worker.failures import failure_of
from worker.patience import Patience

log = logging.getLogger(__name__)
FLUSH_SECONDS = 1.0


class Reporting:
    """Events that wait to be stored by `store(batch, events)`, where batches are numbered from 1.

    A batch whose storing was not heard of comes again, as it was and under its number: whoever stores it can tell.
    """

    def __init__(self, store: Callable[[int, list[Event]], None], patience: Patience) -> None:
        self._store, self._patience = store, patience
        self._pending: list[Event] = []
        self._batch: list[Event] = []  # being stored: as it is until it is stored
        self._stored = 0  # batches
        self._flushed_at = time.monotonic()
        self._seen_metrics = False

    def add(self, event: Event) -> None:
        self._pending.append(event)

    @property
    def waits(self) -> bool:
        return bool(self._pending or self._batch)

    def due(self, event: Event | None) -> bool:
        """Whether to flush now, `event` being what came last."""
        if not self.waits:
            return False
        # The first figures at once: somebody is watching an empty chart.
        first = not self._seen_metrics and isinstance(event, Metrics)
        durable = isinstance(event, CheckpointSaved | StudentSaved)
        return first or durable or time.monotonic() - self._flushed_at >= FLUSH_SECONDS

    def flush(self) -> Failure | None:
        """Store what has come. A database or bucket that does not answer is waited for: the events stay, in order."""
        if not self._batch:
            self._batch, self._pending = self._pending, []
        self._flushed_at = time.monotonic()
        self._seen_metrics = self._seen_metrics or any(isinstance(event, Metrics) for event in self._batch)
        try:
            self._store(self._stored + 1, without_superseded(self._batch, self._pending))
        except UNREACHABLE as error:
            log.warning("figures wait for the database: %s", error)
        except StorageUnavailable as error:
            if not self._patience.waits():
                return failure_of(error)
            log.warning("files wait for the storage: %s", error.detail)
        except OSError as error:
            return failure_of(error)
        else:
            self._patience.rest()
            self._batch, self._stored = [], self._stored + 1
        return None

    def flush_all(self, give_up: Callable[[], bool]) -> Failure | None:
        """Store everything that has come, however long it takes, unless told to give up: then something still waits."""
        while self.waits and not give_up():
            failure = self.flush()
            if failure is not None:
                return failure
            if self._batch:
                time.sleep(0.5)
        return None
