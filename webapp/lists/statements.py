"""Statements whose SQL is made once, and rows as the database's driver gives them.

For a list of fifty rows, SQLAlchemy takes five times as long as SQLite: it makes the statement
anew, and turns each value into an object of Python. Here the SQL is kept, and values stay what they
are: texts and numbers, of which a row of a list is made (`webapp.rendering.prepared`). Who needs a
time or an object reads it from them.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    Boolean,
    ColumnElement,
    Dialect,
    Select,
    SQLColumnExpression,
    String,
    bindparam,
    cast,
    func,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import Session

from webapp.database.driver import fetch

Values = Mapping[str, Any]
Raw = tuple[Any, ...]
Column = SQLColumnExpression[Any]
When = str | datetime
"""A time as the driver gives it: SQLite's is a text in UTC."""
LINE, FIELD = "\n", "\t"
"""Between the rows that are collected in a text, and between the values of each."""


@dataclass(frozen=True)
class _Sql:
    text: str
    names: Sequence[str] | None
    """Of the values in their order, if they have no names in the SQL."""
    defaults: Values
    binding: Mapping[str, Callable[[Any], Any]]
    """What the driver is given for a value, by its name."""


class Statement:
    """A SELECT; its values are bound by name."""

    def __init__(self, query: Any) -> None:
        self._query: Select[Any] = query
        self._made: dict[str, _Sql] = {}

    def rows(self, session: Session, values: Values | None = None) -> list[Raw]:
        """What it finds. What the session has changed is written before."""
        session.flush()
        connection = session.connection()
        name = connection.dialect.name
        sql = self._made.get(name) or self._made.setdefault(name, self._sql(connection.dialect))
        given = {**sql.defaults, **(values or {})}
        for each, bound in sql.binding.items():
            if given[each] is not None:
                given[each] = bound(given[each])
        parameters = given if sql.names is None else tuple(given[each] for each in sql.names)
        return fetch(connection, sql.text, parameters)

    def _sql(self, dialect: Dialect) -> _Sql:
        made: Any = self._query.compile(
            dialect=dialect, compile_kwargs={"render_postcompile": True}
        )
        binding = {
            name: process
            for name, bind in made.binds.items()
            if (process := bind.type.dialect_impl(dialect).bind_processor(dialect))
        }
        names = made.positiontup if made.positional else None
        defaults = made.construct_params(_check=False)
        shown = {name: each for name, each in binding.items() if name in defaults}
        return _Sql(str(made), names, defaults, shown)


def bound(name: str, type_: Any = None) -> BindParameter[Any]:
    """Stands for a value that is given by name; without a type, it has that of what it is compared
    with."""
    return bindparam(name, None, type_, required=False)


class among(FunctionElement[bool]):
    """The column has one of the few values that a subquery selects, which is the second argument.

    PostgreSQL looks them up in an index of the column. Of IN with a subquery it makes a join, and
    may read the column's whole table for each row outside, since it cannot know that it is few.
    """

    type = Boolean()
    inherit_cache = True

    def self_group(self, *_: Any, **__: Any) -> Any:
        """As it is: SQLite would find no index for `… = 1`, which is put behind a boolean."""
        return self


@compiles(among)
def _in_subquery(element: Any, compiler: Any, **options: Any) -> str:
    column, some = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} IN {some}"


@compiles(among, "postgresql")
def _in_array(element: Any, compiler: Any, **options: Any) -> str:
    column, some = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} = ANY (ARRAY{some})"


def collected(*values: Column) -> ColumnElement[str]:
    """A column of a subquery that has one value for many rows: each is a line of its values."""
    fields = [func.coalesce(cast(value, String), "") for value in values]
    line: ColumnElement[str] = fields[0]
    for each in fields[1:]:
        line = line.concat(FIELD).concat(each)
    return func.aggregate_strings(line, LINE)


def lines(text: str | None) -> list[list[str]]:
    """The rows that `collected` has put into it, sorted: a database gives them in any order."""
    return sorted(line.split(FIELD) for line in text.split(LINE)) if text else []


def as_text(column: Column) -> ColumnElement[str]:
    """JSON as it is stored."""
    return cast(column, String)


def as_json(text: str) -> Any:
    return json.loads(text)


def as_time(value: When) -> datetime:
    if isinstance(value, str):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return value.astimezone(UTC)
