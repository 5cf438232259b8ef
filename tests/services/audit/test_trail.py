"""The audit trail: read page by page, in both directions, and filtered."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event
from sqlmodel import Session

from tests.services.rows import a_key, a_network
from webapp.models import AuditResult, utc_now
from webapp.scope import Scope
from webapp.services.audit import Wanted, list_after, newest_first

BY_INDEX = {
    "sqlite": {"SEARCH audit_event"},
    "postgresql": {"Limit", "Index Scan"},
}
CONDITIONS = ("Index Cond:", "Filter:")
DIRECTION = re.compile("(?: Backward)? using ")


def record(session: Session, *actions: str) -> None:
    for action in actions:
        Scope(session, "ada").record(action, a_network())
    session.commit()


def test_a_page_begins_after_the_last_event_of_the_page_before(session: Session) -> None:
    record(session, "create", "park", "unpark", "delete")
    first = list_after(session, 0, limit=2)
    assert [event.action for event in first] == ["create", "park"]
    rest = list_after(session, first[-1].id or 0, limit=9)
    assert [event.action for event in rest] == ["unpark", "delete"]


def test_or_with_the_newest(session: Session) -> None:
    record(session, "create", "park", "unpark", "delete")
    first = newest_first(session, before=None, limit=2)
    assert [event.action for event in first] == ["delete", "unpark"]
    rest = newest_first(session, before=first[-1].id, limit=9)
    assert [event.action for event in rest] == ["park", "create"]


def test_an_event_outlives_the_thing_that_it_is_about(session: Session) -> None:
    record(session, "delete")
    (event,) = list_after(session, 0, limit=9)
    assert (event.noun, event.name) == ("network", "net")


def test_after_the_last_event_there_is_nothing(session: Session) -> None:
    record(session, "create")
    (event,) = list_after(session, 0, limit=9)
    assert list_after(session, event.id or 0, limit=9) == []


@pytest.mark.parametrize(
    ("wanted", "actions"),
    [
        (Wanted(), ["create", "park", "upload"]),
        (Wanted(actor="ada"), ["create", "park"]),
        (Wanted(action="park"), ["park"]),
        (Wanted(noun="network", name="net"), ["create", "park"]),
        (Wanted(noun="key", name="net"), []),
        (Wanted(result="refused"), ["park"]),
        (Wanted(result="no such result"), []),
        (Wanted(since=utc_now() + timedelta(days=1)), []),
        (Wanted(until=utc_now() - timedelta(days=1)), []),
        (
            Wanted(
                since=utc_now() - timedelta(days=1),
                until=utc_now() + timedelta(days=1),
                actor="bob",
            ),
            ["upload"],
        ),
    ],
)
def test_only_what_is_wanted_is_found(session: Session, wanted: Wanted, actions: list[str]) -> None:
    record(session, "create")
    Scope(session, "ada").record("park", a_network(), result=AuditResult.REFUSED, code="parked")
    Scope(session, "bob").record("upload", a_key())
    session.commit()
    found = list_after(session, 0, limit=9, wanted=wanted)
    assert [event.action for event in found] == actions
    again = newest_first(session, before=None, limit=9, wanted=wanted)
    assert [event.action for event in again] == actions[::-1]


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(),
        Wanted(actor="a"),
        Wanted(action="a"),
        Wanted(noun="a", name="b"),
        Wanted(name="a"),
        Wanted(result="a", actor="b"),
        Wanted(since=utc_now()),
    ],
)
def test_a_page_is_found_by_an_index_without_sorting(
    session: Session, engine: Engine, wanted: Wanted
) -> None:
    found = list[set[str]]()

    def explain(connection: Any, _cursor: object, statement: str, values: Any, *_: object) -> None:
        if statement.startswith("SELECT"):
            found.append(ways(connection, statement, values))

    if engine.dialect.name == "postgresql":  # or it reads so short a table at once
        session.connection().exec_driver_sql("SET LOCAL enable_seqscan = off")
        session.connection().exec_driver_sql("SET LOCAL enable_bitmapscan = off")
    event.listen(engine, "before_cursor_execute", explain)
    list_after(session, 7, limit=9, wanted=wanted)
    newest_first(session, before=7, limit=9, wanted=wanted)
    assert found == [BY_INDEX[engine.dialect.name]] * 2


def ways(connection: Connection, statement: str, values: Any) -> set[str]:
    """What the database does to answer it."""
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        return {row[3].partition(" USING ")[0] for row in rows}
    explained = connection.exec_driver_sql(f"EXPLAIN (COSTS OFF) {statement}", values)
    steps = [row[0].strip().removeprefix("->  ") for row in explained]
    return {DIRECTION.split(each)[0] for each in steps if not each.startswith(CONDITIONS)}
