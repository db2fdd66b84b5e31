"""Requests: counted and timed for /metrics, and told in one line each."""

import logging
import time
from typing import Any

from fastapi.routing import iter_route_contexts
from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("api.access")

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER, NOWHERE = "other", "none"  # instead of a method, a route, that a client made up
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
PATH_CHARACTERS = 300  # of a path that a line shows
disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each one, which nobody asks for


class Traffic:
    """Labels are the method, the route's template and the class of the status: how many there are no client decides.

    Timed is the way to the beginning of the answer: a stream of events has no end, and a download that of its reader.
    """

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        self._app = app
        self._templates: dict[Any, str] = {}
        self._count = Counter("distillery_http_requests", "Requests.", ("method", "route", "status"), registry=registry)
        self._seconds = Histogram(
            "distillery_http_request_duration_seconds",
            "From a request to the beginning of its answer.",
            ("method", "route"),
            buckets=BUCKETS,
            registry=registry,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 0

        def answered(with_status: int) -> None:
            nonlocal status
            status = with_status
            method = scope["method"] if scope["method"] in METHODS else OTHER
            route = self._template(scope)
            self._count.labels(method, route, f"{status // 100}xx").inc()
            self._seconds.labels(method, route).observe(time.perf_counter() - begun)

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception:
            if not status:
                answered(500)  # further out, where crashes are answered
            raise
        finally:
            self._tell(scope, status, time.perf_counter() - begun)

    def _template(self, scope: Scope) -> str:
        """`/v1/jobs/{job_id}`, found by the endpoint: a route itself does not know the prefix it was included with."""
        if not self._templates:
            contexts = iter_route_contexts(scope["app"].routes)
            self._templates = {context.endpoint: context.path or NOWHERE for context in contexts}
        return self._templates.get(scope.get("endpoint"), NOWHERE)

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        """Without the query: it may hold what is nobody's business. Status 0: the client did not wait."""
        fields = {"method": scope["method"], "path": scope["path"][:PATH_CHARACTERS], "status": status}
        fields["duration_ms"] = round(1000 * seconds, 1)
        if caller := scope.get("state", {}).get("caller"):
            fields["key"] = caller.key_id
        log.info("answered", extra={"fields": fields})
