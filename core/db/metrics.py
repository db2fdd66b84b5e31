"""The read side of the curves: columns, bucketed by absolute step.

A bucket covers `width` steps, a power of two, and starts at a multiple of it: what is full never changes again when
points are appended. It tells its last value (the line) and its least and greatest (the band), so spikes survive.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, select
from sqlalchemy.orm import Session, aliased

from core.db import events
from core.db.models import Metric, Point


@dataclass
class Series:
    """One curve: parallel columns. `student` is None for the teacher's and the job's own figures."""

    student: str | None
    name: str
    step: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    min: list[float] = field(default_factory=list)
    max: list[float] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)  # of the points that a bucket holds

    def tell(self) -> dict[str, Any]:
        """As clients see it. `points` were recorded: more than there are steps where buckets hold several."""
        columns = {"step": self.step, "value": self.value, "min": self.min, "max": self.max}
        return {"student": self.student, "name": self.name, **columns, "points": sum(self.counts)}


@dataclass
class Curves:
    """Those of one job."""

    series: list[Series] = field(default_factory=list)
    width: int = 1  # steps that a bucket covers

    @property
    def sampled(self) -> bool:
        """Whether any bucket holds more than one point."""
        return any(max(curve.counts, default=1) > 1 for curve in self.series)

    def tell(self) -> dict[str, Any]:
        """As clients see it. Plain lists and dicts: through a response model a thousand points cost a hundred times
        as much.
        """
        return {"series": [curve.tell() for curve in self.series], "sampled": self.sampled, "width": self.width}


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
    start: int = 0,
) -> dict[str, Curves]:
    """The curves of each job in `totals`: job id -> the steps that it will have, 0 where they are not known.

    Empty filters mean all; `start` is the first step of a bucket, and what lies before is left out. The width comes
    from the total, known from a job's first step on, and not from what has been recorded: so a page that is reloaded
    while the job runs sees the same points again. A job without it goes by its last step.
    """
    found = {id: Curves() for id in totals}
    if not totals:
        return found
    wanted = [Metric.job_id.in_(list(totals))]
    wanted += [Metric.student_id.in_(students)] if students else []
    wanted += [Metric.name.in_(names)] if names else []
    lasts = {id: total for id, total in totals.items() if total}
    if unknown := [id for id in totals if id not in lasts]:
        lasts |= _lasts(session, [*wanted, Metric.job_id.in_(unknown)])
    widths = {id: bucket_width(last, max_points) for id, last in lasts.items()}
    if not widths:
        return found
    width = case(widths, value=Metric.job_id) if len(set(widths.values())) > 1 else literal(next(iter(widths.values())))
    buckets = (
        select(
            Point.metric_id,
            func.max(Point.step).label("step"),
            func.min(Point.value).label("low"),
            func.max(Point.value).label("high"),
            func.count().label("points"),
        )
        .join(Metric)
        .where(*wanted, Point.step >= start)
        .group_by(Point.metric_id, Point.step // width)
        .subquery()
    )
    last_point = aliased(Point)
    rows = session.execute(
        select(Metric.job_id, Metric.student_id, Metric.name, buckets, last_point.value)
        .join(buckets, buckets.c.metric_id == Metric.id)
        .join(last_point, and_(last_point.metric_id == Metric.id, last_point.step == buckets.c.step))
        .order_by(Metric.id, buckets.c.step)
    )
    for job, one in widths.items():
        found[job].width = one
    for job, student, name, _, step, low, high, points, value in rows:
        curves = found[job]
        if not curves.series or (curves.series[-1].student, curves.series[-1].name) != (student or None, name):
            curves.series.append(Series(student or None, name))
        curve = curves.series[-1]
        curve.step.append(step)
        curve.value.append(value)
        curve.min.append(low)
        curve.max.append(high)
        curve.counts.append(points)
    for curves in found.values():
        curves.series.sort(key=lambda curve: (curve.student or "", curve.name))
    return found


def _lasts(session: Session, wanted: Sequence[ColumnElement[bool]]) -> dict[str, int]:
    """Job id -> its last step of these metrics; of each, the key tells without going through its points."""
    last = select(func.max(Point.step)).where(Point.metric_id == Metric.id).scalar_subquery()
    lasts: dict[str, int] = {}
    for job, step in session.execute(select(Metric.job_id, last).where(*wanted)):
        if step is not None:
            lasts[job] = max(step, lasts.get(job, 0))
    return lasts


# --- what has changed ---------------------------------------------------------------------------------------------

MANY_EVENTS = 500  # beyond which reading all curves again is cheaper than reading what was told


@dataclass(frozen=True)
class Changed:
    """What differs in a job's curves: which points came, and from which step on all were forgotten."""

    came: Mapping[tuple[str, str], int]  # student id ('' for none) and name -> the least step
    forgotten: int | None


def changed_since(session: Session, job_id: str, seq: int) -> Changed | None:
    """Since the event of that number; None where so much has changed that it is better not looked at."""
    told = events.after(session, job_id, seq, limit=MANY_EVENTS, types=("metric", "rewind"))
    if len(told) >= MANY_EVENTS:
        return None
    came: dict[tuple[str, str], int] = {}
    rewinds = []
    for event in told:
        if event.type == "rewind":
            rewinds.append(event.data["to_step"] + 1 if event.data["to_step"] else 0)
            continue
        for series in event.data["series"]:
            curve = (series["student"] or "", series["name"])
            came[curve] = min(came.get(curve, series["step"][0]), *series["step"])
    return Changed(came, min(rewinds, default=None))
