"""What an API key looks like from outside: never the key, but once."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, Field

from api.schemas import Name, ObjectRead, Wish

Scope = Literal["read", "submit", "admin"]
SCOPES = "read: look and download. submit: also make, change and delete jobs, data sets and teachers. admin: also keys,\
 webhooks and the audit."


def _in_utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("UTC has no such time") from error


class KeyCreate(Wish):
    """Make a key for this project."""

    name: Name
    scope: Scope = Field("submit", description=SCOPES)
    expires_at: Annotated[AwareDatetime, AfterValidator(_in_utc)] | None = Field(None, description="Default: never.")


class KeyRotate(Wish):
    """Replace a key by a new one of the same name, scope and expiry."""

    overlap_hours: float = Field(24, ge=0, le=720, description="So long the old key stays good, at most.")


class KeyRead(ObjectRead):
    """A key of this project, by its first characters."""

    object: Literal["api_key"] = "api_key"
    name: str
    prefix: str = Field(description="The first characters of the key.")
    scope: Scope = Field(description=SCOPES)
    expires_at: datetime | None
    last_used_at: datetime | None = Field(description="To the minute.")
    revoked_at: datetime | None


class KeyCreated(KeyRead):
    """A new key, shown this once."""

    key: str | None = Field(description="The key. Null when the answer is replayed: it is not stored.")
