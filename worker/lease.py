"""Keeps one run's lease alive, and ends its child when the run is no longer ours."""

import logging
import threading
from collections.abc import Callable
from contextvars import copy_context

from sqlalchemy.exc import SQLAlchemyError

from core.child import boot_seconds
from core.db import runs
from core.db.session import Database
from core.errors import Stale
from core.lifecycle import JobStatus
from core.points import reach
from core.settings import Settings
from core.spawn import ChildProcess

log = logging.getLogger(__name__)
LOOK_SECONDS = 1.0  # how soon a pause or cancel is seen


class Lease:
    """One thread shows the sign of life every heartbeat and reads the wished status in between; the other keeps the
    child's deadline ahead, so that the child ends where this process is frozen.

    A database that does not answer stops nothing for `outage_seconds`: nobody could take the run meanwhile, and if
    somebody could, because only we are cut off, the fence refuses whatever we bring.
    """

    def __init__(self, claim: runs.Claim, database: Database, settings: Settings) -> None:
        self._claim, self._database, self._settings = claim, database, settings
        self._child: ChildProcess | None = None
        self._renewed_at = boot_seconds()
        self.silent = False  # the database does not answer
        self._done = threading.Event()
        jobs = {"lease": self._keep, "lifeline": self._hold_lifeline}
        self._threads = [
            threading.Thread(target=copy_context().run, args=(job,), name=f"{name}-{claim.run_id}", daemon=True)
            for name, job in jobs.items()
        ]
        self.status = JobStatus.RUNNING
        self.lost = False

    def __enter__(self) -> "Lease":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def guard(self, child: ChildProcess) -> None:
        """From now on this child lives by the lease."""
        self._child = child
        child.renew(boot_seconds() + self._settings.lease_seconds)
        if self.lost:
            child.kill()

    def unguard(self) -> None:
        """The child has gone by itself; what is left is the run's ending."""
        self._child = None

    # --- the sign of life ---------------------------------------------------------------------------------------

    def _keep(self) -> None:
        tick = min(LOOK_SECONDS, self._settings.heartbeat_seconds)
        while not self.lost and not self._done.wait(tick):
            due = boot_seconds() - self._renewed_at >= self._settings.heartbeat_seconds
            self._guarded(self._renew if due else self._look)

    def _guarded(self, do: Callable[[], None]) -> None:
        try:
            do()
        except Stale:
            self._lose("another attempt owns the run, or it has ended")
        except (SQLAlchemyError, OSError) as error:
            if not self.silent:
                log.warning("the database does not answer: %s", error)
            self.silent = True
        else:
            if self.silent:
                log.warning("the database answers again")
            self.silent = False

    def _renew(self) -> None:
        before = boot_seconds()
        reach("lease.begin")
        with self._database.write() as work:
            self.status = runs.renew(work, self._claim)
            reach("lease.shown")
        reach("lease.committed")
        self._renewed_at = before

    def _look(self) -> None:
        with self._database.read() as session:
            self.status = runs.look(session, self._claim)

    # --- the lifeline -------------------------------------------------------------------------------------------

    def _hold_lifeline(self) -> None:
        """Apart from the database, whose calls may hang for longer than the child's deadline."""
        while not self.lost and not self._done.wait(self._settings.heartbeat_seconds):
            if boot_seconds() - self._renewed_at > self._settings.outage_seconds:
                self._lose("the database has not answered for too long")
            elif self._child is not None:
                self._child.renew(boot_seconds() + self._settings.lease_seconds)

    def _lose(self, why: str) -> None:
        self.lost = True
        child = self._child
        if child is None:  # mostly our own ending, seen by this thread before it is told to stop
            log.info("%s", why)
        else:
            log.warning("%s; the child is killed", why)
            child.kill()
