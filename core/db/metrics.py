"""The read side of the curves: columns, bucketed by absolute step.

A bucket covers `width` steps, a power of two, and starts at a multiple of it: what is full never changes again when
points are appended. It tells its last value (the line) and its least and greatest (the band), so spikes survive.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, and_, case, func, literal, select, union_all
from sqlalchemy.orm import Session, aliased

from core.db.models import Job, Metric, Student


@dataclass
class Series:
    """One curve: parallel columns. `student` is None for the teacher's and the job's own figures."""

    student: str | None
    name: str
    step: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    min: list[float] = field(default_factory=list)
    max: list[float] = field(default_factory=list)
    points: int = 0  # that were recorded: more than the steps here where buckets hold several


@dataclass
class Curves:
    """Those of one job."""

    series: list[Series] = field(default_factory=list)
    sampled: bool = False  # whether any bucket holds more than one point
    width: int = 1  # steps that a bucket covers


def bucket_width(last_step: int, max_points: int) -> int:
    """The least power of two with which steps 0 to `last_step` fall into at most `max_points` buckets."""
    width = 1
    while last_step // width + 1 > max_points:
        width *= 2
    return width


def of_jobs(
    session: Session,
    totals: Mapping[str, int],
    *,
    max_points: int,
    students: Sequence[str] = (),
    names: Sequence[str] = (),
) -> dict[str, Curves]:
    """The curves of each job in `totals`: job id -> the steps that it will have, 0 where they are not known.

    Empty filters mean all. The width comes from the total, known from a job's first step on, and not from what has
    been recorded: so a page that is reloaded while the job runs sees the same points again. A job without it goes by
    its last step.
    """
    found = {id: Curves() for id in totals}
    if not totals:
        return found
    wanted = _wanted(list(totals), students, names)
    newest = wanted(select(Metric.job_id, func.max(Metric.step))).group_by(Metric.job_id)
    widths = {job: bucket_width(max(last, totals[job]), max_points) for job, last in session.execute(newest)}
    if not widths:
        return found
    width = case(widths, value=Metric.job_id) if len(set(widths.values())) > 1 else literal(next(iter(widths.values())))
    buckets = (
        wanted(
            select(
                Metric.job_id,
                Metric.student_id,
                Metric.name,
                func.max(Metric.step).label("step"),
                func.min(Metric.value).label("low"),
                func.max(Metric.value).label("high"),
                func.count().label("points"),
            )
        )
        .group_by(Metric.job_id, Metric.student_id, Metric.name, Metric.step // width)
        .subquery()
    )
    last_point = aliased(Metric)
    rows = session.execute(
        select(buckets, last_point.value)
        .join(
            last_point,
            and_(
                last_point.job_id == buckets.c.job_id,
                last_point.student_id == buckets.c.student_id,
                last_point.name == buckets.c.name,
                last_point.step == buckets.c.step,
            ),
        )
        .order_by(buckets.c.job_id, buckets.c.student_id, buckets.c.name, buckets.c.step)
    )
    for job, one in widths.items():
        found[job].width = one
    for job, student, name, step, low, high, points, value in rows:
        curves = found[job]
        if not curves.series or (curves.series[-1].student, curves.series[-1].name) != (student or None, name):
            curves.series.append(Series(student or None, name))
        curve = curves.series[-1]
        curve.step.append(step)
        curve.value.append(value)
        curve.min.append(low)
        curve.max.append(high)
        curve.points += points
        curves.sampled = curves.sampled or points > 1
    return found


def _wanted(
    jobs: Sequence[str], students: Sequence[str], names: Sequence[str]
) -> Callable[[Select[*tuple[Any, ...]]], Select[*tuple[Any, ...]]]:
    """Narrows a query of metrics to these.

    With names it is joined with all students there can be: their ids lie between job and name in the key, and by job
    and name alone a curve would be looked for among all points of the job.
    """
    if not names:
        of_jobs = Metric.job_id.in_(jobs)
        return lambda query: query.where(and_(of_jobs, Metric.student_id.in_(students)) if students else of_jobs)
    own = select(Student.job_id.label("job_id"), Student.id.label("student_id")).where(Student.job_id.in_(jobs))
    jobs_own = select(Job.id, literal("")).where(Job.id.in_(jobs))
    tellers = (own.where(Student.id.in_(students)) if students else union_all(own, jobs_own)).subquery()
    of_teller = and_(Metric.job_id == tellers.c.job_id, Metric.student_id == tellers.c.student_id)
    return lambda query: query.join(tellers, and_(of_teller, Metric.name.in_(names)))
