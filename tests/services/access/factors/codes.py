"""People with a second factor, and what their authenticator app shows."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyotp
from sqlmodel import Session

from webapp.models import User
from webapp.scope import Scope
from webapp.sealing import Sealer
from webapp.services import access
from webapp.services.access import Guesser, Limits
from webapp.services.access.factors.second_step import SignedIn, finish_sign_in, open_half_session
from webapp.services.access.sessions import Browser

PASSWORD = "correct horse battery"
SEALER = Sealer("the key of the tests, which is not in the database")
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@dataclass
class App:
    """Ada's authenticator app, with her recovery codes; `at` is what its clock says."""

    user: User
    secret: str
    recovery_codes: list[str]

    def code(self, at: datetime = NOW) -> str:
        return pyotp.TOTP(self.secret).at(at)


def guesser(session: Session, at: datetime = NOW) -> Guesser:
    return Guesser(session, "192.0.2.1", now=lambda: at)


def add_person(session: Session, name: str = "ada") -> User:
    user = User(name=name, password_hash="of a test")
    session.add(user)
    session.commit()
    return user


def with_app(session: Session, at: datetime = NOW) -> App:
    """Set up five minutes ago, so that codes of the moment are still good."""
    user, before = add_person(session), at - timedelta(minutes=5)
    own = access.session_of(session, access.open_session(session, user))
    assert own
    secret = access.begin_totp(Scope(session, "tests"), SEALER, user).text
    code = pyotp.TOTP(secret).at(before)
    codes = access.confirm_totp(guesser(session, before), SEALER, user, own[1], code)
    return App(user, secret, codes)


def finish(session: Session, app: App, code: str, at: datetime = NOW) -> SignedIn:
    """The second step, right after a right password."""
    half = open_half_session(session, app.user)
    return finish_sign_in(
        guesser(session, at), SEALER, half, code, limits=Limits(), browser=Browser()
    )
