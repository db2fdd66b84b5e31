"""A change of a run's status, written on everything that it is for. What is allowed, core/lifecycle.py says."""

from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from core.db import events, webhooks
from core.db.models import Dataset, Job, Run, Student, Teacher, now, stamp
from core.errors import Failure
from core.lifecycle import HELD, TERMINAL, JobStatus, available_actions, check_move


def move(work: Session, run: Run, to: JobStatus, *, error: Failure | None = None) -> None:
    """Change a run's status, and that of the job, data set or teacher it is for, with an event for a job."""
    to = JobStatus(to)
    check_move(JobStatus(run.status), to)
    run.status = to
    run.needs_bytes = None
    if run.kind == "train":
        job = work.get_one(Job, run.subject, with_for_update=True, populate_existing=True)
        _move_job(work, job, run, to, error)
    elif to in (JobStatus.FAILED, JobStatus.CANCELLED):
        _reject(work, run, error)
    elif to == JobStatus.PAUSED and error is not None and run.kind == "read_dataset":
        work.execute(update(Dataset).where(Dataset.id == run.subject).values(progress=f"paused: {error.detail}"[:200]))
    work.flush()


def _reject(work: Session, run: Run, error: Failure | None) -> None:
    part: Dataset | Teacher | None
    if run.kind == "read_dataset":
        part = work.get(Dataset, run.subject, populate_existing=True)
    else:
        part = work.get(Teacher, run.subject, populate_existing=True)
    if part is not None:
        part.status, part.error = "rejected", error.as_dict() if error else None
        webhooks.tell_part(work, part)


def _move_job(work: Session, job: Job, run: Run, to: JobStatus, error: Failure | None) -> None:
    job.status = to
    if to == JobStatus.RUNNING:
        job.started_at = job.started_at or now()
        job.heartbeat_at = now()
    if to == JobStatus.QUEUED:
        job.error, job.finished_at = None, None
        work.execute(
            update(Student)
            .where(Student.job_id == job.id, Student.status == "cancelled")
            .values(status="waiting", error=None)
        )
    if to == JobStatus.PAUSED:
        job.error = error.as_dict() if error else None  # why, where nobody asked for it
    if to in TERMINAL:
        job.finished_at = now()
        job.error = error.as_dict() if error else None
        unfinished = Student.status.in_(("waiting", "training"))
        ended = "cancelled" if to == JobStatus.CANCELLED else "failed"
        work.execute(update(Student).where(Student.job_id == job.id, unfinished).values(status=ended))
    if to not in HELD:
        _close_phase(job)
    messages: list[tuple[str, dict[str, Any]]] = [
        (
            "status",
            {
                "status": to,
                "phase": job.phase,
                "error": job.error,
                "available_actions": available_actions(to),
            },
        )
    ]
    if to in TERMINAL:
        messages.append(("done", {"status": to}))
    work.flush()
    events.append(work, job.id, run.attempt, messages)
    webhooks.tell_job(work, job, to)


def _close_phase(job: Job) -> None:
    job.phase = None
    if job.phase_history and job.phase_history[-1]["ended_at"] is None:
        last = {**job.phase_history[-1], "ended_at": stamp(now())}
        job.phase_history = [*job.phase_history[:-1], last]
