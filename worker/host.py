"""One worker process: its slots, its heartbeat, and the loop that finds work when no nudge comes.

A Celery message and the poll start the same function; one list of free slots counts for both. Beside the slots for
training there is one for reading: a data set or a checkpoint does not wait for days until a job has ended.
"""

import logging
import os
import shutil
import socket
import threading
import time
from collections.abc import Iterable
from contextvars import copy_context

from sqlalchemy import update

from core import VERSION, logs
from core.child import boot_seconds
from core.db import audit, runs, waiting
from core.db.models import Worker, now
from core.db.session import UNREACHABLE, Database
from core.errors import StorageUnavailable
from core.gpus import list_gpus
from core.leasing import Observer
from core.points import reach
from core.queue import make_queue
from core.settings import Settings
from core.storage import open_storage
from worker.equipment import Equipment
from worker.garbage import Garbage
from worker.runner import supervise
from worker.slots import READING, Slot, gpus_of

log = logging.getLogger(__name__)


AUDIT_SECONDS = 3600.0  # how often old entries of the audit are dropped
ROOM_SECONDS = 5.0  # how often it is asked whether a full disk has room again


class Host:
    """Everything a run needs of the process it runs in."""

    def __init__(self, settings: Settings) -> None:
        gpus = list_gpus()
        self.slots = settings.slots_for(len(gpus))
        self.equipment = Equipment(
            settings=settings,
            database=Database(settings.database),
            storage=open_storage(settings),
            queue=make_queue(settings.broker_url),
            threads=settings.threads_per_child(self.slots),
        )
        reading = Slot(-1, "" if gpus else None, READING)
        self._free = [reading, *(Slot(i, gpus_of(i, settings.gpus_per_slot, len(gpus))) for i in range(self.slots))]
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._threads: set[threading.Thread] = set()
        self._beat_due = 0.0
        self._audit_due = 0.0
        self._garbage = Garbage(self.equipment)
        self._room_due = 0.0
        self._observer = Observer(settings.lease_seconds)
        with self.equipment.database.write() as work:
            row = Worker(
                hostname=socket.gethostname(), pid=os.getpid(), slots=self.slots, version=VERSION, devices=list(gpus)
            )
            work.add(row)
            work.flush()
            self.worker_id = row.id
        self._tidy()

    def _tidy(self) -> None:
        """Remove the scratch of runs that ended elsewhere, after a worker here had died."""
        folders = [path for path in self.equipment.settings.work_dir.glob("run_*") if path.is_dir()]
        with self.equipment.database.read() as session:
            held = runs.held(session, [path.name for path in folders])
        for path in folders:
            if path.name not in held:
                shutil.rmtree(path, ignore_errors=True)

    # --- slots --------------------------------------------------------------------------------------------------

    def _take_slot(self) -> Slot | None:
        with self._lock:
            return self._free.pop(0) if self._free and not self.equipment.stopping.is_set() else None

    def _give(self, slots: Iterable[Slot]) -> None:
        with self._lock:
            self._free.extend(slots)
            self._free.sort(key=lambda slot: slot.index)

    def _give_slot(self, slot: Slot) -> None:
        self._give([slot])
        self._wake.set()  # something may be waiting for it

    def _begin(self) -> tuple[Slot, runs.Claim] | None:
        """A free slot with the best run for it, both taken. The one for reading first: it spares the others."""
        unused: list[Slot] = []
        try:
            while (slot := self._take_slot()) is not None:
                unused.append(slot)
                claim = self._claim(slot)
                if claim is not None:
                    return unused.pop(), claim
                if slot.kinds is None:
                    return None  # nothing waits
            return None
        finally:
            self._give(unused)

    def work_once(self) -> bool:
        """Claim the best run and do it to its end, here and now. False where there was no slot or no run."""
        begun = self._begin()
        if begun is None:
            return False
        slot, claim = begun
        try:
            with logs.bound(worker=self.worker_id):
                supervise(claim, self.equipment, slot.gpus)
            return True
        finally:
            self._give_slot(slot)

    def _claim(self, slot: Slot) -> runs.Claim | None:
        reach("claim.begin")
        with self.equipment.database.write() as work:
            quota = self.equipment.settings.running_jobs_quota
            claim = runs.claim(work, self.worker_id, slot.kinds, running_jobs=quota)
        if claim is not None:
            reach("claim.committed")
        return claim

    def _start_waiting(self) -> None:
        """One thread for each run that waits and finds a free slot."""
        while (begun := self._begin()) is not None:
            slot, claim = begun
            begin = copy_context().run
            thread = threading.Thread(target=begin, args=(self._run_in_slot, claim, slot), name=claim.run_id)
            self._threads.add(thread)
            thread.start()

    def _run_in_slot(self, claim: runs.Claim, slot: Slot) -> None:
        try:
            supervise(claim, self.equipment, slot.gpus)
        except Exception:
            log.exception("run %s: the supervisor failed; the lease will run out", claim.run_id)
        finally:
            self._give_slot(slot)
            self._threads.discard(threading.current_thread())

    # --- the loop -----------------------------------------------------------------------------------------------

    def poll(self) -> None:
        """Until told to stop: show the heartbeat, release what was forgotten, start what waits."""
        logs.bind(worker=self.worker_id)
        while not self.equipment.stopping.is_set():
            self._wake.clear()
            try:
                self._beat()
                self._sweep()
                self._resume()
                self._start_waiting()
                self._collect()
            except UNREACHABLE as error:
                log.warning("the database does not answer (%s); trying again", error)
            except StorageUnavailable as error:
                log.warning("%s; trying again", error.detail)
            except Exception:
                log.exception("the poll failed; trying again")
            self._wake.wait(self.equipment.settings.poll_seconds)

    def _beat(self) -> None:
        if time.monotonic() < self._beat_due:
            return
        self._beat_due = time.monotonic() + self.equipment.settings.heartbeat_seconds
        with self._lock:
            busy = self.slots - sum(slot.kinds is None for slot in self._free)
        with self.equipment.database.write() as work:
            work.execute(update(Worker).where(Worker.id == self.worker_id).values(heartbeat_at=now(), busy=busy))

    def _sweep(self) -> None:
        with self.equipment.database.read() as session:
            signs = runs.signs(session)
        if silent := self._observer.look(signs, boot_seconds()):
            reach("sweep.looked")
            with self.equipment.database.write() as work:
                released = runs.release(work, silent)
                work.after_commit(self.equipment.queue.nudge)
            reach("sweep.committed")
            log.warning("released %d run(s) whose holder is silent: %s", len(released), ", ".join(released))
        with self.equipment.database.write() as work:
            waiting.release(work)  # whatever its reader missed; claimed in this same poll

    def _resume(self) -> None:
        """What was paused because a disk was full, once there is room again."""
        if time.monotonic() < self._room_due:
            return
        self._room_due = time.monotonic() + ROOM_SECONDS
        with self.equipment.database.write() as work:
            if resumed := runs.resume_with_room(work, self.equipment.free_bytes()):
                log.info("there is room again for %s", ", ".join(resumed))

    def _collect(self) -> None:
        self._garbage.collect_if_due()
        if time.monotonic() >= self._audit_due:
            self._audit_due = time.monotonic() + AUDIT_SECONDS
            with self.equipment.database.write() as work:
                audit.drop_old(work, now())

    def stop(self) -> None:
        """Claim nothing more and ask the children to yield; returns at once."""
        self.equipment.stopping.set()
        self._wake.set()

    def close(self) -> None:
        """Wait for the runs to yield (their own deadlines bound this), then say goodbye."""
        self.stop()
        for thread in list(self._threads):
            thread.join()
        try:
            with self.equipment.database.write() as work:
                gone = update(Worker).where(Worker.id == self.worker_id).values(stopped_at=now(), busy=0)
                work.execute(gone)
        except UNREACHABLE:
            log.warning("the database does not answer; this worker's row will look stale")
        self.equipment.database.close()
