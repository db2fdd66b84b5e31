"""The read side of the curves: columns, bucketed by absolute step.

A bucket covers `width` steps, a power of two, and starts at a multiple of it: what is full never changes again when
points are appended. It tells its last value (the line) and its least and greatest (the band), so spikes survive.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, aliased

from core.db.models import Metric


@dataclass
class Series:
    """One curve: parallel columns. `student` is None for the teacher's and the job's own figures."""

    student: str | None
    name: str
    step: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    min: list[float] = field(default_factory=list)
    max: list[float] = field(default_factory=list)


def bucket_width(last_step: int, max_points: int) -> int:
    """The least power of two with which steps 0 to `last_step` fall into at most `max_points` buckets."""
    width = 1
    while last_step // width + 1 > max_points:
        width *= 2
    return width


def series(
    session: Session,
    job_id: str,
    *,
    total_steps: int,
    max_points: int,
    students: Sequence[str] = (),
    names: Sequence[str] = (),
) -> tuple[list[Series], bool]:
    """(curves, whether any bucket holds more than one point). Empty filters mean all.

    The width comes from the job's `total_steps`, known from its first step on, and not from what has been recorded:
    so a page that is reloaded while the job runs sees the same points again. A job without it goes by its last step.
    """
    wanted = [Metric.job_id == job_id]
    if students:
        wanted.append(Metric.student_id.in_(students))
    if names:
        wanted.append(Metric.name.in_(names))
    last = session.scalar(select(func.max(Metric.step)).where(*wanted)) or 0
    width = bucket_width(max(last, total_steps), max_points)
    buckets = (
        select(
            Metric.student_id,
            Metric.name,
            func.max(Metric.step).label("step"),
            func.min(Metric.value).label("low"),
            func.max(Metric.value).label("high"),
            func.count().label("points"),
        )
        .where(*wanted)
        .group_by(Metric.student_id, Metric.name, Metric.step // width)
        .subquery()
    )
    last_point = aliased(Metric)
    rows = session.execute(
        select(buckets, last_point.value)
        .join(
            last_point,
            and_(
                last_point.job_id == job_id,
                last_point.student_id == buckets.c.student_id,
                last_point.name == buckets.c.name,
                last_point.step == buckets.c.step,
            ),
        )
        .order_by(buckets.c.student_id, buckets.c.name, buckets.c.step)
    )
    curves: list[Series] = []
    sampled = False
    for student, name, step, low, high, points, value in rows:
        if not curves or (curves[-1].student, curves[-1].name) != (student or None, name):
            curves.append(Series(student or None, name))
        curve = curves[-1]
        curve.step.append(step)
        curve.value.append(value)
        curve.min.append(low)
        curve.max.append(high)
        sampled = sampled or points > 1
    return curves, sampled
