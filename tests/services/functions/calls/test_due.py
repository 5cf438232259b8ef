"""Which function is called by itself, and when it is looked at again."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from tests.services.rows import REGION, a_function, a_key, a_network, a_snapshot, add, ago
from webapp.models import Function, Site, Status, utc_now
from webapp.services.functions.calls import due
from webapp.services.functions.calls.due import (
    ANSWER_AGE_MAX,
    BLOCKED,
    FAILURE_AGE_MAX,
    OVERDUE,
    Candidate,
    wait,
)

NOW = datetime.fromisoformat("2026-11-26T12:00:00+00:00")
HOUR = timedelta(hours=1)
HERE = Site(None, REGION)


def a_candidate(**columns: Any) -> Candidate:
    usual: dict[str, Any] = {"status": Status.READY, "schedule": None, "updated_at": NOW - 9 * HOUR}
    usual |= {"network_status": Status.READY, "idle_hours": 0}
    return Candidate(id="f", **usual | columns)


@pytest.mark.parametrize(
    ("columns", "answered", "waits"),
    [
        ({}, {}, timedelta(0)),
        ({"updated_at": NOW}, {}, BLOCKED),
        ({}, {True: NOW - HOUR}, ANSWER_AGE_MAX - HOUR),
        ({}, {True: NOW - 2 * HOUR, False: NOW - HOUR}, FAILURE_AGE_MAX - HOUR),
        ({}, {True: NOW - HOUR, False: NOW - 2 * HOUR}, ANSWER_AGE_MAX - HOUR),
        ({"idle_hours": 1}, {True: NOW - 99 * HOUR}, BLOCKED),
        ({"network_status": Status.PARKED}, {}, BLOCKED),
        ({"status": Status.FAILED}, {}, BLOCKED),
        ({"schedule": {"every_minutes": 90}, "idle_hours": 1}, {False: NOW - HOUR}, HOUR / 2),
    ],
)
def test_how_long_a_function_waits(
    columns: dict[str, Any], answered: dict[bool, datetime], waits: timedelta
) -> None:
    assert wait(a_candidate(**columns), answered, NOW) == waits


def look_at(session: Session, function: Function) -> float:
    """In seconds from now."""
    session.refresh(function)
    assert function.look_at
    return (function.look_at - utc_now()).total_seconds()


def test_the_one_that_is_due_the_longest_is_taken_and_put_off(session: Session) -> None:
    network, key = a_network(), a_key()
    fresh = a_function(network, key, "fresh")
    first = a_function(network, key, "first", look_at=ago(60), updated_at=ago(900))
    second = a_function(network, key, "second", updated_at=ago(900))
    add(session, network, key, fresh, first, second, a_snapshot(fresh))
    assert due.take(session, Site(None, "us-east-1")) is None
    assert due.take(session, HERE) == first
    assert look_at(session, first) == pytest.approx(OVERDUE.total_seconds(), abs=9)
    assert look_at(session, fresh) == pytest.approx(ANSWER_AGE_MAX.total_seconds(), abs=9)
    assert due.take(session, HERE) == second
    assert due.take(session, HERE) is None
    assert first.version == 1, "nobody who changes it at the same moment is refused"


def test_every_change_of_a_function_makes_it_due_to_be_looked_at(session: Session) -> None:
    network, key = a_network(), a_key()
    function = a_function(network, key, look_at=ago(-900))
    add(session, network, key, function)
    assert look_at(session, function) > 800
    function.schedule = {"every_minutes": 5}
    session.commit()
    assert look_at(session, function) <= 0


def test_the_next_round_is_for_the_first_schedule_of_the_site(session: Session) -> None:
    network, key = a_network(), a_key()
    plain = a_function(network, key, "plain", look_at=ago(-60))
    add(session, network, key, plain)
    assert due.next_s(session, HERE) is None
    by_schedule = {"schedule": {"every_minutes": 5}}
    for name, seconds in (("late", 900), ("early", 300)):
        add(session, a_function(network, key, name, look_at=ago(-seconds), **by_schedule))
    assert due.next_s(session, HERE) == pytest.approx(300, abs=9)
    assert due.next_s(session, Site(None, "us-east-1")) is None
