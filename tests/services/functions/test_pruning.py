"""Old snapshots go; the last good one and what others store meanwhile stay."""

import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event
from sqlmodel import Session, select

from tests.services.rows import REGION, add_function
from tests.services.scripted import ScriptedAws, refusal
from webapp.aws import Cloud
from webapp.models import Function, Snapshot, utc_now
from webapp.services.functions import previews
from webapp.services.functions.previews import SNAPSHOTS_KEPT

DAY_S = 86_400
JULIAN_1970 = 2_440_587.5
AHEAD = (
    "CREATE SCHEMA ahead",
    "CREATE FUNCTION ahead.clock_timestamp() RETURNS timestamptz LANGUAGE sql "
    "AS $$ SELECT pg_catalog.clock_timestamp() + interval '1 day' $$",
    "SET search_path = public, ahead, pg_catalog",
)
"""Whose functions hide PostgreSQL's own."""


@pytest.fixture
def function(session: Session) -> Function:
    return add_function(session, outputs={"FunctionName": "gone"})


@pytest.fixture
def cloud(aws: ScriptedAws) -> Cloud:
    """One where every call fails."""
    aws.answers["Invoke"] = refusal("ResourceNotFoundException", "Function not found", status=404)
    return aws.cloud


def store(session: Session, function: Function, count: int, *, ok: bool, age_s: int = 0) -> None:
    now = utc_now()
    for number in range(count):
        at = now - timedelta(seconds=age_s + count - number)
        session.add(Snapshot(function_id=function.id, ok=ok, fetched_at=at))
    session.commit()


def test_the_newest_and_the_last_good_one_are_kept(
    session: Session, function: Function, cloud: Cloud
) -> None:
    store(session, function, 3, ok=True, age_s=100)
    store(session, function, SNAPSHOTS_KEPT + 5, ok=False)
    good, _ = previews.latest(session, function)
    previews.store_answer(session, cloud, function, region=REGION)
    kept = session.exec(select(Snapshot)).all()
    assert len(kept) == SNAPSHOTS_KEPT + 1
    assert good in kept


def test_what_another_process_stores_meanwhile_is_not_deleted(
    session: Session, engine: Engine, function: Function, cloud: Cloud
) -> None:
    """Between the choice of what is old and its deletion: a good one, and one that failed."""
    store(session, function, SNAPSHOTS_KEPT + 5, ok=False)
    stored: list[str] = []

    def interfere(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("DELETE FROM snapshot") and not stored:
            with Session(engine) as other:
                made = [Snapshot(function_id=function.id, ok=ok) for ok in (True, False)]
                stored.extend(snapshot.id for snapshot in made)
                other.add_all(made)
                other.commit()

    event.listen(engine, "before_cursor_execute", interfere)
    previews.store_answer(session, cloud, function, region=REGION)
    event.remove(engine, "before_cursor_execute", interfere)
    assert len(stored) == 2
    kept = set(session.exec(select(Snapshot.id)))
    assert kept.issuperset(stored)
    assert len(kept) == SNAPSHOTS_KEPT + 2


def set_forward(connection: Connection) -> None:
    """The database's clock is ahead by a day, as far as this connection knows."""
    if connection.dialect.name == "sqlite":
        driver: Any = connection.connection.driver_connection
        ahead = JULIAN_1970 + time.time() / DAY_S + 1
        driver.create_function("julianday", 1, lambda _: ahead)
    else:
        for statement in AHEAD:
            connection.exec_driver_sql(statement)


def test_what_a_process_stores_whose_clock_is_behind_is_the_newest(
    session: Session, function: Function, cloud: Cloud
) -> None:
    """By a day: the others have stored theirs by the database's clock, as this one does."""
    store(session, function, SNAPSHOTS_KEPT + 5, ok=False, age_s=-DAY_S)
    set_forward(session.connection())
    session.commit()
    stored = previews.store_answer(session, cloud, function, region=REGION)
    assert previews.latest(session, function) == (None, stored)
    assert len(session.exec(select(Snapshot)).all()) == SNAPSHOTS_KEPT
