"""Long lists: with ten thousand rows a page costs the database what it costs with a hundred.

SQLite counts the steps of its virtual machine, PostgreSQL the rows that it looks at; both depend on
nothing but the statements, the rows and the indexes.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine
from sqlmodel import Session

from tests.costs import STEPS_AT_ONCE, Cost, counted, rows_read
from tests.fast import thorough
from tests.postgresql import on_either_database
from tests.services.many import add_many
from tests.services.rows import a_key, a_network, add, add_everything, an_address
from webapp.lists.counts import COUNTED_MAX
from webapp.lists.keyset import ROWS_PER_PAGE
from webapp.services.overview.facts import EXACT_MAX

FEW, MANY = 100, 10_000
COUNTING = {"sqlite": 10 * COUNTED_MAX, "postgresql": COUNTED_MAX}
"""What it may cost to count up to that; a list with a filter counts twice."""
AT_ONCE = {"sqlite": STEPS_AT_ONCE, "postgresql": 4 * EXACT_MAX}
"""What is not exact; the overview looks whether each of four tables has so many rows."""
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


def costs(client: Any, engine: Engine) -> dict[str, Cost]:
    """Of each path. What is kept for a minute is made before."""
    client.get("/")
    found = {}
    for path in (*COUNTED, *OTHERS):
        with counted(engine) as found[path]:
            assert client.get(path).status_code == 200, path
    if engine.dialect.name == "postgresql":
        for cost in found.values():
            cost.steps = rows_read(engine, cost.statements)
    return found


def add_as_they_are_known(session: Session, first: int, last: int) -> None:
    """PostgreSQL counts rows now and then, to choose how it finds them."""
    add_many(session, first, last)
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("ANALYZE")
    session.commit()


@pytest.fixture
def engine(app: FastAPI) -> Engine:
    engine: Engine = app.state.parts.engine
    return engine


@thorough("lists of 10,000 rows")
def test_no_list_reads_more_of_a_long_table_than_of_a_short_one(
    signed_in: Any, engine: Engine, session: Session
) -> None:
    add_as_they_are_known(session, 1, FEW)
    few = costs(signed_in, engine)
    add_as_they_are_known(session, FEW + 1, MANY)
    many = costs(signed_in, engine)
    dear = {}
    for path, cost in many.items():
        counting = COUNTING[engine.dialect.name] * COUNTED.get(path, 0)
        counting += AT_ONCE[engine.dialect.name]
        if cost.steps > 1.1 * few[path].steps + counting:
            dear[path] = few[path].steps, cost.steps
    assert dear == {}
    for path, cost in many.items():
        assert len(cost.statements) <= len(few[path].statements), path
        assert cost.objects <= max(few[path].objects, 8 * ROWS_PER_PAGE), path
    if engine.dialect.name == "postgresql":  # the plans are in the number of rows
        return
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
                given = tuple(values) if isinstance(values, list) else values
                rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
                yield from (row[3] for row in rows)


@thorough("every list")
@on_either_database
def test_every_list_is_in_the_same_order_on_either_database(
    signed_in: Any, session: Session
) -> None:
    """PostgreSQL's own order of texts leaves dashes out."""
    for number in range(2):
        add_everything(session, number)
    key = a_key("wide", cidrs=("203.0.0.0/16",))
    add(session, key, an_address(ip="203.0.113.9", name="a-b"))
    add(session, *(a_network(name) for name in ("a-b", "ab", "a-c")))
    for path in (*COUNTED, *(path for path in OTHERS if "0000" not in path and "/a7" not in path)):
        if "orphans" not in path:
            assert signed_in.get(path).status_code == 200, path
    listed = signed_in.get("/api/v1/networks?limit=4").json()
    names = ["a-b", "a-c", "ab", "network-0"]
    assert [each["name"] for each in listed["items"]] == names
    rest = signed_in.get(f"/api/v1/networks?after={listed['next']}").json()
    assert [each["name"] for each in rest["items"]] == ["network-1"]
    begun = signed_in.get("/api/v1/networks?q=a-&status=ready&region=eu-central-1").json()
    assert [each["name"] for each in begun["items"]] == ["a-b", "a-c"]
    (found,) = signed_in.get("/api/v1/addresses?q=203.0.113").json()["items"]
    assert (found["keys"], found["name"]) == (["wide"], "a-b")
    assert "network-0, network-1" in signed_in.get("/keys").text
