"""Is it there, can it work, what is it?"""

from typing import Literal

from pydantic import Field

from api.schemas import Read


class HealthRead(Read):
    status: Literal["ok"] = "ok"


class CheckRead(Read):
    """One thing that the service needs."""

    name: Literal["database", "schema", "storage", "broker"]
    status: Literal["ok", "degraded", "failed"] = Field("ok", description="degraded: it serves all the same.")
    code: str | None = Field(None, description="Stable, for programs; null where it is ok.")
    detail: str | None = Field(None, description="What is wrong, without a host, path or secret.")


class ReadinessRead(Read):
    """It can serve."""

    status: Literal["ok", "degraded"] = Field(description="degraded: something is missing that it can do without.")
    checks: list[CheckRead]


class VersionRead(Read):
    """Of the program and of the interface."""

    version: str
    api: Literal["v1"] = "v1"
    schema_revision: str
