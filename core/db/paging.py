"""Keyset lists: a page begins behind the last object seen, never at an offset.

Ids sort by the time they were made, so that by default a page is `id > after`. Sorted by something else it is
`(column, id) > (its value at the object last seen, its id)`, with the objects that have no value last.
"""

from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from sqlalchemy import ColumnElement, Select, false, literal, select, true, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.errors import Invalid, Problem

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
    _check_kind(id, window)
    if window.after is not None:
        query = query.where(id > window.after if rising else id < window.after)
    query = query.order_by(id.asc() if rising else id.desc()).limit(window.limit + 1)
    rows = list(session.scalars(query).unique())
    shown = rows[: window.limit]
    return Page(shown, getattr(shown[-1], id.key) if len(rows) > window.limit else None)


def _check_kind(id: InstrumentedAttribute[str], window: Window) -> None:
    """`Invalid` for the id of something that this list does not hold: it would silently begin anywhere."""
    prefix = id.property.columns[0].info["prefix"]
    if window.after is not None and not window.after.startswith(f"{prefix}_"):
        detail = f"Give the id of the last object seen: {prefix}_…"
        raise Invalid([Problem("/query/after", "invalid_after", detail)])


def sorted_page(
    session: Session,
    query: Select[T],
    id: InstrumentedAttribute[str],
    by: ColumnElement[Any],
    window: Window,
    *,
    whole: ColumnElement[bool],
) -> Page[T]:
    """One page of `query`, ordered by `by`, then by id; rows without a value come last, in either order.

    The object last seen may have changed so that `query` no longer finds it; `Invalid` where it is not even among the
    `whole`. Ids are sorted first, and rows read for one page of them: with an index on (`whole`, `by`, id) no row is
    read in vain. Those with a value and those without are asked for one after the other, as no engine's index has both
    in this order.
    """
    rising = window.order == "asc"
    _check_kind(id, window)
    ids = select(id).where(query.whereclause if query.whereclause is not None else true())
    valued, blank = ids.where(by.is_not(None)), ids.where(by.is_(None))
    if window.after is not None:
        seen = session.execute(select(by).where(whole, id == window.after)).first()
        if seen is None:
            detail = "The object last seen is not there any more; begin again without `after`."
            raise Invalid([Problem("/query/after", "unknown_after", detail)])
        if seen[0] is None:
            valued = valued.where(false())
            blank = blank.where(id > window.after if rising else id < window.after)
        else:
            here, there = tuple_(by, id), tuple_(literal(seen[0], by.type), window.after)
            valued = valued.where(here > there if rising else here < there)
    found: list[str] = []
    for part, columns in ((valued, (by, id)), (blank, (id,))):
        if len(found) <= window.limit:
            ordered = part.order_by(*(column.asc() if rising else column.desc() for column in columns))
            found += session.scalars(ordered.limit(window.limit + 1 - len(found)))
    shown = found[: window.limit]
    rows = {getattr(row, id.key): row for row in session.scalars(query.where(id.in_(shown)))}
    found_rows = [rows[one] for one in shown if one in rows]  # one may have gone since its id was read
    return Page(found_rows, shown[-1] if len(found) > window.limit else None)
