"""The chain of the audit trail: written with the change, in the order of the commits."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from tests.postgresql import on_either_database
from tests.services.rows import a_network
from webapp.db import give_back, lock
from webapp.models import AuditEvent, Network
from webapp.scope import Scope
from webapp.services.audit import list_after, verify

THREADS, EVENTS = 6, 8


def test_an_event_is_written_with_the_change_or_not_at_all(session: Session) -> None:
    scope = Scope(session, "ada")
    session.add(a_network("one"))
    scope.record("create", a_network("one"))
    session.flush()
    session.rollback()
    scope.record("never", a_network())
    session.rollback()
    scope.record("nor", a_network())
    session.close()
    session.add(a_network("two"))
    scope.record("create", a_network("two"))
    session.commit()
    assert [network.name for network in session.exec(select(Network))] == ["two"]
    (event,) = list_after(session, 0, limit=9)
    assert (event.id, event.name) == (1, "two")


def test_to_let_go_of_what_was_read_commits_no_event(session: Session, engine: Engine) -> None:
    session.exec(select(Network)).all()
    Scope(session, "ada").record("create", a_network())
    give_back()
    with Session(engine) as other:
        assert list_after(other, 0, limit=9) == []
    session.commit()
    assert len(list_after(session, 0, limit=9)) == 1


def test_a_change_that_cannot_be_made_leaves_no_event(session: Session, engine: Engine) -> None:
    for _ in range(2):
        session.add(a_network("same"))
        Scope(session, "ada").record("create", a_network("same"))
        with suppress(IntegrityError):
            session.commit()
        session.rollback()
    assert verify(engine).rows == 1


@on_either_database
def test_changes_at_the_same_moment_make_one_chain(engine: Engine) -> None:
    """Each with locks of its own, in any order: the head is locked last, so nobody waits for
    somebody who waits."""

    def change(number: int) -> None:
        with Session(engine) as own:
            for event in range(EVENTS):
                if event % 2:
                    lock(own, f"lock {number % 2}")
                own.add(a_network(f"net-{number}-{event}"))
                Scope(own, f"thread {number}").record("create", a_network())
                own.flush()
                Scope(own, f"thread {number}").record("again", a_network())
                own.commit()

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(change, range(THREADS)))
    assert verify(engine).rows == THREADS * EVENTS * 2


def test_what_is_hashed_does_not_change() -> None:
    """A program that checks an export would no longer find it whole."""
    event = AuditEvent(
        id=7,
        at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        actor="ada",
        role="admin",
        action="create",
        noun="network",
        name="n\u00e9t",
        client_address="203.0.113.9",
        request_id="0123456789abcdef",
        previous_hash="0" * 64,
    )
    assert event.digest() == "83fcb369f5933e87d07df842d16ba0496101e563602a7f3e6a31a592f69ebbad"
