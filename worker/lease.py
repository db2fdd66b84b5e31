"""Keeps one run's lease alive, and ends its child when that is no longer possible."""

import logging
import threading
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from core.child import boot_seconds
from core.db import runs
from core.db.models import Run
from core.db.session import Database
from core.errors import Stale
from core.lifecycle import JobStatus
from core.settings import Settings
from core.spawn import ChildProcess

log = logging.getLogger(__name__)
LOOK_SECONDS = 1.0  # how soon a pause or cancel is seen


class Lease:
    """A thread that renews every heartbeat and reads the wished status in between.

    After two thirds of a lease without renewal the child is killed: before anyone else may claim the run.
    """

    def __init__(self, claim: runs.Claim, database: Database, settings: Settings) -> None:
        self._claim, self._database, self._settings = claim, database, settings
        self._child: ChildProcess | None = None
        self._renewed_at = boot_seconds()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"lease-{claim.run_id}", daemon=True)
        self.status = JobStatus.RUNNING
        self.lost = False

    def __enter__(self) -> "Lease":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def guard(self, child: ChildProcess) -> None:
        """From now on this child lives by the lease."""
        self._child = child
        child.renew(self._renewed_at + self._settings.lease_seconds)
        if self.lost:
            child.kill()

    def _keep(self) -> None:
        tick = min(LOOK_SECONDS, self._settings.heartbeat_seconds)
        while not self._done.wait(tick):
            due = boot_seconds() - self._renewed_at >= self._settings.heartbeat_seconds
            self._guarded(self._renew if due else self._look)
            if self.lost:
                return

    def _guarded(self, do: Callable[[], None]) -> None:
        try:
            do()
        except Stale:
            self._lose("another attempt owns the run, or it has ended")
        except (SQLAlchemyError, OSError) as error:
            silent = boot_seconds() - self._renewed_at
            log.warning("run %s: lease not renewed for %.0f s: %s", self._claim.run_id, silent, error)
            if silent > self._settings.lease_seconds * 2 / 3:
                self._lose("the lease could not be renewed")

    def _renew(self) -> None:
        before = boot_seconds()
        with self._database.write() as work:
            self.status = runs.renew(work, self._claim, self._settings.lease_seconds)
        self._renewed_at = before
        if self._child is not None:
            self._child.renew(before + self._settings.lease_seconds)

    def _look(self) -> None:
        with self._database.read() as session:
            run = session.get(Run, self._claim.run_id)
        if run is None or run.attempt != self._claim.attempt:
            raise Stale(self._claim.run_id, self._claim.attempt)
        self.status = JobStatus(run.status)

    def _lose(self, why: str) -> None:
        log.warning("run %s, attempt %d: %s; its child is killed", self._claim.run_id, self._claim.attempt, why)
        self.lost = True
        if self._child is not None:
            self._child.kill()
