"""Leased work: claim, renew, fence, end, sweep. A run moves by core/db/moves.py, and its job with it.

A claim is one conditional UPDATE and raises the attempt, the fencing token: whoever holds an older one changes
nothing any more. The row is the truth; brokers only say "look".
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session, aliased, selectinload

from core.db.models import Attempt, Job, Project, Run, now
from core.db.moves import move
from core.db.paging import Page, Window, page
from core.errors import Failure, Stale
from core.leasing import Outcome, RunState, Sign, claimed, ended, owns, renewed, wished
from core.lifecycle import HELD, JobStatus
from core.points import reach


@dataclass(frozen=True)
class Claim:
    """The right to do one run, until its lease ends or a later attempt is claimed."""

    run_id: str
    kind: str
    subject: str
    project_id: str
    attempt: int


def enqueue(
    work: Session, *, kind: str, subject: str, project_id: str, priority: int = 0, waits_for: str | None = None
) -> Run:
    """Work for a worker; with `waits_for`, once that part has been read (core/db/waiting.py)."""
    run = Run(kind=kind, subject=subject, project_id=project_id, priority=priority, waits_for=waits_for)
    work.add(run)
    work.flush()
    return run


def of_subject(session: Session, subject: str) -> Run | None:
    """The newest run of a job, data set or teacher."""
    return session.scalars(select(Run).where(Run.subject == subject).order_by(Run.id.desc()).limit(1)).first()


def listing(
    session: Session, project_id: str, window: Window, *, subject: str | None = None, statuses: Sequence[JobStatus] = ()
) -> Page[Run]:
    """A project's runs with their attempts, in any of the statuses (none given: all)."""
    query = select(Run).where(Run.project_id == project_id).options(selectinload(Run.attempts))
    if subject is not None:
        query = query.where(Run.subject == subject)
    if statuses:
        query = query.where(Run.status.in_(statuses))
    return page(session, query, Run.id, window)


def held(session: Session, ids: Sequence[str]) -> set[str]:
    """Those of the runs that a worker holds a lease on."""
    return set(session.scalars(select(Run.id).where(Run.id.in_(ids), Run.status.in_(HELD))))


def state_of(run: Run) -> RunState:
    """The run as core.leasing sees it."""
    return RunState(JobStatus(run.status), run.attempt, run.beat, run.failures)


def claim(
    work: Session, worker_id: str, kinds: Collection[str] | None = None, *, running_jobs: int | None = None
) -> Claim | None:
    """The best queued run (of these kinds), for exactly one caller; None where nothing waits.

    `running_jobs`: how many jobs of one project may run, where the project has no quota of its own.
    """
    ready = select(Run).where(Run.status == JobStatus.QUEUED, Run.waits_for.is_(None), _within_quota(running_jobs))
    if kinds is not None:
        ready = ready.where(Run.kind.in_(kinds))
    best = ready.order_by(Run.priority.desc(), Run.id).limit(1)
    run = work.scalars(best.with_for_update(skip_locked=True)).first()
    if run is None:
        return None
    if not _still_within_quota(work, run, running_jobs):
        return None
    to = claimed(state_of(run))
    won = work.scalars(
        update(Run)
        .where(Run.id == run.id, Run.status == JobStatus.QUEUED, Run.attempt == run.attempt)
        .values(attempt=to.attempt, beat=to.beat, worker_id=worker_id)
        .returning(Run.id)
    ).first()
    if won is None:
        return None
    reach("claim.taken")
    work.refresh(run)
    work.add(Attempt(run_id=run.id, n=run.attempt, worker_id=worker_id))
    move(work, run, JobStatus.RUNNING)
    reach("claim.moved")
    return Claim(run.id, run.kind, run.subject, run.project_id, run.attempt)


def _within_quota(default: int | None) -> ColumnElement[bool]:
    other = aliased(Run)
    running = select(func.count()).where(
        other.project_id == Run.project_id, other.kind == "train", other.status.in_(HELD)
    )
    quota = select(func.coalesce(Project.running_jobs, default)).where(Project.id == Run.project_id).scalar_subquery()
    return or_(Run.kind != "train", quota.is_(None), running.scalar_subquery() < quota)


def _still_within_quota(work: Session, run: Run, default: int | None) -> bool:
    """Again, one claim of a project at a time: two that came at once must not both take its last place."""
    if run.kind != "train":
        return True
    own = select(func.coalesce(Project.running_jobs, default)).where(Project.id == run.project_id)
    if work.scalar(own) is None:
        return True
    work.execute(select(Project.id).where(Project.id == run.project_id).with_for_update())
    return work.scalar(select(Run.id).where(Run.id == run.id, _within_quota(default))) is not None


def renew(work: Session, claim: Claim) -> JobStatus:
    """Show a sign of life; returns the status, in which pause and cancel are read."""
    run = fence(work, claim)
    run.beat = renewed(state_of(run), claim.attempt).beat
    if run.kind == "train":
        work.execute(update(Job).where(Job.id == run.subject).values(heartbeat_at=now()))
    return run.status


def look(session: Session, claim: Claim) -> JobStatus:
    """The status, without a lock; `Stale` unless this attempt still owns the run."""
    run = session.get(Run, claim.run_id, populate_existing=True)
    if run is None or not owns(state_of(run), claim.attempt):
        raise Stale(claim.run_id, claim.attempt)
    return run.status


def fence(work: Session, claim: Claim) -> Run:
    """Lock the run for the rest of the transaction; `Stale` unless this attempt still owns it."""
    query = select(Run).where(Run.id == claim.run_id).with_for_update().execution_options(populate_existing=True)
    run = work.scalars(query).first()
    if run is None or not owns(state_of(run), claim.attempt):
        raise Stale(claim.run_id, claim.attempt)
    return run


def act(work: Session, job: Job, action: str) -> bool:
    """Grant a user's cancel, pause, resume or retry: at once, or as a wish that the worker's heartbeat reads.

    True if something changed, False where it is already so; `IllegalMove` where it cannot be.
    """
    run = work.scalars(
        select(Run)
        .where(Run.subject == job.id)
        .order_by(Run.id.desc())
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    to = wished(state_of(run), action)
    if to is None:
        return False
    run.failures = to.failures
    move(work, run, to.status)
    reach(f"{action}.moved")
    return True


@dataclass(frozen=True)
class Ending:
    """How an attempt ended, as seen from outside the child."""

    outcome: Outcome
    exit_code: int | None = None
    signal: int | None = None
    peak_memory: int | None = None
    log_tail: str | None = None
    needs_bytes: int | None = None  # paused for want of room: goes on by itself where there is so much


def end(work: Session, run: Run, ending: Ending, *, error: Failure | None = None, max_crashes: int = 3) -> JobStatus:
    """Close the attempt of a run that was fenced in this transaction, and move the run to where it leads."""
    attempt = work.get(Attempt, (run.id, run.attempt))
    if attempt is not None:
        attempt.ended_at, attempt.outcome = now(), ending.outcome
        attempt.exit_code, attempt.signal = ending.exit_code, ending.signal
        attempt.peak_memory, attempt.log_tail = ending.peak_memory, ending.log_tail
    to = ended(state_of(run), ending.outcome, max_crashes)
    run.failures = to.failures
    if to.status == JobStatus.FAILED and ending.outcome == "crashed":
        error = error or _crash_loop(run, ending)
    move(work, run, to.status, error=error)
    if to.status == JobStatus.PAUSED:
        run.needs_bytes = ending.needs_bytes
    return to.status


def _crash_loop(run: Run, ending: Ending) -> Failure:
    how = f"signal {ending.signal}" if ending.signal else f"exit code {ending.exit_code}"
    memory = f", peak memory {ending.peak_memory / 2**20:,.0f} MiB" if ending.peak_memory else ""
    return Failure(
        code="crash_loop",
        title="The training process keeps dying",
        detail=f"It ended {run.failures} times without getting any further; last by {how}{memory}."
        + (f"\n{ending.log_tail}" if ending.log_tail else ""),
        hint="Signal 9 usually means that memory ran out: a smaller batch or fewer students per job need less.",
        retryable=True,
    )


def resume_with_room(work: Session, free_bytes: int) -> list[str]:
    """Let go on what was paused for want of room and now has enough. Returns the runs' ids."""
    roomy = select(Run).where(Run.status == JobStatus.PAUSED, Run.needs_bytes <= free_bytes).order_by(Run.id)
    resumed = list(work.scalars(roomy.with_for_update(skip_locked=True)).all())
    for run in resumed:
        move(work, run, JobStatus.QUEUED)
    return [run.id for run in resumed]


def signs(session: Session) -> list[Sign]:
    """What the holders of all held runs show."""
    rows = session.execute(select(Run.id, Run.attempt, Run.beat).where(Run.status.in_(HELD)))
    return [Sign(*row) for row in rows]


def release(work: Session, silent: Collection[Sign]) -> list[str]:
    """Take runs from holders that show nothing any more; each is checked again under its lock. Returns their ids."""
    released = []
    for sign in silent:
        same = select(Run).where(Run.id == sign.run_id, Run.attempt == sign.attempt, Run.beat == sign.beat)
        held = same.where(Run.status.in_(HELD)).execution_options(populate_existing=True)
        if (run := work.scalars(held.with_for_update(skip_locked=True)).first()) is not None:
            reach("sweep.locked")
            end(work, run, Ending("lost"))
            reach("sweep.released")
            released.append(run.id)
    return released
