"""Projects and what each may use: quotas of its own, else the service's."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from core.db import usage
from core.db.models import Project
from core.errors import Conflict, NotFound
from core.settings import Settings

_TURN = 0x7475726E  # the kind of these locks among all in the database


@dataclass(frozen=True)
class Quotas:
    """None: no limit."""

    running_jobs: int | None
    storage_bytes: int | None
    upload_bytes: int


def quotas(session: Session, project_id: str, settings: Settings) -> Quotas:
    own = session.get_one(Project, project_id)
    return Quotas(
        running_jobs=settings.running_jobs_quota if own.running_jobs is None else own.running_jobs,
        storage_bytes=settings.storage_quota_bytes if own.storage_bytes is None else own.storage_bytes,
        upload_bytes=settings.upload_quota_bytes if own.upload_bytes is None else own.upload_bytes,
    )


def take_turn(work: Session, project_id: str) -> None:
    """Whoever changes a project by request waits here for the one before: what it has checked holds until it commits.

    On SQLite all writers take turns. On PostgreSQL the lock is nobody's row: workers, who tell of runs that they own,
    neither wait for a request nor keep one waiting.
    """
    if work.get_bind().dialect.name == "postgresql":
        work.execute(text("SELECT pg_advisory_xact_lock(:kind, hashtext(:id))"), {"kind": _TURN, "id": project_id})


def check_storage(session: Session, project_id: str, settings: Settings, more: int = 0) -> None:
    """`Conflict` where the project already keeps as much as it may, or would with `more` bytes."""
    quota = quotas(session, project_id, settings).storage_bytes
    if quota is None:
        return
    used = usage.total(session, project_id)
    if used >= quota or used + more > quota:
        detail = (
            f"The project keeps {used} of {quota} bytes. Delete something first: GET /v1/storage says what could go."
        )
        raise Conflict("storage_quota_exceeded", detail)


def find(session: Session, name: str) -> Project:
    """By its id or its name; `NotFound` where none is called so, `Conflict` where several are."""
    rows = session.scalars(select(Project).where((Project.id == name) | (Project.name == name))).all()
    if not rows:
        raise NotFound("project", name)
    if len(rows) > 1:
        raise Conflict("ambiguous_project", f"Several projects are called {name!r}. Give the id: prj_…")
    return rows[0]


def create(work: Session, name: str) -> Project:
    """`Conflict` where there is one of that name."""
    if work.scalar(select(func.count()).select_from(Project).where(Project.name == name)):
        raise Conflict("project_exists", f"There is a project {name!r}.")
    project = Project(name=name)
    work.add(project)
    work.flush()
    return project


def change(work: Session, project: Project, changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        setattr(project, name, value)
    work.flush()


def everyone(session: Session) -> list[Project]:
    return list(session.scalars(select(Project).order_by(Project.id)))
