"""The first page: the next step, what it costs, and what needs attention, worst first."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, event
from sqlmodel import Session

from tests.services.rows import (
    a_snapshot,
    add,
    add_everything,
    add_function,
)
from webapp.models import Network, Status
from webapp.services import keys
from webapp.services.overview import TABLE_ROWS_MAX, overview
from webapp.services.overview.page import first_rows

QUERIES_MAX = 23


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(*told: object) -> None:
        statements.append(str(told[2]))

    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


def test_a_long_list_takes_as_many_queries_as_a_short_one(engine: Engine, session: Session) -> None:
    add_everything(session, 0)
    session.expunge_all()
    with counted(engine) as short:
        overview(session)
        keys.page(session)
    for number in range(1, 10):
        add_everything(session, number)
    session.expunge_all()
    with counted(engine) as long:
        shown = overview(session)
        keys.page(session)
    assert len(shown.networks) == len(shown.functions) == 10
    assert len(long) == len(short) <= QUERIES_MAX


# --- Steps ------------------------------------------------------------------------------------


def done(session: Session) -> list[bool]:
    return [step.done for step in overview(session).steps]


def test_the_steps_are_done_one_after_the_other(session: Session) -> None:
    assert done(session) == [False, False, False, False]
    function = add_function(session, status=Status.CREATING)
    network = session.get_one(Network, function.network_id)
    assert done(session) == [False, True, False, False]
    network.outputs, network.status = {"VpcId": "vpc-1"}, Status.PARKED
    function.status = Status.READY
    add(session, a_snapshot(function))
    assert done(session) == [True, True, True, True]


def test_a_step_leads_to_what_was_begun(session: Session) -> None:
    first, _, third, _ = overview(session).steps
    assert (first.href, third.href) == ("/networks/new", "/functions/new")
    add_function(session)
    first, _, third, _ = overview(session).steps
    assert (first.href, third.href) == ("/networks/net", "/functions/fun")


# --- Tables -----------------------------------------------------------------------------------


def test_the_first_rows_of_the_last_good_answer_are_shown(session: Session) -> None:
    function = add_function(session)
    clans = [{"name": f"Clan {rank}", "rank": rank} for rank in range(1, TABLE_ROWS_MAX + 5)]
    body = json.dumps({"items": clans}).encode()
    add(session, a_snapshot(function, body=body, age_s=10), a_snapshot(function, ok=False))
    (table,) = overview(session).tables
    assert table.detail.name == function.name
    assert len(first_rows(session, table)) == TABLE_ROWS_MAX


def test_a_function_that_has_never_had_an_answer_has_no_table(session: Session) -> None:
    add_function(session)
    assert overview(session).tables == []
