"""A scope: what is done on behalf of someone is recorded under their name."""

import pytest
from sqlmodel import Session

from tests.services.rows import a_network, an_address
from webapp.commands.base import ACTOR
from webapp.errors import Invalid
from webapp.models import AccessToken, TokenKind
from webapp.scope import EGRET, NOBODY, CloudScope, Scope, Subject, may_be_a_person
from webapp.services import access
from webapp.services.audit import list_after
from webapp.services.networks.schedule import BY_HOURS, BY_IDLENESS


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


@pytest.mark.parametrize(
    "name", [BY_HOURS, BY_IDLENESS, ACTOR, EGRET, NOBODY, "Setup", "Token  ci"]
)
def test_no_person_has_the_name_of_another_actor(session: Session, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        access.create_user(
            Scope(session, "ada"), name=name, password="correct horse battery staple"
        )
    assert refused.value.errors["name"]


def test_a_person_may_have_a_name_that_only_looks_like_one() -> None:
    assert all(map(may_be_a_person, ("ada", "egret-admin", "tokens", "set up")))
