"""Unversioned: is it there, can it work, what is it?"""

from importlib.metadata import version

from fastapi import APIRouter
from sqlalchemy.exc import SQLAlchemyError

import migrations
from api.deps import TheDatabase
from api.health.schemas import HealthRead, VersionRead
from core.errors import Unavailable

router = APIRouter(tags=["health"])


@router.get("/healthz")
def get_health() -> HealthRead:
    """The process answers."""
    return HealthRead()


@router.get("/readyz")
def get_readiness(database: TheDatabase) -> HealthRead:
    """The database answers and has the schema that this program was written for."""
    try:
        migrations.check(database.engine)
    except SQLAlchemyError as error:
        raise Unavailable("database_unavailable", "The database does not answer.") from error
    return HealthRead()


@router.get("/version")
def get_version() -> VersionRead:
    """Of the program and of the interface."""
    return VersionRead(version=version("distillery"), schema_revision=migrations.HEAD)
