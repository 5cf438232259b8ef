"""Between the password and the code there is a half session, which can do nothing else."""

import pytest
from sqlmodel import Session, col, update

from tests.services.access.factors.codes import NOW, SEALER, App, finish, guesser, with_app
from webapp.errors import Unauthenticated
from webapp.models import AccessToken, utc_now
from webapp.scope import Scope
from webapp.sealing import Sealer
from webapp.services import access
from webapp.services.access import Limits
from webapp.services.access.factors.second_step import finish_sign_in, open_half_session
from webapp.services.access.sessions import Browser
from webapp.services.access.tokens import digest
from webapp.services.audit import list_after


def second_step(session: Session, app: App, half: str, sealer: Sealer = SEALER) -> str:
    limits, browser = Limits(), Browser()
    done = finish_sign_in(
        guesser(session), sealer, half, app.code(), limits=limits, browser=browser
    )
    return done.token


def test_a_half_session_is_no_session_and_is_used_up_by_the_sign_in(session: Session) -> None:
    app = with_app(session)
    half = open_half_session(session, app.user)
    assert access.session_of(session, half) is None
    assert access.who_signs_in(session, half).name == "ada"
    token = second_step(session, app, half)
    assert access.session_of(session, token)
    with pytest.raises(Unauthenticated):
        access.who_signs_in(session, half)


def test_it_ends_after_a_while_and_with_everything_else_of_the_person(session: Session) -> None:
    app = with_app(session)
    halves = [open_half_session(session, app.user) for _ in range(2)]
    over = update(AccessToken).where(col(AccessToken.token_hash) == digest(halves[0]))
    session.connection().execute(over.values(expires_at=utc_now()))
    session.commit()
    with pytest.raises(Unauthenticated):
        access.who_signs_in(session, halves[0])
    access.reset_factors(Scope(session, "tests"), app.user.id)
    with pytest.raises(Unauthenticated):
        access.who_signs_in(session, halves[1])


def test_the_audit_trail_says_how_somebody_signed_in(session: Session) -> None:
    app = with_app(session)
    finish(session, app, app.code(NOW))
    finish(session, app, app.recovery_codes[0])
    told = [(each.action, each.detail) for each in list_after(session, 0, limit=9)]
    assert told[-2:] == [
        ("sign in", "with a code of the app"),
        ("sign in", "with a recovery code"),
    ]
