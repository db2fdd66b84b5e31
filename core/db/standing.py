"""How far a job has come: the top-1 of the student that leads, the mean over its seeds.

While it trains: the newest figures on val. When it is over: what the result says, on test where there is one.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.db.models import Job, Metric, Point, Student

FIGURE = "val/top1"


def lead(figures: Iterable[tuple[str, float]]) -> float | None:
    """(a student's name, the top-1 of one of its seeds) -> the best mean over seeds; None for no figures."""
    groups: dict[str, list[float]] = {}
    for name, top1 in figures:
        groups.setdefault(name, []).append(top1)
    return max((sum(seeds) / len(seeds) for seeds in groups.values()), default=None)


def refresh(work: Session, job_id: str) -> None:
    """Bring the job's figure up to date with its curves: after new points, after a rewind."""
    newest = (
        select(Point.value)
        .join(Metric)
        .where(Metric.job_id == Student.job_id, Metric.student_id == Student.id, Metric.name == FIGURE)
        .order_by(Point.step.desc())
        .limit(1)
        .correlate(Student)
        .scalar_subquery()
    )
    alive = select(Student.name, newest).where(
        Student.job_id == job_id, Student.role == "student", Student.status != "failed"
    )
    known = [(name, value) for name, value in work.execute(alive) if value is not None]
    _store(work, job_id, lead(known))


def settle(work: Session, job_id: str, result: dict[str, Any]) -> None:
    """The job is over: its figure is the best of its result's."""
    told = [group["top1"] for group in result.get("groups") or [] if group["role"] == "student"]
    if told:
        _store(work, job_id, max(told))


def _store(work: Session, job_id: str, top1: float | None) -> None:
    work.execute(update(Job).where(Job.id == job_id).values(top1=top1))
