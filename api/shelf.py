"""Short lists that lie in memory, cut like any other: `limit` and `after`, by default all of it."""

from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends, Query
from pydantic import Field

from api.schemas import Listing, Read
from core.errors import Invalid, Problem


class ShelvedRead(Read):
    """What such a list holds: always there, so that it has no time at which it was made."""

    id: str = Field(description="Its name.")


T = TypeVar("T", bound=ShelvedRead)


@dataclass(frozen=True)
class Shelf:
    """Which part of the list is wanted."""

    limit: int
    after: str | None

    def cut(self, rows: list[T]) -> Listing[T]:
        """`Invalid` where the row last seen is none of them."""
        ids = [row.id for row in rows]
        if self.after is not None and self.after not in ids:
            raise Invalid([Problem("/query/after", "unknown_after", f"There is no {self.after!r} in this list.")])
        start = 0 if self.after is None else ids.index(self.after) + 1
        shown = rows[start : start + self.limit]
        more = start + self.limit < len(rows)
        return Listing(data=shown, has_more=more, next=shown[-1].id if more else None)


def _shelf(
    limit: Annotated[int, Query(ge=1, le=100, description="Objects per page.")] = 100,
    after: Annotated[str | None, Query(max_length=100, description="The id of the last object seen.")] = None,
) -> Shelf:
    return Shelf(limit, after)


TheShelf = Annotated[Shelf, Depends(_shelf)]
