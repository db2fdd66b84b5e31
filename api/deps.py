"""What endpoints ask for by type: who is calling, a transaction, storage, the queue, a part of a list."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Annotated, Literal, cast
from urllib.parse import urlsplit

from fastapi import Depends, Query, Request, Security
from fastapi.concurrency import contextmanager_in_threadpool, run_in_threadpool
from fastapi.security import APIKeyCookie, HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api.problems import Forbidden
from core.db import keys, projects
from core.db.keys import Caller
from core.db.paging import Window
from core.db.session import Database, UnitOfWork
from core.errors import Unauthorized
from core.queue import Queue
from core.settings import Settings
from core.storage import Storage

log = logging.getLogger(__name__)

COOKIE = "distillery_session"
ULID = "[0-9a-hjkmnp-tv-z]{26}"
ID = f"^[a-z]+_{ULID}$"
_bearer = HTTPBearer(auto_error=False, scheme_name="key", description="An API key: dkd_…")
_cookie = APIKeyCookie(name=COOKIE, auto_error=False, scheme_name="session", description="A signed-in browser.")


def get_database(request: Request) -> Database:
    return cast(Database, request.app.state.database)


def get_settings(request: Request) -> Settings:
    return cast(Settings, request.app.state.settings)


def get_storage(request: Request) -> Storage:
    return cast(Storage, request.app.state.storage)


def get_queue(request: Request) -> Queue:
    return cast(Queue, request.app.state.queue)


def get_root_path(request: Request) -> str:
    """The path prefix of this service: addresses in answers begin with it."""
    return cast(str, request.scope.get("root_path", ""))


RootPath = Annotated[str, Depends(get_root_path)]
TheDatabase = Annotated[Database, Depends(get_database)]
TheSettings = Annotated[Settings, Depends(get_settings)]
TheStorage = Annotated[Storage, Depends(get_storage)]
TheQueue = Annotated[Queue, Depends(get_queue)]


def authenticate(
    request: Request,
    database: TheDatabase,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)] = None,
    cookie: Annotated[str | None, Security(_cookie)] = None,
) -> Caller:
    """The project and key behind this request; `Unauthorized` without a good key or session."""
    if bearer is None and cookie is None:
        raise Unauthorized("missing_key", "Send a key: Authorization: Bearer dkd_…")
    with database.read() as session:
        if bearer is not None:
            key = keys.find(session, bearer.credentials)
            caller = Caller(key.project_id, key.id, None, key.scope) if key else None
        else:
            check_origin(request)
            signed_in = keys.find_session(session, cookie or "")
            key = signed_in[1] if signed_in else None
            caller = Caller(key.project_id, key.id, signed_in[0].id, key.scope) if key and signed_in else None
    if key is None or caller is None:
        raise Unauthorized("invalid_key", "This key or session is unknown, revoked or expired.")
    request.app.state.rate_limit.count(caller.key_id)
    if keys.wants_touch(key):
        try:
            with database.write() as work:
                keys.touch(work, key)
        except SQLAlchemyError as error:  # a full disk must not keep anybody from reading
            log.warning("last use of key %s not noted: %s", key.id, error)
    request.state.caller = caller
    check_scope(request, caller)
    return caller


READING = frozenset({"GET", "HEAD", "OPTIONS"})
ADMIN = frozenset({"api-keys", "audit", "webhooks"})  # tags: to read them takes an admin too
ANYBODY = frozenset({"delete_session"})  # operations


def check_scope(request: Request, caller: Caller) -> None:
    """`Forbidden` where the key's scope is not enough. One rule for all routes: a new one cannot be left out."""
    route = request.scope["route"]
    if ADMIN.intersection(route.tags):
        needed = "admin"
    else:
        needed = "read" if request.method in READING or route.name in ANYBODY else "submit"
    if not caller.may(needed):
        detail = f"This key has the scope {caller.scope}; this takes {needed}. An admin of the project can make one."
        raise Forbidden("scope_missing", detail)


def check_origin(request: Request) -> None:
    """A cookie travels with requests that other sites make: those may not change anything."""
    origins = request.headers.getlist("origin")
    if request.method in READING or not origins:
        return
    try:
        there = {urlsplit(origin).netloc for origin in origins}
    except ValueError:
        there = set()
    if there != {request.headers.get("host")}:
        raise Forbidden(
            "foreign_origin", "A signed-in browser can change things only from the dashboard's own address."
        )


TheCaller = Annotated[Caller, Depends(authenticate)]


def _reading(database: TheDatabase) -> Iterator[Session]:
    with database.read() as session:
        yield session


async def _transaction(request: Request, database: TheDatabase) -> AsyncIterator[UnitOfWork]:
    """One transaction, committed before the answer leaves (scope="function"); a failed commit is a failed request.

    Requests queue for it here, without a thread: threads that all wait for the database's lock would leave none to
    the request that holds it.
    """
    async with request.app.state.writers, contextmanager_in_threadpool(database.write()) as work:
        request.state.work = work
        yield work


async def _writing(request: Request, database: TheDatabase, caller: TheCaller) -> AsyncIterator[UnitOfWork]:
    """A transaction that changes the caller's project, after whoever else is changing it."""
    async with turn_of(request, caller), asynccontextmanager(_transaction)(request, database) as work:
        await run_in_threadpool(projects.take_turn, work, caller.project_id)  # among processes
        yield work


def turn_of(request: Request, caller: Caller) -> asyncio.Lock:
    """Where this process's requests wait for their turn in the caller's project: without a thread, as above."""
    return cast(asyncio.Lock, request.app.state.turns.setdefault(caller.project_id, asyncio.Lock()))


# Reading depends on nothing but the database; endpoints name the caller first, so that strangers open no connection.
Reading = Annotated[Session, Depends(_reading, scope="function")]
Work = Annotated[UnitOfWork, Depends(_writing, scope="function")]
SignIn = Annotated[UnitOfWork, Depends(_transaction, scope="function")]


def _window(
    limit: Annotated[int, Query(ge=1, le=100, description="Objects per page.")] = 20,
    after: Annotated[str | None, Query(pattern=ID, description="The id of the last object seen: `next`.")] = None,
    order: Annotated[Literal["asc", "desc"], Query(description="By creation, unless a sort says otherwise.")] = "desc",
) -> Window:
    return Window(limit, after, order)


ThePart = Annotated[Window, Depends(_window)]
