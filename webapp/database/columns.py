"""Columns and conditions that SQLAlchemy has not, and how to read values that stayed as stored."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Boolean, ColumnElement, SQLColumnExpression, String, cast, func
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

Column = SQLColumnExpression[Any]
Raw = Sequence[Any]
"""The values of a row as they are stored."""
When = str | datetime
"""A time as the driver gives it: SQLite's is a text in UTC."""
LINE, FIELD = "\n", "\t"
"""Between the rows that are collected in a text, and between the values of each."""


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
