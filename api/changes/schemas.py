"""What the one stream of a tab tells."""

from typing import Literal

from pydantic import Field

from api.schemas import Read


class HelloRead(Read):
    """The first frame, and again after frames were dropped: ask anew for what is on screen, then listen."""

    object: Literal["hello"] = "hello"


class ChangedRead(Read):
    """Something is different from what it was; ask for it if it matters."""

    object: Literal["job", "dataset", "teacher", "worker"]
    id: str | None = Field(description="Null: several of this kind; ask again for the list.")
    status: str | None = Field(description="Its status now; `deleted` when it is gone.")
    last_event: int | None = Field(description="A job's: the number of its newest event.")
