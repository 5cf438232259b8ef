"""Signing in, the second step: between a right password and a code there is a half session.

It is a row of its own kind with a cookie of its own name, so it opens no page but the one that
asks for the code. It lasts HALF_FOR, and is used up by the sign-in.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import Session, col, delete

from webapp.errors import Unauthenticated
from webapp.models import AccessToken, TokenKind, User, utc_now
from webapp.sealing import Sealer
from webapp.services.access.factors import recovery
from webapp.services.access.factors.totp import accept, is_code, wrong_code
from webapp.services.access.guesses import CODE, Guesser, record_failure
from webapp.services.access.hashing import turns
from webapp.services.access.sessions import Browser, Limits, open_session
from webapp.services.access.tokens import digest, find, issue

HALF_FOR = timedelta(minutes=5)
BY_APP, BY_RECOVERY_CODE = "with a code of the app", "with a recovery code"


@dataclass(frozen=True)
class SignedIn:
    """A session's token, and how many recovery codes are left."""

    token: str
    codes_left: int

    @property
    def has_few_codes(self) -> bool:
        return self.codes_left <= recovery.FEW


def open_half_session(session: Session, user: User) -> str:
    """Its token. Commits."""
    expires_at = utc_now() + HALF_FOR
    issued = issue(session, TokenKind.HALF_SESSION, user_id=user.id, expires_at=expires_at)
    session.commit()
    return issued.token


def who_signs_in(session: Session, half_token: str) -> User:
    """Whose password was right. Raises Unauthenticated when that is too long ago."""
    found = find(session, half_token, TokenKind.HALF_SESSION)
    user = session.get(User, found.user_id) if found else None
    if user is None:
        raise Unauthenticated(
            "The password was typed too long ago.",
            code="sign_in_expired",
            remedy="Sign in again.",
        )
    return user


def finish_sign_in(
    guesser: Guesser,
    sealer: Sealer,
    half_token: str,
    code: str,
    *,
    limits: Limits,
    browser: Browser,
) -> SignedIn:
    """`code` is the app's, or a recovery code, which is used up.

    Raises Unauthenticated for a half session that is over; Invalid for a wrong code; TooMany after
    several; Conflict where the app's secret cannot be read.
    """
    session = guesser.session
    user = who_signs_in(session, half_token)
    with turns.turn():
        number = guesser.take(CODE, user.name)
        if is_code(code):
            detail, is_right = BY_APP, accept(session, sealer, user, code, at=guesser.now())
        else:
            detail, is_right = BY_RECOVERY_CODE, recovery.use(session, user, code)
        if not is_right:
            session.rollback()
            record_failure(guesser, number, user.name, "bad_code", known=True)
            raise wrong_code("Type the next one that the app shows, or a recovery code.")
        _use_up(session, half_token)
        guesser.scope(user.name, user.role).record("sign in", user, detail)
        session.commit()
        guesser.was_right(CODE, user.name)
    token = open_session(session, user, limits, browser)
    return SignedIn(token, recovery.left(session, user))


def _use_up(session: Session, half_token: str) -> None:
    used = delete(AccessToken).where(
        col(AccessToken.kind) == TokenKind.HALF_SESSION,
        col(AccessToken.token_hash) == digest(half_token),
    )
    if not session.connection().execute(used).rowcount:
        session.rollback()
        raise Unauthenticated("Somebody signed in with this just now.", remedy="Sign in again.")
