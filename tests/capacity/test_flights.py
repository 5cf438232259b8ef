"""All who fetch through a function at once get one answer, and the function runs once."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from threading import Event, Lock
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from tests.fast import thorough
from tests.services.functions.test_previews import returning
from tests.services.rows import a_snapshot, add, add_function
from tests.services.scripted import INCONCLUSIVE, ScriptedAws
from webapp.aws.errors import AwsError
from webapp.capacity import coming, flights
from webapp.models import Function, Lease, Snapshot
from webapp.scope import CloudScope
from webapp.services import functions
from webapp.services.engine import leases
from webapp.services.functions import previews
from webapp.settings import Settings

AT_ONCE = 20
WAIT_S = 20.0


@pytest.fixture(scope="module")
def aws() -> ScriptedAws:
    return ScriptedAws()


class Door:
    """Of an AWS that answers once it is told to."""

    def __init__(self, answer: Callable[[Any], Any]) -> None:
        self.invocations, self.answer = 0, answer
        self.open, self._lock = Event(), Lock()

    def __call__(self, parameters: Any) -> Any:
        with self._lock:
            self.invocations += 1
        assert self.open.wait(WAIT_S)
        return self.answer(parameters)


@pytest.fixture
def fetch(
    engine: Engine, aws: ScriptedAws, settings: Settings, function: Function
) -> Callable[[], str]:
    """A request of its own: it gives the snapshot's id."""

    def fetch() -> str:
        with Session(engine, expire_on_commit=False) as session:
            scope = CloudScope(session, "tests", aws.cloud, settings)
            return previews.fetch(scope, functions.get(session, function.name)).id

    return fetch


@pytest.fixture
def function(session: Session) -> Function:
    return add_function(session, outputs={"FunctionName": "egret-fun"})


@pytest.fixture
def door(aws: ScriptedAws) -> Door:
    aws.reset()
    made = Door(returning(200, {"items": []}))
    aws.answers["Invoke"] = made
    return made


def until_all_wait() -> None:
    while flights.flights.waiting < AT_ONCE - 1:
        time.sleep(0.005)


def test_twenty_who_fetch_at_once_run_the_function_once(
    fetch: Callable[[], str], door: Door, session: Session
) -> None:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        asking = [threads.submit(fetch) for _ in range(AT_ONCE)]
        until_all_wait()
        door.open.set()
        ids = {each.result(WAIT_S) for each in asking}
    assert door.invocations == 1
    assert ids == set(session.exec(select(Snapshot.id)))
    assert not session.exec(select(Lease)).all()
    door.answer = returning(200, {"items": []})
    assert fetch() not in ids  # who comes later runs it again


def test_who_came_before_it_landed_gets_what_landed(fetch: Callable[[], str], door: Door) -> None:
    door.open.set()
    earlier = copy_context()
    earlier.run(coming.note_coming)
    first = fetch()
    assert earlier.run(fetch) == first
    assert door.invocations == 1
    door.answer = returning(200, {"items": []})
    assert fetch() != first


def test_all_get_the_error_of_the_one_that_ran_it(
    fetch: Callable[[], str], door: Door, session: Session
) -> None:
    door.answer = lambda _: INCONCLUSIVE[0]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        asking = [threads.submit(fetch) for _ in range(AT_ONCE)]
        until_all_wait()
        door.open.set()
        errors = {type(each.exception(WAIT_S)) for each in asking}
    assert all(issubclass(each, AwsError) for each in errors)
    assert door.invocations == 1
    assert not session.exec(select(Lease)).all()


@thorough("it waits")
def test_another_replicas_answer_is_waited_for(
    fetch: Callable[[], str], door: Door, session: Session, function: Function
) -> None:
    theirs = leases.take(session, f"{flights.NOUN}:{function.id}:{function.revision}")
    assert theirs
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(fetch)
        with pytest.raises(TimeoutError):
            waiting.result(2 * flights.LOOK_EVERY_S)
        snapshot = a_snapshot(function, age_s=-1)
        add(session, snapshot)
        theirs.finish()
        assert waiting.result(WAIT_S) == snapshot.id
    assert door.invocations == 0


def test_where_another_replica_stored_nothing_the_function_is_run(
    fetch: Callable[[], str], door: Door, session: Session, function: Function
) -> None:
    add(session, a_snapshot(function, age_s=60))
    assert leases.take(session, f"{flights.NOUN}:{function.id}:{function.revision}", lease_s=0.1)
    door.open.set()
    assert fetch()
    assert door.invocations == 1
    assert not session.exec(select(Lease)).all()


def test_a_lease_that_nobody_has_any_more_is_forgotten(engine: Engine, session: Session) -> None:
    assert leases.take(session, "flight:of:1", lease_s=0)
    assert leases.run_one(engine, {flights.NOUN: flights.handler})
    assert not session.exec(select(Lease)).all()
