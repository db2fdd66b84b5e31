"""What a project takes in storage."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.schemas import Read


class StorageKind(Read):
    """All objects of one kind together."""

    kind: Literal["jobs", "datasets", "teachers", "uploads"]
    count: int
    bytes: int


class StorageItem(Read):
    """One object; it is deleted by the DELETE of its kind."""

    object: Literal["job", "dataset", "teacher", "upload"]
    id: str
    name: str
    bytes: int = Field(
        description="A job's: its students' files and its checkpoints. An open upload's: what has arrived."
    )
    created_at: datetime
    status: str
    deletable: bool = Field(description="Whether a DELETE would be granted now.")
    reason: str | None = Field(description="Why not, in words.")


class QuotaRead(Read):
    """What a project may use; null: no limit."""

    running_jobs: int | None = Field(description="Jobs at once; others wait in the queue.")
    storage_bytes: int | None = Field(description="Everything it keeps.")
    upload_bytes: int = Field(description="Of all its uploads together.")


class StorageRead(Read):
    """What a project takes in storage; the largest objects first."""

    object: Literal["storage"] = "storage"
    bytes: int = Field(description="All together, also what is not listed.")
    quota: QuotaRead
    kinds: list[StorageKind]
    data: list[StorageItem]
