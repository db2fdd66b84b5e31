"""Who may ask: API keys, the browsers that signed in with one, and one-time sign-in codes.

Every secret is random, shown once and stored as its SHA-256: with 190 bits and more there is nothing to guess, so
no slow hash is needed.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import private
from core.db.models import ApiKey, Project, SignInCode, now
from core.db.models import Session as SignIn
from core.db.paging import Page, Window, page
from core.db.session import Database, UnitOfWork
from core.errors import Conflict, NotFound
from core.settings import Settings

DEFAULT_PROJECT = "prj_default"
SCOPES = ("read", "submit", "admin")  # each holds those before it
PREFIX = "dkd_"
USED_RESOLUTION = timedelta(minutes=1)  # `last_used_at` is written at most so often


@dataclass(frozen=True)
class Caller:
    """Who sent a request: a key of a project, by itself or through a signed-in browser."""

    project_id: str
    key_id: str
    session_id: str | None = None
    scope: str = "admin"

    def may(self, scope: str) -> bool:
        return SCOPES.index(self.scope) >= SCOPES.index(scope)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _alive(at: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return ApiKey.revoked_at.is_(None), or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > at)


def create(
    work: UnitOfWork, project_id: str, name: str, *, scope: str = "admin", expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """(row, the key itself). The second is not stored anywhere."""
    secret = PREFIX + secrets.token_urlsafe(32)
    row = ApiKey(
        project_id=project_id,
        name=name,
        scope=scope,
        prefix=secret[: len(PREFIX) + 6],
        hash=_hash(secret),
        expires_at=expires_at,
    )
    work.add(row)
    work.flush()
    return row, secret


def find(session: Session, secret: str) -> ApiKey | None:
    """The key that this secret is; None when it is unknown, revoked or expired."""
    return session.scalar(select(ApiKey).where(ApiKey.hash == _hash(secret), *_alive(now())))


def find_session(session: Session, token: str) -> tuple[SignIn, ApiKey] | None:
    """The browser's session and its key, while both are good."""
    at = now()
    query = (
        select(SignIn, ApiKey)
        .join(ApiKey, ApiKey.id == SignIn.key_id)
        .where(SignIn.hash == _hash(token), SignIn.expires_at > at, *_alive(at))
    )
    row = session.execute(query).first()
    return (row[0], row[1]) if row else None


def touch(work: UnitOfWork, key: ApiKey) -> None:
    work.execute(update(ApiKey).where(ApiKey.id == key.id).values(last_used_at=now()))


def wants_touch(key: ApiKey) -> bool:
    return key.last_used_at is None or now() - key.last_used_at > USED_RESOLUTION


def still_good(session: Session, callers: set[Caller]) -> set[Caller]:
    """Those of the callers whose key and session have been neither revoked nor expired."""
    at = now()
    ids = {caller.key_id for caller in callers}
    keys = set(session.scalars(select(ApiKey.id).where(ApiKey.id.in_(ids), *_alive(at))))
    wanted = {caller.session_id for caller in callers if caller.session_id}
    open_ = set(session.scalars(select(SignIn.id).where(SignIn.id.in_(wanted), SignIn.expires_at > at)))
    return {c for c in callers if c.key_id in keys and (c.session_id is None or c.session_id in open_)}


def listing(session: Session, project_id: str, window: Window) -> Page[ApiKey]:
    return page(session, select(ApiKey).where(ApiKey.project_id == project_id), ApiKey.id, window)


def _get(work: Session, project_id: str, id: str) -> ApiKey:
    key = work.scalar(select(ApiKey).where(ApiKey.id == id, ApiKey.project_id == project_id).with_for_update())
    if key is None:
        raise NotFound("key", id)
    return key


def rotate(work: UnitOfWork, project_id: str, id: str, *, overlap: timedelta) -> tuple[ApiKey, str]:
    """(row, key) of one that takes over the name, scope and expiry; the old one is good for `overlap` longer at most.

    `Conflict` where the old one is not good any more: it has nothing to hand over.
    """
    old, at = _get(work, project_id, id), now()
    if old.revoked_at is not None or (old.expires_at is not None and old.expires_at <= at):
        raise Conflict("key_not_good", "This key is revoked or expired. Make a new one.")
    made = create(work, project_id, old.name, scope=old.scope, expires_at=old.expires_at)
    old.expires_at = at + overlap if old.expires_at is None else min(old.expires_at, at + overlap)
    work.flush()
    return made


def revoke(work: UnitOfWork, project_id: str, id: str) -> ApiKey:
    """From now on the key and every browser that signed in with it are refused. Repeating it changes nothing."""
    key = _get(work, project_id, id)
    key.revoked_at = key.revoked_at or now()
    work.execute(delete(SignIn).where(SignIn.key_id == id))
    work.execute(delete(SignInCode).where(SignInCode.key_id == id))
    return key


# --- browsers -----------------------------------------------------------------------------------------------------


def sign_in(work: UnitOfWork, key: ApiKey, *, hours: float) -> str:
    """The token for the browser's cookie. A session never outlives its key."""
    token = secrets.token_urlsafe(32)
    work.execute(delete(SignIn).where(SignIn.expires_at <= now()))
    work.add(SignIn(key_id=key.id, hash=_hash(token), expires_at=now() + timedelta(hours=hours)))
    return token


def sign_out(work: UnitOfWork, session_id: str) -> None:
    work.execute(delete(SignIn).where(SignIn.id == session_id))


def create_code(work: UnitOfWork, key_id: str, *, minutes: float = 60) -> str:
    """A code that signs one browser in, once, in place of the key."""
    code = secrets.token_urlsafe(32)
    work.execute(delete(SignInCode).where(SignInCode.expires_at <= now()))
    work.add(SignInCode(hash=_hash(code), key_id=key_id, expires_at=now() + timedelta(minutes=minutes)))
    return code


def use_code(work: UnitOfWork, code: str) -> ApiKey | None:
    """The key behind a one-time code, which is used up by this; None when it is unknown, used or too old."""
    spent = delete(SignInCode).where(SignInCode.hash == _hash(code), SignInCode.expires_at > now())
    key_id = work.scalar(spent.returning(SignInCode.key_id))
    if key_id is None:
        return None
    return work.scalar(select(ApiKey).where(ApiKey.id == key_id, *_alive(now())))


# --- the first start ----------------------------------------------------------------------------------------------


def ensure_admin_key(database: Database, settings: Settings) -> Path:
    """On an empty database: the default project and a key, written to `<data-dir>/admin.key` (mode 0600, one line).

    The file is whole before the rows are committed: a key that nobody could read would lock everybody out. Of two
    processes that start at once the second fails on the project's id, before it touches the file.
    """
    path = settings.admin_key_file
    with database.read() as session:
        if session.scalar(select(func.count()).select_from(Project)):
            return path
    try:
        with database.write() as work:
            work.add(Project(id=DEFAULT_PROJECT, name="default"))
            work.flush()
            _, secret = create(work, DEFAULT_PROJECT, "admin")
            private.write(path, secret + "\n")
    except IntegrityError:
        pass  # another process was first
    return path
