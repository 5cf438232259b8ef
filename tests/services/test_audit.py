"""The audit trail: read page by page, oldest first."""

from sqlmodel import Session

from tests.services.rows import a_network
from webapp.services.audit import list_after
from webapp.services.scope import Scope


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


def test_an_event_outlives_the_thing_that_it_is_about(session: Session) -> None:
    record(session, "delete")
    (event,) = list_after(session, 0, limit=9)
    assert (event.noun, event.name) == ("network", "net")


def test_after_the_last_event_there_is_nothing(session: Session) -> None:
    record(session, "create")
    (event,) = list_after(session, 0, limit=9)
    assert list_after(session, event.id or 0, limit=9) == []
