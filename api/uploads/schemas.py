"""What an upload looks like from outside."""

from datetime import datetime
from typing import Literal, Self

from pydantic import Field

from api.schemas import Name, ObjectRead, Read, Sha256, Wish
from core.db.models import Upload
from core.db.uploads import missing_parts, part_count

Purpose = Literal["teacher", "dataset"]
Status = Literal["open", "arriving", "complete"]


class UploadCreate(Wish):
    """Announce a file; its parts follow."""

    filename: Name
    bytes: int = Field(ge=1, le=2**53 - 1, description="Size of the whole file.")
    purpose: Purpose
    sha256: Sha256 | None = Field(None, description="Of the whole file, where it is known beforehand.")


class UploadComplete(Wish):
    """All parts have been sent."""

    sha256: Sha256 = Field(description="Of the whole file.")


class PartRead(Read):
    """One part that has arrived."""

    n: int = Field(description="From 1.")
    bytes: int
    sha256: str


class UploadRead(ObjectRead):
    """A file arriving in parts of `part_size` bytes, the last one shorter."""

    object: Literal["upload"] = "upload"
    filename: str
    bytes: int
    purpose: Purpose
    sha256: str | None
    status: Status = Field(description="`open`: waits for parts; `arriving`: comes whole, and takes none.")
    part_size: int
    part_count: int
    parts: list[PartRead] = Field(description="What has arrived.")
    missing: list[int] = Field(description="Numbers of the parts that have not; at most 1,000 of them.")
    completed_at: datetime | None
    expires_at: datetime | None = Field(description="When it is dropped, unless something still has to read it.")

    @classmethod
    def of(cls, row: Upload) -> Self:
        same = ("id", "created_at", "filename", "bytes", "purpose", "sha256", "status", "part_size")
        times = ("completed_at", "expires_at")
        return cls(
            **{name: getattr(row, name) for name in same + times},
            part_count=part_count(row),
            parts=[PartRead.model_validate(part) for part in row.parts],
            missing=missing_parts(row)[:1000] if row.status == "open" else [],
        )
