"""Is it there, can it work, what is it?"""

from typing import Literal

from api.schemas import Read


class HealthRead(Read):
    status: Literal["ok"] = "ok"


class VersionRead(Read):
    """Of the program and of the interface."""

    version: str
    api: Literal["v1"] = "v1"
    schema_revision: str
