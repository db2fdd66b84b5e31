"""Keyset lists: ids sort by the time they were made, so a page is `id > after`, never an offset."""

from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute, Session

T = TypeVar("T")


@dataclass(frozen=True)
class Window:
    """Which part of a list is wanted. `after` is the id of the last object the reader has seen."""

    limit: int = 20
    after: str | None = None
    order: Literal["asc", "desc"] = "desc"


@dataclass(frozen=True)
class Page(Generic[T]):
    rows: list[T]
    next: str | None  # the `after` of the next page; None on the last one


def page(session: Session, query: Select[T], id: InstrumentedAttribute[str], window: Window) -> Page[T]:
    """One page of `query`, ordered by id; newest first unless the window says otherwise."""
    rising = window.order == "asc"
    if window.after is not None:
        query = query.where(id > window.after if rising else id < window.after)
    query = query.order_by(id.asc() if rising else id.desc()).limit(window.limit + 1)
    rows = list(session.scalars(query).unique())
    more = len(rows) > window.limit
    rows = rows[: window.limit]
    last: Any = rows[-1] if more else None
    return Page(rows, getattr(last, id.key) if last is not None else None)
