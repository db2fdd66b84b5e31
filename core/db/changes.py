"""What has changed in some projects since the last look, found by looking at little.

Looked at each time: jobs that a worker holds, data sets and teachers that are being read, workers that have not
stopped; and of the last minute, what was made, what ended, and what was changed by request (the audit knows). A look
costs the same with ten jobs and with ten thousand that are over or wait.

"Of the last minute", and not "after the newest one seen": what was made earlier may be committed later.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, select, union_all
from sqlalchemy.orm import Session

from core.db import workers
from core.db.models import AuditEntry, Dataset, Job, Teacher, Worker, now
from core.ids import first_id
from core.lifecycle import HELD

RECENT = timedelta(minutes=1)  # longer than any transaction takes, and than clocks differ
GONE = "deleted"
MANY = 100  # so many changes of one kind are told as one: ask again
_PREFIX = {"job": "job", "dataset": "dst", "teacher": "tch"}
_OF_PREFIX = {prefix: object for object, prefix in _PREFIX.items()}

Key = tuple[str, str]  # object, id


@dataclass(frozen=True)
class State:
    """What is seen of an object. `mark`: what else tells that it has changed."""

    status: str
    last_event: int | None = None
    mark: Any = None


@dataclass(frozen=True)
class Change:
    """Something is different. `id` None: many of this kind are."""

    object: str
    id: str | None
    status: str | None  # "deleted" when it is gone
    last_event: int | None


@dataclass
class Glance:
    """What was looked at in one project."""

    objects: dict[Key, State] = field(default_factory=dict)
    asked: dict[str, Key] = field(default_factory=dict)  # by entry of the audit


def look(session: Session, projects: Collection[str], lease_seconds: float) -> dict[str, Glance]:
    """At what is going on and what has just been. A worker without a heartbeat for `lease_seconds` is silent."""
    at = now() - RECENT
    glances = {project: Glance() for project in projects}
    for object in ("job", "dataset", "teacher"):
        for row in session.execute(
            union_all(*(_STATES[object].where(reason) for reason in _of_interest(object, at, projects)))
        ):
            if row.project_id in glances:
                glances[row.project_id].objects[object, row.id] = _state(object, row)
    for worker in session.execute(_STATES["worker"].where(Worker.stopped_at.is_(None))):
        state = _worker(worker, lease_seconds)
        for glance in glances.values():
            glance.objects["worker", worker.id] = state
    asked = select(AuditEntry.id, AuditEntry.project_id, AuditEntry.subject).where(
        AuditEntry.project_id.in_(projects), AuditEntry.id > first_id("aud", at)
    )
    for entry, project, subject in session.execute(asked):
        prefix = subject.partition("_")[0] if subject else ""
        if subject and prefix in _OF_PREFIX:
            glances[project].asked[entry] = (_OF_PREFIX[prefix], subject)
    return glances


def look_up(session: Session, keys: Collection[Key], lease_seconds: float) -> dict[Key, State]:
    """Those of the objects that are there."""
    found: dict[Key, State] = {}
    for object in {object for object, _ in keys}:
        ids = [id for of, id in keys if of == object]
        for row in session.execute(_STATES[object].where(_NOUNS[object].id.in_(ids))):
            found[object, row.id] = _worker(row, lease_seconds) if object == "worker" else _state(object, row)
    return found


@dataclass
class Watch:
    """What has been seen of one project. It knows nothing before the first `accept`."""

    seen: Glance = field(default_factory=Glance)

    def changes(self, session: Session, glance: Glance, lease_seconds: float) -> list[Change]:
        """What is different from what was seen; told again until it is accepted."""
        touched = {key for entry, key in glance.asked.items() if entry not in self.seen.asked}
        out_of_sight = (touched | self.seen.objects.keys()) - glance.objects.keys()
        found = glance.objects | look_up(session, out_of_sight, lease_seconds)
        different = [
            (key, found.get(key))
            for key in sorted(found.keys() | out_of_sight)
            if key in touched or found.get(key) != self.seen.objects.get(key)
        ]
        counts = Counter(object for (object, _), _ in different)
        many = [Change(object, None, None, None) for object, count in counts.items() if count > MANY]
        few = [
            Change(object, id, state.status if state else GONE, state.last_event if state else None)
            for (object, id), state in different
            if counts[object] <= MANY
        ]
        return many + few

    def accept(self, glance: Glance) -> None:
        self.seen = glance


# --- what is asked of each noun -----------------------------------------------------------------------------------

_NOUNS: dict[str, Any] = {"job": Job, "dataset": Dataset, "teacher": Teacher, "worker": Worker}


def _of_interest(object: str, at: datetime, projects: Collection[str]) -> Sequence[ColumnElement[bool]]:
    """What is going on, and what was made or ended since `at`: each is found by an index of its own, and all that have
    none by project find little in the others.
    """
    noun = _NOUNS[object]
    new = noun.id > first_id(_PREFIX[object], at)
    if object == "job":
        return Job.status.in_(HELD), and_(Job.project_id.in_(projects), Job.finished_at > at), new
    return noun.status == "validating", new


_STATES: dict[str, Select[*tuple[Any, ...]]] = {
    "job": select(Job.id, Job.project_id, Job.status, Job.last_seq),
    "dataset": select(Dataset.id, Dataset.project_id, Dataset.status, Dataset.progress),
    "teacher": select(Teacher.id, Teacher.project_id, Teacher.status),
    "worker": select(Worker.id, Worker.slots, Worker.busy, Worker.heartbeat_at, Worker.stopped_at),
}


def _state(object: str, row: Any) -> State:
    if object == "job":
        return State(row.status, row.last_seq)
    return State(row.status, mark=row.progress if object == "dataset" else None)


def _worker(row: Any, lease_seconds: float) -> State:
    """Not its heartbeat: that it is heard of is no news, that it is not any more is."""
    status = workers.status(row.heartbeat_at, row.stopped_at, lease_seconds)
    return State(status, mark=(row.slots, row.busy))
