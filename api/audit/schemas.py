"""What an entry of the audit looks like from outside."""

from typing import Literal

from pydantic import Field

from api.schemas import ObjectRead, Reference


class AuditEntryRead(ObjectRead):
    """A change that somebody asked for, and that was made."""

    object: Literal["audit_entry"] = "audit_entry"
    action: str = Field(description="noun.verb, by the operation: job.create, job.cancel, session.create.")
    subject: str | None = Field(description="Id of what was changed; it may be gone.")
    key: Reference | None = Field(description="The key that asked, by itself or through a signed-in browser.")
    address: str | None = Field(description="Of the client, as far as the service can see it.")
    request_id: str | None = Field(description="The X-Request-Id of the answer.")
