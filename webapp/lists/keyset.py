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
    back = bool(place.before)
    columns = [column.desc() if back else column for column in order.columns]
    if key := place.before or place.after:
        query = query.where(_beyond(order, key, back=back))
    found = session.execute(query.order_by(*columns).limit(place.limit + 1)).all()
    rows = [row[0] if len(row) == 1 else row for row in found[: place.limit]]
    is_more = len(found) > place.limit
    if back:
        rows.reverse()
    first, last = (order.key(rows[0]), order.key(rows[-1])) if rows else (None, None)
    return Page(
        rows,
        next=last if is_more or back else None,
        previous=first if place.after or (back and is_more) else None,
    )


def begins(column: SQLColumnExpression[Any], typed: str) -> list[ColumnElement[bool]]:
    """That the column's text begins with what was typed: a range of its index. No condition for
    what is empty."""
    text = typed.strip()
    return [(column >= text) & (column < text + HIGHEST)] if text else []


def _beyond(order: Order, key: str, *, back: bool) -> ColumnElement[bool]:
    values = order.values(key)
    if order.tie is None:
        first: Any = order.column
        beyond: ColumnElement[bool] = first < values[0] if back else first > values[0]
        return beyond
    of = tuple_(*order.columns)
    bounds = tuple_(*(literal(v, c.type) for v, c in zip(values, order.columns, strict=True)))
    beyond = of < bounds if back else of > bounds
    return beyond


@dataclass(frozen=True)
class Offer(Generic[Row]):
    """What a form offers: the first rows, and the one that is chosen. `more`: there are others,
    whose names can be typed."""

    rows: list[Row] = field(default_factory=list)
    more: bool = False
