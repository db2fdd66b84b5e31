"""Unversioned: is it there, can it work, what is it?"""

from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Request

import migrations
from api.health.schemas import HealthRead, ReadinessRead, VersionRead
from api.problems import problem

router = APIRouter(tags=["health"])


@router.get("/healthz")
def get_health() -> HealthRead:
    """The process answers."""
    return HealthRead()


@router.get("/readyz", response_model=ReadinessRead, responses={503: {}})
def get_readiness(request: Request) -> Any:
    """What the service needs, and whether it is there; 503 where it cannot serve.

    A broker that is away, or a full disk, is told as degraded: jobs then start late, or wait for room.
    """
    checks = request.app.state.readiness.checks()
    failed = [check for check in checks if check.status == "failed"]
    if failed:
        detail = " ".join(f"{check.name}: {check.detail}" for check in failed)
        return problem(request, 503, failed[0].code, detail, checks=checks)
    whole = all(check.status == "ok" for check in checks)
    return ReadinessRead(status="ok" if whole else "degraded", checks=checks)


@router.get("/version")
def get_version() -> VersionRead:
    """Of the program and of the interface."""
    return VersionRead(version=version("distillery"), schema_revision=migrations.HEAD)
