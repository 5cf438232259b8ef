"""Rows that are only read, by statements that are made once.

A page reads a dozen rows. SQLAlchemy makes the same statements anew for each of them, and then
objects that it watches for changes: four fifths of the time that the database's answer takes. What
is read here is an object of the row's class as well, with its properties, and with its account. But
no session knows it: it cannot be changed, and it is not in the way of what the session has changed.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnExpressionArgument, FromClause, inspect
from sqlmodel import Session, SQLModel, select

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
        self._model, self._names = model, _names(model)
        table = source = _table(model)
        columns = [*table.c]
        self._has_account = issubclass(model, InAccount)
        if self._has_account:
            accounts = _table(Account)
            columns += accounts.c
            source = table.outerjoin(accounts, table.c.account_id == accounts.c.id)
        made = select(*columns).select_from(source).where(*conditions)
        made = made if order_by is None else made.order_by(order_by)
        self._statement = made if limit is None else made.limit(limit)

    def all(self, session: Session, **values: Any) -> list[Model]:
        return list(self._rows(session, values))

    def first(self, session: Session, **values: Any) -> Model | None:
        return next(self._rows(session, values), None)

    def _rows(self, session: Session, values: dict[str, Any]) -> Iterator[Model]:
        session.flush()
        number = len(self._names)
        for row in session.connection().execute(self._statement, values).all():
            made = _made(self._model, self._names, row)
            if self._has_account:
                there = row[number] is not None
                account = _made(Account, _names(Account), row[number:]) if there else None
                made.__dict__["account"] = account
            yield made


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
