"""Long lists: with ten thousand rows a page costs the database what it costs with a hundred.

SQLite counts the steps of its virtual machine, which depend on nothing but the statements, the rows
and the indexes.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, event
from sqlalchemy.orm import Mapper
from sqlmodel import Session

from tests.services.many import add_many
from webapp.lists.counts import COUNTED_MAX
from webapp.lists.keyset import ROWS_PER_PAGE

FEW, MANY = 100, 10_000
STEPS_AT_ONCE = 10
COUNTING_STEPS = 10 * COUNTED_MAX
"""What it may cost to count up to that; a list with a filter counts twice."""
TABLES = "network|function|key|address|snapshot|proof|key_range|access_token|user|account"
WHOLE = re.compile(rf"SCAN (?:{TABLES})(?!.* USING )")
COUNTED = {
    "/networks": 1,
    "/networks?status=ready": 2,
    "/networks?region=eu-central-1&status=ready&q=network-0": 2,
    "/functions": 1,
    "/functions?status=ready": 2,
    "/functions?network=network-00007": 2,
    "/keys": 1,
    "/keys?status=ready&q=key": 2,
    "/addresses": 1,
    "/addresses?in=eu-central-1&status=in_use": 2,
    "/addresses?q=52.": 2,
    "/addresses?q=network": 2,
    "/addresses?from=a60": 1,
    "/accounts": 5,
}
"""How often each counts."""
OTHERS = (
    "/",
    "/changes",
    "/orphans",
    "/people",
    "/tokens",
    "/activity",
    "/functions/new",
    "/functions/function-00007/edit",
    "/functions/function-00007",
    "/networks/new",
    "/networks/network-00007",
    "/keys/new",
    "/keys/key-00007",
    "/api/v1/networks",
    "/api/v1/networks?status=ready&region=eu-central-1&q=network",
    "/api/v1/functions",
    "/api/v1/functions?network=network-00007",
    "/api/v1/keys",
    "/api/v1/keys?status=ready",
    "/api/v1/keys/key-00007/match?network=network-00007",
    "/api/v1/addresses",
    "/api/v1/addresses?status=in_use",
    "/api/v1/addresses?q=52.",
    "/api/v1/addresses/a7",
    "/api/v1/networks/network-00007",
    "/api/v1/users",
    "/api/v1/tokens",
    "/api/v1/accounts",
    "/api/v1/orphans",
    "/api/v1/audit-events",
)


@dataclass
class Cost:
    """Of one answer: steps of the database, statements with their values, and rows made objects."""

    steps: int = 0
    statements: list[tuple[str, Any]] = field(default_factory=list)
    objects: int = 0

    def step(self) -> int:
        self.steps += STEPS_AT_ONCE
        return 0


@contextmanager
def counted(engine: Engine) -> Iterator[Cost]:
    cost = Cost()

    def begin(connection: Any, *_: object) -> None:
        connection.set_progress_handler(cost.step, STEPS_AT_ONCE)

    def end(connection: Any, *_: object) -> None:
        connection.set_progress_handler(None, 0)

    def note(_connection: object, _cursor: object, statement: str, *told: Any) -> None:
        cost.statements.append((statement, told[0]))

    def load(*_: object) -> None:
        cost.objects += 1

    listeners = (
        (engine, "checkout", begin),
        (engine, "checkin", end),
        (engine, "before_cursor_execute", note),
        (Mapper, "load", load),
    )
    for target, name, listener in listeners:
        event.listen(target, name, listener)
    try:
        yield cost
    finally:
        for target, name, listener in listeners:
            event.remove(target, name, listener)


def costs(client: Any, engine: Engine) -> dict[str, Cost]:
    """Of each path, asked for the second time: the first one may make what is kept for a minute."""
    found = {}
    for path in (*COUNTED, *OTHERS):
        client.get(path)
        with counted(engine) as found[path]:
            assert client.get(path).status_code == 200, path
    return found


@pytest.fixture
def engine(app: FastAPI) -> Engine:
    engine: Engine = app.state.parts.engine
    return engine


def test_no_list_reads_more_of_a_long_table_than_of_a_short_one(
    signed_in: Any, engine: Engine, session: Session
) -> None:
    add_many(session, 1, FEW)
    few = costs(signed_in, engine)
    add_many(session, FEW + 1, MANY)
    many = costs(signed_in, engine)
    dear = {
        path: (few[path].steps, many[path].steps)
        for path in many
        if many[path].steps
        > 1.1 * few[path].steps + STEPS_AT_ONCE + COUNTING_STEPS * COUNTED.get(path, 0)
    }
    assert dear == {}
    for path, cost in many.items():
        assert len(cost.statements) <= len(few[path].statements), path
        assert cost.objects <= max(few[path].objects, 8 * ROWS_PER_PAGE), path
    whole = {
        (path, plan)
        for path, cost in many.items()
        for plan in plans(engine, cost.statements)
        if WHOLE.match(plan)
    }
    assert whole == set()


def plans(engine: Engine, statements: list[tuple[str, Any]]) -> Iterator[str]:
    """How SQLite goes about them; not what only asks whether there is any row."""
    with engine.connect() as connection:
        for statement, values in statements:
            if statement.startswith(("SELECT", "WITH")) and "EXISTS (SELECT *" not in statement:
                rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
                yield from (row[3] for row in rows)
