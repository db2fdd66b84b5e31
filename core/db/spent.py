"""What jobs have cost, over all their attempts."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.models import Attempt, Run, now


@dataclass
class Spent:
    attempts: int = 0
    slot_seconds: float = 0.0  # for which a slot was held; an attempt that goes on counts up to now
    gpu_seconds: float = 0.0  # the same times the GPUs used; 0 on the processor
    teacher_forwards: int = 0  # images shown to the teacher while training


def of_jobs(session: Session, job_ids: Sequence[str]) -> dict[str, Spent]:
    """By job; every one that was asked for."""
    spent = {id: Spent() for id in job_ids}
    query = (
        select(Run.subject, Attempt.started_at, Attempt.ended_at, Attempt.gpus, Attempt.teacher_forwards)
        .join(Attempt, Attempt.run_id == Run.id)
        .where(Run.subject.in_(job_ids))
    )
    at = now()
    for job, started_at, ended_at, gpus, forwards in session.execute(query):
        one = spent[job]
        seconds = max(0.0, ((ended_at or at) - started_at).total_seconds())
        one.attempts += 1
        one.slot_seconds += seconds
        one.gpu_seconds += seconds * gpus
        one.teacher_forwards += forwards or 0
    return spent
