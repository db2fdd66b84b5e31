"""The application: `python -m api.serve`. HTTP in, rows out; it never loads torch."""

from asyncio import Lock
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any
from weakref import WeakValueDictionary

from anyio import CapacityLimiter
from fastapi import APIRouter, Depends, FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from prometheus_client import CollectorRegistry, ProcessCollector
from sqlalchemy.exc import SQLAlchemyError

import migrations
from api import dashboard, problems
from api.addresses import Addresses, refuse_method
from api.audit.endpoints import router as audit
from api.catalog.endpoints import MAX_BODY_BYTES
from api.catalog.endpoints import router as catalog
from api.changes.endpoints import router as changes
from api.changes.watcher import Watcher
from api.counts.endpoints import router as counts
from api.datasets.endpoints import router as datasets
from api.events.broadcaster import Broadcaster
from api.events.endpoints import router as events
from api.events.streams import running
from api.health.endpoints import router as health
from api.health.service import Readiness
from api.idempotency import Replay, on_replay
from api.jobs.bulk import router as jobs_at_once
from api.jobs.endpoints import router as jobs
from api.keys.endpoints import router as keys
from api.metrics.endpoints import router as metrics
from api.metrics.kept import Kept
from api.middleware import Edge
from api.monitoring.endpoints import router as monitoring
from api.monitoring.gauges import Gauges
from api.monitoring.traffic import Traffic
from api.openapi import DESCRIPTION, describe
from api.ratelimit import RateLimit
from api.refusals import refuse_nul, refuse_other_kinds, refuse_surrogates, refuse_unknown
from api.runs.endpoints import router as runs
from api.sessions.endpoints import router as sessions
from api.storage.endpoints import router as storage_use
from api.students.endpoints import router as students
from api.teachers.endpoints import router as teachers
from api.uploads.endpoints import router as uploads
from api.webhooks.courier import Courier
from api.webhooks.endpoints import router as webhooks
from api.webhooks.signing import signing_key
from api.workers.endpoints import router as workers
from core import logs
from core.db.keys import ensure_admin_key
from core.db.session import Database
from core.errors import Unavailable
from core.queue import Queue, make_queue
from core.settings import Settings
from core.storage import Storage, open_storage

NOUNS = (
    jobs,
    events,
    metrics,
    students,
    teachers,
    datasets,
    uploads,
    catalog,
    runs,
    workers,
    keys,
    sessions,
    jobs_at_once,
    webhooks,
    changes,
    counts,
    storage_use,
    audit,
)
POSTGRES_WRITERS = 15  # half of the pool's connections: reading goes on


def create_app(
    settings: Settings | None = None,
    database: Database | None = None,
    storage: Storage | None = None,
    queue: Queue | None = None,
) -> FastAPI:
    """The application with its parts; those that are not given are made from the settings.

    Without settings it is a process of its own, whose logs take their form.
    """
    if settings is None:
        settings = Settings()
        logs.configure(settings.log_format)
    app = FastAPI(
        title="Distillery",
        summary="Distillation as a service.",
        description=DESCRIPTION,
        version=version("distillery"),
        lifespan=_lifespan,
        docs_url=None,  # its page loads scripts from elsewhere; the dashboard has a reference of its own
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
        responses={422: {"model": problems.ProblemRead}},  # not the framework's; `describe` tells of the others
    )
    app.state.settings = settings
    app.state.database = database or _open_database(settings)
    app.state.writers = CapacityLimiter(1 if app.state.database.is_sqlite else POSTGRES_WRITERS)
    app.state.turns = WeakValueDictionary[str, Lock]()  # by project, while anybody waits
    app.state.storage = storage or _open_storage(settings)
    app.state.queue = queue or make_queue(settings.broker_url)
    app.state.rate_limit = RateLimit(settings.rate_limit)
    app.state.kept_curves = Kept()
    app.state.broadcaster = Broadcaster(app.state.database)
    app.state.watcher = Watcher(app.state.database, lease_seconds=settings.lease_seconds)
    app.state.signing_key = signing_key(settings)
    app.state.courier = Courier(app.state.database, app.state.signing_key, settings.webhook_networks)
    app.state.readiness = Readiness(app.state)
    app.state.registry = CollectorRegistry()
    app.state.registry.register(Gauges(app.state))
    ProcessCollector(registry=app.state.registry)
    app.add_middleware(Edge, root_path=settings.root_path, hosts=settings.allowed_hosts)
    app.add_middleware(Traffic, registry=app.state.registry)  # outermost: it sees what the client gets
    problems.install(app)
    app.add_exception_handler(Replay, on_replay)
    every = [
        Depends(refuse_method),
        Depends(refuse_other_kinds),
        Depends(refuse_nul),
        Depends(refuse_surrogates),
        Depends(refuse_unknown),
    ]
    v1 = APIRouter(max_body_size=MAX_BODY_BYTES, dependencies=every)
    for router in NOUNS:
        v1.include_router(router)
    app.include_router(v1, prefix="/v1")  # said here, or every route would be built twice
    app.include_router(health)
    app.include_router(monitoring)
    app.state.addresses = Addresses([*(("/v1", router) for router in NOUNS), ("", health), ("", monitoring)])
    app.include_router(dashboard.router)
    describe(app)
    return app


def _open_database(settings: Settings) -> Database:
    """Ends the process with one clear line when there is no database, or one with a schema it does not know."""
    try:
        database = Database(settings.database)
        migrations.check(database.engine)
    except Unavailable as error:
        raise SystemExit(f"distillery api: {error.detail}") from error
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise SystemExit(f"distillery api: the database does not answer: {reason}") from error
    return database


def _open_storage(settings: Settings) -> Storage:
    """Ends the process with one clear line when a bucket does not answer, or not to us."""
    try:
        return open_storage(settings)
    except Unavailable as error:
        raise SystemExit(f"distillery api: {error.detail}") from error


def _operation_id(route: APIRoute) -> str:
    """The function's name: generated clients read like the code."""
    return route.name


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    state = app.state
    await run_in_threadpool(migrations.check, state.database.engine)
    await run_in_threadpool(ensure_admin_key, state.database, state.settings)
    async with running(state.broadcaster, state.watcher, state.courier):
        yield {}
    state.database.close()
