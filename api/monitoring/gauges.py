"""What rows tell an operator, read when somebody asks for it and kept for some seconds."""

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from starlette.datastructures import State

from api.cached import Cached
from core.db import load
from core.db.load import Load

log = logging.getLogger(__name__)
T = TypeVar("T")
KEPT_SECONDS = 5.0
SIZES_KEPT_SECONDS = 60.0


class Gauges(Collector):
    """`state`: the application's. Where the database does not answer, what rows would tell is left out."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._load = Cached(lambda: self._ask(load.look), KEPT_SECONDS)
        self._sizes = Cached(lambda: self._ask(load.storage_bytes), SIZES_KEPT_SECONDS)

    def _ask(self, question: Callable[[Session], T]) -> T:
        with self._state.database.read() as session:
            return question(session)

    def collect(self) -> Iterable[Metric]:
        streams = _gauge("event_streams", "Open streams of events of this process.", "about")
        streams.add_metric(["job"], self._state.broadcaster.open_streams)
        streams.add_metric(["project"], self._state.watcher.open_streams)
        yield streams
        up = _gauge("database_up", "1 where the database answers.")
        try:
            found, sizes = self._load(), self._sizes()
        except (SQLAlchemyError, TimeoutError) as error:
            log.warning("the database does not tell its load: %s", error or "no answer")
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        yield from _told(found)
        yield from _stored(sizes)


def _told(found: Load) -> Iterable[Metric]:
    jobs = _gauge("jobs", "Jobs by status.", "status")
    for status, count in found.jobs.items():
        jobs.add_metric([status], count)
    yield jobs
    queued = _gauge("queued_runs", "Queued runs that a worker could claim.", "kind")
    oldest = _gauge("oldest_queued_run_age_seconds", "How long the one that waits longest does.", "kind")
    for waiting in found.waiting:
        queued.add_metric([waiting.kind], waiting.count)
        oldest.add_metric([waiting.kind], waiting.oldest_seconds)
    yield from (queued, oldest)
    slots = _gauge("worker_slots", "Jobs at once.", "worker", "host")
    busy = _gauge("worker_busy_slots", "Slots in which a run is.", "worker", "host")
    silence = _gauge("worker_heartbeat_age_seconds", "Since its last sign of life.", "worker", "host")
    for worker in found.workers:
        names = [worker.id, worker.hostname]
        slots.add_metric(names, worker.slots)
        busy.add_metric(names, worker.busy)
        silence.add_metric(names, worker.heartbeat_age_seconds)
    yield from (slots, busy, silence)
    rate = _gauge("images_per_second", "Of all running jobs together.")
    rate.add_metric([], found.images_per_second)
    yield rate
    uploads = _gauge("uploads_open", "Uploads of which parts are missing.")
    uploads.add_metric([], found.uploads_open)
    yield uploads


def _stored(sizes: dict[str, int]) -> Iterable[Metric]:
    storage = _gauge("storage_bytes", "What rows name in the storage.", "kind")
    for kind, count in sizes.items():
        storage.add_metric([kind], count)
    yield storage


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"distillery_{name}", text, labels=labels)
