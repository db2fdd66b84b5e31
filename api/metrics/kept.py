"""Curves that were told before are kept, and brought up to date by what has happened since.

A job of a million points takes a second to go through. Every point that comes is told in an event, and so is every
rewind: between two requests only the buckets that they touch are read again. What is kept goes by the number of the
job's newest event, so that curves are never older than what the same answer says of them.
"""

import json
import sys
import threading
from array import array
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from core.db import metrics
from core.db.jobs import Known
from core.db.metrics import Curves, Series, bucket_width

MOST_BYTES = 8 * 2**20  # of all that is kept
EACH_BYTES = 1024  # what any answer takes beside its own: objects, and its place here
CURVE_BYTES = 1024
Asked = tuple[str, tuple[str, ...], tuple[str, ...], int]  # job, students, names, points per curve


@dataclass(frozen=True)
class Told:
    """An answer, and what the next one is made of. Columns are arrays here: a quarter of the bytes of lists."""

    last_event: int
    curves: Curves
    body: bytes


class Kept:
    """`body` is the answer to a request; what was not asked for the longest goes first."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._told: OrderedDict[Asked, Told] = OrderedDict()
        self._lock = threading.Lock()
        self.size = 0  # bytes, with what was asked: that can be far more than its answer

    def body(
        self, session: Session, job: Known, *, max_points: int, students: Sequence[str] = (), names: Sequence[str] = ()
    ) -> bytes:
        """JSON. Empty filters mean all."""
        asked = (job.id, tuple(sorted(set(students))), tuple(sorted(set(names))), max_points)
        told = self._told.get(asked)
        if told is None or told.last_event != job.last_event:
            curves = _renewed(session, job, asked, told) if told is not None else None
            told = _told(job, curves or _read(session, job, asked))
        if job.total_steps:  # else the next points may change the width
            self._keep(asked, told)
        return told.body

    def _keep(self, asked: Asked, told: Told) -> None:
        with self._lock:
            if (before := self._told.pop(asked, None)) is not None:
                self.size -= _size(asked, before)
            self._told[asked] = told
            self.size += _size(asked, told)
            while self.size > self._most:
                self.size -= _size(*self._told.popitem(last=False))


def _size(asked: Asked, told: Told) -> int:
    """Bytes."""
    _, students, names, _ = asked
    question = sum(sys.getsizeof(part) + 8 for part in (*students, *names))
    points = sum(CURVE_BYTES + 5 * 8 * len(curve.step) for curve in told.curves.series)
    return EACH_BYTES + question + len(told.body) + points


def _told(job: Known, curves: Curves) -> Told:
    body = {"object": "metrics", **curves.tell(), "last_event": job.last_event}
    return Told(job.last_event, _packed(curves), json.dumps(body, separators=(",", ":"), default=list).encode())


def _packed(curves: Curves) -> Curves:
    def packed(curve: Series) -> Series:
        columns: list[Any] = [array(kind, column) for kind, column in zip("qdddq", _columns(curve), strict=True)]
        return Series(curve.student, curve.name, *columns)

    return Curves([packed(curve) for curve in curves.series], curves.width)


def _read(session: Session, job: Known, asked: Asked, *, names: Sequence[str] = (), start: int = 0) -> Curves:
    _, students, all_names, max_points = asked
    totals, names = {job.id: job.total_steps}, names or all_names
    found = metrics.of_jobs(session, totals, max_points=max_points, students=students, names=names, start=start)
    return found[job.id]


def _renewed(session: Session, job: Known, asked: Asked, told: Told) -> Curves | None:
    """What was told, with what has changed since; None where all of it is to be read again."""
    _, students, names, max_points = asked
    before, changed = told.curves, metrics.changed_since(session, job.id, told.last_event)
    if changed is None or job.last_event < told.last_event or bucket_width(job.total_steps, max_points) != before.width:
        return None
    came = {
        curve: step
        for curve, step in changed.came.items()
        if (not students or curve[0] in students) and (not names or curve[1] in names)
    }
    touched, steps = {name for _, name in came}, list(came.values())
    if changed.forgotten is not None:
        touched |= {curve.name for curve in before.series}
        steps.append(changed.forgotten)
    if not touched:
        return before
    start = min(steps) // before.width * before.width
    fresh = _read(session, job, asked, names=sorted(touched), start=start)
    return _joined(before, fresh, touched, start)


def _joined(before: Curves, fresh: Curves, touched: set[str], start: int) -> Curves:
    """The curves of those names: as they were before that step, and fresh from there on."""
    newer = {(curve.student, curve.name): curve for curve in fresh.series}
    series = []
    for curve in before.series:
        if curve.name not in touched:
            series.append(curve)
            continue
        kept = sum(step < start for step in curve.step)
        new = newer.pop((curve.student, curve.name), Series(curve.student, curve.name))
        if kept or new.step:
            pairs = zip(_columns(curve), _columns(new), strict=True)
            columns: list[Any] = [[*old[:kept], *more] for old, more in pairs]
            series.append(Series(curve.student, curve.name, *columns))
    series += newer.values()
    return Curves(sorted(series, key=lambda curve: (curve.student or "", curve.name)), before.width)


def _columns(curve: Series) -> tuple[Sequence[float], ...]:
    return curve.step, curve.value, curve.min, curve.max, curve.counts
