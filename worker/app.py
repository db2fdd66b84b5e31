"""The Celery application: `celery -A worker.app worker --pool=threads`.

Celery carries nudges and shows what is going on (`celery inspect active`, queues, Flower). Jobs belong to the rows:
early acknowledgement, no results, nothing prefetched.
"""

import logging
import threading
from subprocess import SubprocessError
from typing import Any

from celery import Celery, bootsteps
from celery.signals import setup_logging, worker_shutting_down

from core import logs
from core.errors import Unavailable
from core.intake.walls import standing, told
from core.queue import DEFAULT_QUEUE, DISTILL
from core.settings import Settings
from worker.host import Host

log = logging.getLogger(__name__)
settings = Settings()
app = Celery("distillery", broker=settings.broker_url or "memory://")
app.conf.update(
    accept_content=["json"],
    task_serializer="json",
    task_ignore_result=True,
    task_acks_late=False,
    task_default_queue=DEFAULT_QUEUE,
    worker_disable_prefetch=True,
    worker_pool="threads",
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    worker_enable_soft_shutdown_on_idle=False,
    worker_proc_alive_timeout=30,
)
_host: Host | None = None


@app.task(name=DISTILL)  # type: ignore[untyped-decorator]
def distill() -> None:
    """There may be work: do one run, if there is a slot and a run for it."""
    if _host is not None:
        _host.work_once()


class Poll(bootsteps.StartStopStep):  # type: ignore[misc]
    """Finds work when no message comes, so that a dead broker costs seconds, not jobs."""

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self._thread: threading.Thread | None = None

    def start(self, worker: Any) -> None:  # noqa: ARG002
        global _host
        try:
            _host = Host(settings)
        except Unavailable as error:
            raise SystemExit(f"distillery worker: {error.detail}") from error
        try:
            found = standing()
        except (OSError, SubprocessError) as error:
            log.warning("which walls readers of uploads have could not be tried: %s", error)
        else:
            log.log(logging.INFO if found.network and found.files else logging.WARNING, told(found))
        self._thread = threading.Thread(target=_host.poll, name="poll")
        self._thread.start()

    def stop(self, worker: Any) -> None:  # noqa: ARG002
        if _host is not None and self._thread is not None:
            _host.close()
            self._thread.join()

    terminate = stop


app.steps["worker"].add(Poll)


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def _yield_runs(**_: Any) -> None:
    """Before Celery waits for its tasks: ask their children for a checkpoint."""
    if _host is not None:
        _host.stop()


@setup_logging.connect  # type: ignore[untyped-decorator]
def _logging(**_: Any) -> None:
    logs.configure(settings.log_format)
