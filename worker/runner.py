"""One claimed run from its first file to its last row: prepare, start the child, turn its events into rows, end it.

The child trains; this supervisor only waits, writes and decides. It never loads torch.
"""

import logging
import shutil
import traceback
from collections.abc import Callable
from contextlib import suppress
from math import inf
from pathlib import Path
from typing import Protocol, TypeVar

from tenacity import Retrying, retry_if_exception, retry_if_exception_type, wait_fixed

from core import logs
from core.assignment import Assignment
from core.child import boot_seconds
from core.db import runs, waiting
from core.db.models import Run
from core.db.session import UNREACHABLE, UnitOfWork
from core.errors import Failure, NotFound, Stale, StorageUnavailable, TrainingFailed
from core.events import CheckpointSaved, Event, Failed, Finished, Stopped
from core.lifecycle import JobStatus
from core.points import reach
from core.spawn import ChildProcess, Exit
from worker.duties import make_duty
from worker.equipment import Equipment, scratch_bytes
from worker.failures import failure_of, oom_kills
from worker.judging import Circumstances, judge
from worker.lease import Lease
from worker.patience import Patience
from worker.reporting import Reporting

log = logging.getLogger(__name__)
T = TypeVar("T")


class Duty(Protocol):
    """What differs between kinds of runs: which child, what of its events becomes rows, what a success leaves."""

    module: str

    def prepare(self) -> Assignment:
        """Fetch files, tidy rows; `TrainingFailed` where it cannot be done as asked."""
        ...

    def report(self, batch: int, events: list[Event]) -> None:
        """Store files, then rows, in short fenced transactions. Batches are numbered from 1; one that comes again,
        because nobody knows whether its commit was heard, changes nothing more."""
        ...

    def publish(self, result: dict[str, object]) -> None:
        """Make the result's files durable, before any row names them."""
        ...

    def succeed(self, work: UnitOfWork, run: Run, result: dict[str, object]) -> None:
        """In the transaction that ends the run."""
        ...


def supervise(claim: runs.Claim, equipment: Equipment, gpus: str | None) -> None:
    """Do the run to its end. Whatever goes wrong is written on it, unless another attempt owns it by now."""
    folder = equipment.settings.work_dir / claim.run_id / f"{claim.attempt:04d}"
    reach("start.begin")
    _remove_earlier(folder)
    reach("start.tidied")
    noun = "job" if claim.kind == "train" else claim.kind.removeprefix("read_")
    belongs = logs.bound(**{noun: claim.subject}, run=claim.run_id, attempt=claim.attempt)
    with belongs, Lease(claim, equipment.database, equipment.settings) as lease:
        log.info("begins: %s", claim.kind)
        try:
            _Supervision(claim, equipment, lease, folder, gpus).run()
        except Stale as stale:
            log.warning("%s Nothing was written.", stale.detail)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            with suppress(OSError):  # not empty: a later attempt is at work there
                folder.parent.rmdir()


def _remove_earlier(folder: Path) -> None:
    """What earlier attempts left on this machine. Never a later one's: this attempt may be the stale one."""
    for other in folder.parent.glob("*"):
        if other.name < folder.name:
            shutil.rmtree(other, ignore_errors=True)


class _Supervision:
    def __init__(self, claim: runs.Claim, equipment: Equipment, lease: Lease, folder: Path, gpus: str | None) -> None:
        self.claim, self.equipment, self.lease, self.gpus = claim, equipment, lease, gpus
        self.duty: Duty = make_duty(claim, equipment, folder)
        self.folder = folder
        self.patience = Patience(lease, equipment.settings.outage_seconds)
        self.reporting = Reporting(self.duty.report, self.patience)
        self.last: Finished | Failed | Stopped | None = None
        self.asked_at: float | None = None  # when the child was first asked to stop
        self.told: str | None = None
        self.forced = False
        self.checkpoint_bytes = 0
        self.free_bytes: float = inf
        self.oom_kills = oom_kills()

    def run(self) -> None:
        """A mistake of ours counts as a crash, with its trace: left to its lease, the run would come back for ever."""
        try:
            self._run()
        except Stale:
            raise
        except Exception:
            log.exception("the supervisor failed")
            self._write_ending(runs.Ending("crashed", log_tail=traceback.format_exc(limit=-5)), None)

    def _run(self) -> None:
        try:
            assignment = self._while_unreachable(self.duty.prepare)
            reach("start.prepared")
            child = ChildProcess.start(self.duty.module, assignment, gpus=self.gpus)
        except (TrainingFailed, NotFound, OSError) as error:
            self._end(None, failure_of(error))
            return
        reach("start.spawned")
        self.lease.guard(child)
        reach("start.guarded")
        failure, at_its_end = None, False
        try:
            failure = self._follow(child)
            at_its_end = failure is None and not self.lease.lost
        finally:
            if not at_its_end:
                child.kill()
            exit_ = child.wait(timeout=5.0)
        self.lease.unguard()
        reach("finish.child_gone")
        if self.lease.lost:
            raise Stale(self.claim.run_id, self.claim.attempt)
        failure = failure or self.reporting.flush_all(self._gives_up)
        if failure is None and self.reporting.waits:
            raise Stale(self.claim.run_id, self.claim.attempt)
        self._end(exit_, failure or self._publish())

    def _follow(self, child: ChildProcess) -> Failure | None:
        """Read events and store them until the child closes its pipe; a failure of ours ends it early."""
        for event in child.events():
            if event is not None:
                if isinstance(event, Finished | Failed | Stopped):
                    self.last = event
                    self.free_bytes = self.equipment.free_bytes()  # before anything waits: room may come back meanwhile
                else:
                    self.reporting.add(event)
                if isinstance(event, CheckpointSaved):
                    self.checkpoint_bytes = event.bytes
            if self.lease.lost:
                return None
            self._ask_to_stop(child)
            if self.reporting.due(event):
                failure = self.reporting.flush()
                if failure is not None:
                    return failure
        return None

    def _publish(self) -> Failure | None:
        if isinstance(self.last, Finished):
            result = self.last.result
            reach("finish.flushed")
            try:
                self._while_unreachable(lambda: self.duty.publish(result))
                reach("finish.published")
            except OSError as error:
                return failure_of(error)
        return None

    def _ask_to_stop(self, child: ChildProcess) -> None:
        """Cooperative first, then SIGTERM, then SIGKILL of the whole group."""
        status = self.lease.status
        if status == JobStatus.CANCELLING:
            wish = "discard"
        elif status == JobStatus.PAUSING or self.equipment.stopping.is_set():
            wish = "checkpoint"
        else:
            return
        if self.told != wish:
            reach(f"stop.{wish}")
            child.stop("discard" if wish == "discard" else "checkpoint")
            self.told = wish
            reach(f"stop.{wish}_told")
            self.asked_at = self.asked_at or boot_seconds()
        waited = boot_seconds() - (self.asked_at or 0.0)
        grace = self.equipment.settings.stop_grace_seconds
        if waited > grace + 2:
            self.forced = True
            child.kill()
        elif waited > grace:
            self.forced = True
            child.terminate()

    def _end(self, exit_: Exit | None, failure: Failure | None) -> None:
        """`failure`: what went wrong outside the child; no `exit_`: it could not begin."""
        around = Circumstances(
            status=self.lease.status,
            forced=self.forced,
            oom_kills=oom_kills() - self.oom_kills,
            free_bytes=min(self.free_bytes, self.equipment.free_bytes()),
            scratch_bytes=scratch_bytes(self.folder),
            checkpoint_bytes=self.checkpoint_bytes,
        )
        shutil.rmtree(self.folder, ignore_errors=True)
        reach("finish.tidied")
        self._write_ending(*judge(self.last, exit_, failure, around))

    def _write_ending(self, ending: runs.Ending, failure: Failure | None) -> None:
        """The last transaction of the attempt."""
        to = self._while_unreachable(lambda: self._write_once(ending, failure))
        log.info("ended: %s, now %s", ending.outcome, to)
        if self.claim.kind != "train":
            self._release_others()

    def _write_once(self, ending: runs.Ending, failure: Failure | None) -> JobStatus:
        with self.equipment.database.write() as work:
            run = runs.fence(work, self.claim)
            reach("finish.fenced")
            if ending.outcome == "succeeded" and isinstance(self.last, Finished):
                self.duty.succeed(work, run, self.last.result)
            reach("finish.results")
            to = runs.end(work, run, ending, error=failure, max_crashes=self.equipment.settings.max_crashes)
            if to == JobStatus.QUEUED:
                work.after_commit(self.equipment.queue.nudge)
            reach("finish.moved")
        reach("finish.committed")
        return to

    def _while_unreachable(self, do: Callable[[], T]) -> T:
        """Again and again while the database, or the bucket, does not answer."""
        tries = Retrying(
            retry=retry_if_exception_type(UNREACHABLE)
            | retry_if_exception(lambda error: isinstance(error, StorageUnavailable) and self.patience.waits()),
            stop=lambda _: self._gives_up(),
            wait=wait_fixed(1.0),
            reraise=True,
        )
        return tries(do)

    def _gives_up(self) -> bool:
        """The lease is lost, or this worker is shut down and cannot wait for a database or a bucket."""
        away = self.lease.silent or self.patience.tried
        return self.lease.lost or (self.equipment.stopping.is_set() and away)

    def _release_others(self) -> None:
        """Apart from the ending, which nothing that waits may hold up; what is missed here, a worker's poll finds."""
        with suppress(*UNREACHABLE), self.equipment.database.write() as work:
            if waiting.release(work):
                work.after_commit(self.equipment.queue.nudge)
