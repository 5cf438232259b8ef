"""A scope: what is done on behalf of someone is recorded under their name."""

import pytest
from sqlmodel import Session

from tests.services.rows import a_network, an_address
from webapp.models import AccessToken, TokenKind
from webapp.services.audit import list_after
from webapp.services.scope import CloudScope, Scope, Subject


@pytest.mark.parametrize(
    ("subject", "noun", "name"),
    [
        (a_network("net"), "network", "net"),
        (an_address(ip="203.0.113.7"), "address", "203.0.113.7"),
        (AccessToken(kind=TokenKind.API, token_hash="", name="ci"), "token", "ci"),
    ],
)
def test_who_did_what_to_what_is_recorded(
    session: Session, subject: Subject, noun: str, name: str
) -> None:
    Scope(session, "ada").record("create", subject, "with care")
    session.commit()
    (event,) = list_after(session, 0, limit=9)
    assert (event.actor, event.action, event.detail) == ("ada", "create", "with care")
    assert (event.noun, event.name) == (noun, name)


def test_what_was_rolled_back_was_not_done(session: Session) -> None:
    Scope(session, "ada").record("create", a_network())
    session.rollback()
    assert list_after(session, 0, limit=9) == []


def test_another_actor_works_with_the_same_things(offline: CloudScope) -> None:
    other = offline.acting_as("schedule")
    assert (other.actor, offline.actor) == ("schedule", "tests")
    assert other.session is offline.session
    assert other.own is offline.own
