"""Lists that are read by statements made once for each shape of what is asked for: which filters
are set, in which order, and in which direction from where.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic

from sqlalchemy import ColumnElement, Integer, Select, SQLColumnExpression, bindparam, func, select
from sqlmodel import Session

from webapp.database.columns import Raw
from webapp.database.queries import Query
from webapp.lists.counts import COUNTED_MAX, Count
from webapp.lists.keyset import (
    HIGHEST,
    START,
    Order,
    Page,
    Place,
    Row,
    bounds_of,
    page_of,
    placed,
)

Filter = Callable[[Any], ColumnElement[bool]]
"""The condition for a value, or for what a value is bound to."""
Values = Mapping[str, Any]
BOUNDS = ("bound_0", "bound_1")
MOST = bindparam("most", type_=Integer)


@dataclass(frozen=True)
class Listing(Generic[Row]):
    """`query` gives the SELECT without conditions; `filters` are those that may be asked for, by
    name; `read` makes a row of what the SELECT finds."""

    query: Callable[[], Select[Any]]
    filters: Mapping[str, Filter]
    read: Callable[[Raw], Row]
    _made: dict[Any, Query] = field(default_factory=dict, repr=False)

    def page(
        self, session: Session, order: Order, wanted: Values, place: Place = START
    ) -> Page[Row]:
        """With the filters of these names and values. Raises Invalid for what is no place."""
        bounds = dict(zip(BOUNDS, bounds_of(order, place), strict=False))
        shape = order, tuple(wanted), bool(bounds), bool(place.before)
        statement = self._made.get(shape) or self._made.setdefault(shape, self._paged(*shape))
        values = {**wanted, **bounds, "most": place.limit + 1}
        rows = [self.read(row) for row in statement.rows(session, **values)]
        return page_of(rows, order, place)

    def first(self, session: Session, order: Order, wanted: Values, most: int) -> list[Row]:
        """No more than so many, in that order."""
        return [*self.page(session, order, wanted, Place(limit=most)).rows]

    def count(self, session: Session, column: SQLColumnExpression[Any], wanted: Values) -> Count:
        """How many rows of the column's table there are, as `counts.count`."""
        shape = column, tuple(wanted)
        statement = self._made.get(shape) or self._made.setdefault(shape, self._counted(*shape))
        ((number,),) = statement.rows(session, **wanted, most=COUNTED_MAX + 1)
        return Count(min(number, COUNTED_MAX), number > COUNTED_MAX)

    def conditions(self, wanted: Values) -> list[ColumnElement[bool]]:
        """The same for other statements."""
        return [self.filters[name](value) for name, value in wanted.items()]

    def _paged(self, order: Order, names: tuple[str, ...], is_after: bool, back: bool) -> Query:
        bounds = [
            bindparam(name, type_=column.type)
            for name, column in zip(BOUNDS, order.columns, strict=False)
        ]
        query = self.query().where(*self._bound(names))
        query = placed(query, order, bounds if is_after else [], back=back)
        return Query(query.limit(MOST), raw=True)

    def _counted(self, column: SQLColumnExpression[Any], names: tuple[str, ...]) -> Query:
        some = select(column).where(*self._bound(names)).limit(MOST).subquery()
        return Query(select(func.count()).select_from(some), raw=True)

    def _bound(self, names: tuple[str, ...]) -> list[ColumnElement[bool]]:
        return [self.filters[name](bindparam(name)) for name in names]


def beginnings(name: str, column: SQLColumnExpression[Any]) -> dict[str, Filter]:
    """The filters for what a column's text begins with: a range of its index."""
    return {
        f"{name}_from": lambda text: column >= text,
        f"{name}_below": lambda text: column < text,
    }


def beginning(name: str, typed: str) -> dict[str, str]:
    """Their values; none for what is empty."""
    text = typed.strip()
    return {f"{name}_from": text, f"{name}_below": text + HIGHEST} if text else {}
