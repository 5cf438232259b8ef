"""Rows of any version's tables, as values of JSON, and back.

The tables are read from the database itself, not from the models: an older backup has older ones.
Times are UTC, bytes are base64, and what a column of JSON holds stays the text that it is, so that
no hash over it changes.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    DateTime,
    LargeBinary,
    MetaData,
    Table,
    Text,
    bindparam,
    cast,
    func,
    insert,
    select,
    text,
)

from webapp.backup.archive import Part
from webapp.db import VERSIONS
from webapp.errors import Invalid

ROWS_AT_ONCE = 500
LEFT_OUT = {VERSIONS, "heartbeat"}
"""What says nothing about an installation."""


def tables_of(connection: Connection) -> list[Table]:
    """What others refer to comes first."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name not in LEFT_OUT]


def read(connection: Connection) -> Iterator[Part]:
    """All rows, as they are in the connection's transaction."""
    for table in tables_of(connection):
        yield Part(table.name, [column.name for column in table.columns], _rows(connection, table))


def _rows(connection: Connection, table: Table) -> Iterator[list[Any]]:
    columns = [cast(c, Text) if isinstance(c.type, JSON) else c for c in table.columns]
    found = connection.execution_options(yield_per=ROWS_AT_ONCE).execute(select(*columns))
    for row in found:
        yield [_plain(value) for value in row]


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    return value


def put(connection: Connection, parts: Iterable[Part]) -> int:
    """Replace all rows by these, in the connection's transaction; gives how many there are.

    Raises Invalid for a table or column that the database does not have.
    """
    tables = {table.name: table for table in tables_of(connection)}
    _empty(connection, list(tables.values()))
    count = 0
    for part in parts:
        table = tables.get(part.table)
        if table is None or not set(part.columns) <= set(table.columns.keys()):
            raise Invalid(
                f"The backup has a table {part.table!r} that does not fit its version.",
                remedy="Take another backup.",
            )
        count += _insert(connection, table, part)
    for table in tables.values():
        _count_on(connection, table)
    return count


def _empty(connection: Connection, tables: Sequence[Table]) -> None:
    """Foreign keys are checked at the end where the database can."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
    for table in reversed(tables):
        connection.execute(table.delete())


def _insert(connection: Connection, table: Table, part: Part) -> int:
    columns = [table.columns[name] for name in part.columns]
    statement = insert(table).values({c.name: _bound(connection, c) for c in columns})
    count = 0
    waiting = iter(part.rows)
    while rows := list(islice(waiting, ROWS_AT_ONCE)):
        values = [
            {c.name: _stored(connection, c, value) for c, value in zip(columns, row, strict=True)}
            for row in rows
        ]
        connection.execute(statement, values)
        count += len(values)
    return count


def _bound(connection: Connection, column: Column[Any]) -> Any:
    if not isinstance(column.type, JSON):
        return bindparam(column.name, type_=column.type)
    value = bindparam(column.name, type_=Text())
    return value if connection.dialect.name == "sqlite" else cast(value, column.type)


def _stored(connection: Connection, column: Column[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(column.type, LargeBinary):
        return b64decode(value)
    if isinstance(column.type, Boolean):
        return bool(value)
    if isinstance(column.type, DateTime):
        time = datetime.fromisoformat(value)
        return time.replace(tzinfo=None) if connection.dialect.name == "sqlite" else time
    return value


def _count_on(connection: Connection, table: Table) -> None:
    """PostgreSQL numbers new rows by a counter of its own."""
    key = table.autoincrement_column
    if connection.dialect.name == "sqlite" or key is None:
        return
    name = f'"{table.name}"'
    counter = connection.scalar(select(func.pg_get_serial_sequence(name, key.name)))
    newest = connection.scalar(select(func.max(key)))
    if counter and newest:
        values = {"counter": counter, "newest": newest}
        connection.execute(text("SELECT setval(:counter, :newest)"), values)
