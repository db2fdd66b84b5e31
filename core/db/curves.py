"""The write side of the curves: a point is the value of a metric at a step."""

from collections.abc import Iterable, Mapping, Set

from sqlalchemy import delete, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.db.models import Metric, Point

Measured = tuple[int, str, str, float]  # step, student id ('' for the teacher or the job), metric's name, value
Columns = tuple[list[int], list[float]]  # steps and values of a metric, side by side


def by_metric(measured: Iterable[Measured]) -> dict[tuple[str, str], Columns]:
    """(student id, name) -> what was measured."""
    found: dict[tuple[str, str], Columns] = {}
    for step, student_id, name, value in measured:
        steps, values = found.setdefault((student_id, name), ([], []))
        steps.append(step)
        values.append(value)
    return found


def store(work: Session, job_id: str, attempt: int, measured: Mapping[tuple[str, str], Columns]) -> None:
    """By (student id, name). The same point again replaces itself.

    In one statement with one plan: a VALUES list of thousands took ten times as long to compile as to run. Metric by
    metric, because that is how the rows lie.
    """
    ids = _metrics(work, job_id, measured.keys())
    once = {ids[named]: dict(zip(*columns, strict=True)) for named, columns in measured.items()}
    if work.get_bind().dialect.name == "postgresql":
        told = {
            "metrics": _array([id] * len(points) for id, points in once.items()),
            "steps": _array(list(points) for points in once.values()),
            "values": _array(list(points.values()) for points in once.values()),
            "attempt": attempt,
        }
        try:
            with work.begin_nested():
                work.execute(_POSTGRES, told)
        except IntegrityError:  # one is there already: to look out for that each time would cost a fifth
            work.execute(_POSTGRES_REPLACE, told)
    else:
        rows = [(id, step, value, attempt) for id, points in once.items() for step, value in points.items()]
        work.connection().exec_driver_sql(_SQLITE, rows)


def _array(numbers: Iterable[list[int] | list[float]]) -> str:
    """All of them, as PostgreSQL reads an array. The driver goes through a list in Python, number by number, which
    takes half as long as to store them.
    """
    return "{" + ",".join(str(some)[1:-1] for some in numbers) + "}"


def forget(work: Session, job_id: str, *, beyond: int | None) -> None:
    """Those of steps beyond one; None: all."""
    gone = Point.metric_id.in_(select(Metric.id).where(Metric.job_id == job_id))
    work.execute(delete(Point).where(gone if beyond is None else gone & (Point.step > beyond)))


def _metrics(work: Session, job_id: str, named: Set[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """(student id, name) -> id of the job's metrics, these among them. Nobody else adds any: callers own the run."""
    known = select(Metric.student_id, Metric.name, Metric.id).where(Metric.job_id == job_id)
    ids = {(student_id, name): id for student_id, name, id in work.execute(known)}
    new = [Metric(job_id=job_id, student_id=student_id, name=name) for student_id, name in sorted(named - ids.keys())]
    work.add_all(new)
    work.flush()
    return ids | {(metric.student_id, metric.name): metric.id for metric in new}


_REPLACE = "ON CONFLICT (metric_id, step) DO UPDATE SET value = excluded.value, attempt = excluded.attempt"
_INTO = "INSERT INTO points (metric_id, step, value, attempt)"
_SQLITE = f"{_INTO} VALUES (?, ?, ?, ?) {_REPLACE}"
_POSTGRES = text(
    f"{_INTO} SELECT metric, step, value, :attempt FROM unnest(CAST(:metrics AS bigint[]), CAST(:steps AS bigint[]), "
    "CAST(:values AS float8[])) AS p (metric, step, value)"
)
_POSTGRES_REPLACE = text(f"{_POSTGRES.text} {_REPLACE}")
