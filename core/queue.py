"""The nudge from api to worker: "there is work". It never carries truth; losing one costs a poll interval.

The producer knows a task's name, not its function. `RecordingQueue` is the twin for tests.
"""

import logging
from functools import cached_property
from typing import Any, Protocol

from core.errors import Unavailable

log = logging.getLogger(__name__)

DISTILL = "distill"  # the task's name; it has no argument: whoever is free claims the best run
DEFAULT_QUEUE = "gpu"


class Queue(Protocol):
    def nudge(self) -> None: ...


class CeleryQueue:
    """Publishes through Celery; a broker that is down is logged, because the worker's poll finds the row."""

    def __init__(self, broker_url: str) -> None:
        self._broker_url = broker_url

    @cached_property
    def _app(self) -> Any:
        from celery import Celery

        app = Celery(broker=self._broker_url)
        app.conf.update(
            task_ignore_result=True,
            task_default_queue=DEFAULT_QUEUE,
            broker_transport_options={"socket_timeout": 2, "socket_connect_timeout": 1, "max_retries": 0},
        )
        return app

    def nudge(self) -> None:
        try:
            self._app.send_task(DISTILL, queue=DEFAULT_QUEUE, retry=False, expires=30)
        except Exception as error:  # any broker failure: kombu raises transport-specific classes
            log.warning("nudge not sent (%s); the worker's poll will find the run", error)


class PollingQueue:
    """No broker at all: workers poll."""

    def nudge(self) -> None:
        pass


class RecordingQueue:
    """For tests: counts the nudges."""

    def __init__(self) -> None:
        self.nudges = 0

    def nudge(self) -> None:
        self.nudges += 1


def ask_broker(url: str, seconds: float) -> str:
    """The broker's version; `Unavailable` where it does not answer within so many seconds."""
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    address = url.replace("redis+socket://", "unix://")
    waits = {"socket_timeout": seconds, "socket_connect_timeout": seconds}
    try:
        with redis.Redis.from_url(address, retry=Retry(NoBackoff(), 0), **waits) as client:
            return str(client.info("server")["redis_version"])
    except (redis.RedisError, ValueError, OSError) as error:
        raise Unavailable("broker_unavailable", str(error)) from error


def make_queue(broker_url: str | None) -> Queue:
    return CeleryQueue(broker_url) if broker_url else PollingQueue()
