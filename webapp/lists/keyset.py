"""Pages of a long table, by keyset: a page begins after the last row of the one before.

The database goes straight to that row through an index, so the hundredth page costs what the first
one does, and rows that come or go meanwhile are neither skipped nor shown twice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, literal, tuple_
from sqlmodel import Session

from webapp.errors import Invalid

ROWS_PER_PAGE = 50
HIGHEST = "\U0010ffff"
"""Sorts after every text that people write."""
Row = TypeVar("Row")
Other = TypeVar("Other")


@dataclass(frozen=True)
class Place:
    """Where a page begins: after the row with that key, or before it; without both, at the first
    row. A key is what a page gave as `next` or `previous`."""

    after: str = ""
    before: str = ""
    limit: int = ROWS_PER_PAGE


START = Place()


@dataclass(frozen=True)
class Page(Generic[Row]):
    """`next` and `previous` are the keys of the pages around it; None where there is none."""

    rows: Sequence[Row] = field(default_factory=list)
    next: str | None = None
    previous: str | None = None

    def of(self, rows: Sequence[Other]) -> "Page[Other]":
        """The same page of what was made from its rows."""
        return Page(rows, self.next, self.previous)


@dataclass(frozen=True)
class Order:
    """By a column of an index; where it is not unique, its index ends with the column `tie`."""

    column: SQLColumnExpression[Any]
    tie: SQLColumnExpression[Any] | None = None
    read: Callable[[str], Any] = str

    @property
    def columns(self) -> list[Any]:
        return [self.column] if self.tie is None else [self.column, self.tie]

    def key(self, row: Any) -> str:
        values = (getattr(row, column.key) for column in self.columns)
        return " ".join(v.isoformat() if isinstance(v, datetime) else v for v in values)

    def values(self, key: str) -> list[Any]:
        """Raises Invalid for what is no key of this order."""
        first, _, tie = key.rpartition(" ") if self.tie is not None else (key, "", "")
        try:
            values = [self.read(first)]
        except ValueError:
            raise Invalid(
                "This is not the key of a page.", remedy="Begin with the first page.", field="after"
            ) from None
        return values if self.tie is None else [*values, tie]


def page(session: Session, query: Select[Any], order: Order, place: Place = START) -> Page[Any]:
    """The page at that place of what the query selects: entities, or rows of columns."""
    bounds = [
        literal(value, column.type)
        for value, column in zip(bounds_of(order, place), order.columns, strict=False)
    ]
    query = placed(query, order, bounds, back=bool(place.before))
    found = session.execute(query.limit(place.limit + 1)).all()
    return page_of([row[0] if len(row) == 1 else row for row in found], order, place)


def bounds_of(order: Order, place: Place) -> list[Any]:
    """The values beyond which the page begins. Raises Invalid."""
    key = place.before or place.after
    return order.values(key) if key else []


def placed(
    query: Select[Any], order: Order, bounds: Sequence[ColumnElement[Any]], *, back: bool
) -> Select[Any]:
    """The rows beyond the bounds, in their order, or back to the first one."""
    columns = order.columns
    if bounds:
        of, there = (
            (tuple_(*columns), tuple_(*bounds))
            if order.tie is not None
            else (columns[0], bounds[0])
        )
        query = query.where(of < there if back else of > there)
    return query.order_by(*(column.desc() if back else column for column in columns))


def page_of(found: Sequence[Row], order: Order, place: Place) -> Page[Row]:
    """Of the rows that were found there, one more than the page has, if there are more."""
    back, is_more = bool(place.before), len(found) > place.limit
    rows = found[: place.limit][::-1] if back else found[: place.limit]
    first, last = (order.key(rows[0]), order.key(rows[-1])) if rows else (None, None)
    return Page(
        rows,
        next=last if is_more or back else None,
        previous=first if place.after or (back and is_more) else None,
    )


@dataclass(frozen=True)
class Offer(Generic[Row]):
    """What a form offers: the first rows, and the one that is chosen. `more`: there are others,
    whose names can be typed."""

    rows: list[Row] = field(default_factory=list)
    more: bool = False
