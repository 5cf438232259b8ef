"""An admin resets the second factor of somebody who has lost it."""

import pytest
from sqlmodel import Session

from tests.services.access.factors.codes import add_person, with_app
from webapp.errors import NotFound
from webapp.models import User
from webapp.scope import Scope
from webapp.services import access
from webapp.services.access.factors.owned import Factors
from webapp.services.audit import list_after


def test_a_reset_removes_every_factor_and_ends_the_sessions(session: Session) -> None:
    app = with_app(session)
    token = access.open_session(session, app.user)
    access.reset_factors(Scope(session, "grace"), app.user.id)
    assert access.factors_of(session, app.user) == Factors(
        app_is_set_up=False, passkeys=[], codes_left=0
    )
    assert not session.get_one(User, app.user.id).has_second_factor
    assert access.session_of(session, token) is None
    last = list_after(session, 0, limit=9)[-1]
    assert (last.actor, last.action, last.name) == ("grace", "reset the second factor of", "ada")


def test_a_reset_of_the_password_removes_them_too(session: Session) -> None:
    app = with_app(session)
    add_person(session, "grace")
    session.get_one(User, app.user.id)
    access.reset(Scope(session, "grace"), app.user.id)
    assert not access.factors_of(session, app.user).app_is_set_up


def test_a_person_who_is_gone_cannot_be_reset(session: Session) -> None:
    with pytest.raises(NotFound):
        access.reset_factors(Scope(session, "grace"), "nobody")
