"""Rows that are only read, by statements that are made once.

A page reads a dozen rows. SQLAlchemy makes the same statements anew for each of them, and then
objects that it watches for changes: four fifths of the time that the database's answer takes. What
is read here is an object of the row's class as well, with its properties, and with its account. But
no session knows it: it cannot be changed, and it is not in the way of what the session has changed.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnExpressionArgument, FromClause, inspect, select
from sqlmodel import Session, SQLModel

from webapp.database.queries import Query
from webapp.models.account import Account, InAccount

Model = TypeVar("Model", bound=SQLModel)


class Reading(Generic[Model]):
    """A statement; its conditions are about values that are bound when it is executed."""

    def __init__(
        self,
        model: type[Model],
        *conditions: ColumnExpressionArgument[bool],
        order_by: ColumnExpressionArgument[Any] | None = None,
        limit: int | None = None,
    ) -> None:
        self._part = _Part(model)
        made = select(*self._part.columns).select_from(self._part.source).where(*conditions)
        made = made if order_by is None else made.order_by(order_by)
        self._statement = Query(made if limit is None else made.limit(limit))

    def all(self, session: Session, **values: Any) -> list[Model]:
        return [self._part.made(row) for row in self._statement.rows(session, **values)]

    def first(self, session: Session, **values: Any) -> Model | None:
        found = self._statement.rows(session, **values)
        return self._part.made(found[0]) if found else None


class Together:
    """A statement for a row of one table, and one of each of others that `joins` names."""

    def __init__(
        self,
        model: type[SQLModel],
        *conditions: ColumnExpressionArgument[bool],
        joins: Mapping[type[SQLModel], ColumnExpressionArgument[bool]],
    ) -> None:
        self._parts = [_Part(each) for each in (model, *joins)]
        source = self._parts[0].source
        for part, on in zip(self._parts[1:], joins.values(), strict=True):
            source = part.joined(source.join(part.table, on))
        columns = [column for part in self._parts for column in part.columns]
        self._statement = Query(select(*columns).select_from(source).where(*conditions))

    def first(self, session: Session, **values: Any) -> tuple[Any, ...] | None:
        """The rows, in the order of the tables."""
        for row in self._statement.rows(session, **values):
            made, at = [], 0
            for part in self._parts:
                made.append(part.made(row[at : at + len(part.columns)]))
                at += len(part.columns)
            return tuple(made)
        return None


class _Part(Generic[Model]):
    """The columns of a table in a statement, and those of its rows' accounts."""

    def __init__(self, model: type[Model]) -> None:
        self._model, self._names = model, _names(model)
        self.table = _table(model)
        self._accounts = _table(Account).alias() if issubclass(model, InAccount) else None
        self.columns = [*self.table.c, *(self._accounts.c if self._accounts is not None else ())]
        self.source = self.joined(self.table)

    def joined(self, source: FromClause) -> FromClause:
        if self._accounts is None:
            return source
        return source.outerjoin(self._accounts, self.table.c.account_id == self._accounts.c.id)

    def made(self, values: Sequence[Any]) -> Model:
        made = _made(self._model, self._names, values)
        if self._accounts is not None:
            account = values[len(self._names) :]
            there = account[0] is not None
            made.__dict__["account"] = _made(Account, _names(Account), account) if there else None
        return made


def _table(model: type[SQLModel]) -> FromClause:
    table: FromClause = inspect(model).local_table
    return table


@cache
def _names(model: type[SQLModel]) -> tuple[str, ...]:
    return tuple(column.key for column in _table(model).c)


def _made(model: type[Model], names: Sequence[str], values: Sequence[Any]) -> Model:
    made: Model = model.__new__(model)
    made.__dict__.update(zip(names, values, strict=False))
    return made
