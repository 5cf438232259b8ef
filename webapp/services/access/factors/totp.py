"""Codes of an authenticator app (TOTP, RFC 6238): six digits, every 30 seconds others.

A code of the step before or after is accepted, for clocks that are not quite right. The last step
that was used is written by one statement, so that a code works once, on all replicas together.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest

import pyotp
from sqlmodel import Session, col, func, update

from webapp.errors import Conflict, Invalid
from webapp.models import AccessToken, Totp, User
from webapp.scope import Scope
from webapp.sealing import Sealer
from webapp.services.access.factors.owned import HERE, gained, locked, lost
from webapp.services.access.guesses import CODE, Guesser
from webapp.services.access.hashing import turns

PERIOD_S = 30
STEPS_OFF = (0, -1, 1)
SIX_DIGITS = re.compile(r"[0-9]{6}")
ISSUER = "Egret"
QR_SCALE = 4
QR_BORDER = 2


@dataclass(frozen=True)
class NewSecret:
    """To be shown once: `text` to type into the app, `uri` for its camera."""

    text: str
    uri: str

    @property
    def qr_svg(self) -> str:
        import segno

        code = segno.make(self.uri, micro=False)
        return str(code.svg_inline(scale=QR_SCALE, border=QR_BORDER, light="white"))


def begin_totp(scope: Scope, sealer: Sealer, user: User) -> NewSecret:
    """A new secret, which counts once a code confirms it. An earlier one that was not confirmed
    ends. Raises Conflict."""
    session = scope.session
    locked(session, user.id)
    row = session.get(Totp, user.id)
    if row and row.confirmed_at:
        raise Conflict(
            "An authenticator app is set up already.",
            code="app_is_set_up",
            remedy="Remove it first, to use another one.",
            link=HERE,
        )
    secret = pyotp.random_base32()
    sealed = sealer.seal(secret, bound_to=user.id)
    session.merge(Totp(user_id=user.id, sealed=sealed))
    scope.record("begin to set up an authenticator app of", user)
    session.commit()
    uri = pyotp.TOTP(secret).provisioning_uri(name=user.name, issuer_name=ISSUER)
    return NewSecret(secret, uri)


def confirm_totp(
    guesser: Guesser, sealer: Sealer, user: User, own: AccessToken, code: str
) -> list[str]:
    """From now on a code is asked for at each sign-in; all other sessions end.

    Returns recovery codes, to be shown once, if there were none. Raises Invalid, Conflict, TooMany.
    """
    session = guesser.session
    with turns.turn():
        guesser.take(CODE, user.name)
        row = locked(session, user.id)
        if not accept(session, sealer, row, code, at=guesser.now(), confirming=True):
            session.rollback()
            raise wrong_code("Type the one that the app shows now, or begin again.")
        codes = gained(guesser.scope(user.name, user.role), row, own, "set up an app of")
        guesser.was_right(CODE, user.name)
    return codes


def accept(
    session: Session,
    sealer: Sealer,
    user: User,
    code: str,
    *,
    at: datetime,
    confirming: bool = False,
) -> bool:
    """Whether the app shows that code, and it was not used before. The caller commits."""
    row = session.get(Totp, user.id, populate_existing=True)
    if row is None or (row.confirmed_at is None and not confirming):
        return False
    step = _step_of(sealer.open(row.sealed, bound_to=user.id), code, at)
    if step is None:
        return False
    used = (
        update(Totp)
        .where(
            col(Totp.user_id) == user.id,
            col(Totp.sealed) == row.sealed,
            col(Totp.last_step) < step,
        )
        .values(last_step=step, confirmed_at=func.coalesce(Totp.confirmed_at, at))
    )
    return bool(session.connection().execute(used).rowcount)


def remove_totp(scope: Scope, user: User) -> None:
    """The app's codes are not asked for any more. Raises nothing if there is none."""
    row = locked(scope.session, user.id)
    totp = scope.session.get(Totp, user.id)
    if totp:
        scope.session.delete(totp)
        lost(scope, row, "remove the app of")


def is_code(typed: str) -> bool:
    """Whether it can be a code of an app, and is no recovery code."""
    return SIX_DIGITS.fullmatch(_without_blanks(typed)) is not None


def wrong_code(remedy: str) -> Invalid:
    text = f"This code is wrong, too old, or was used already. {remedy}"
    return Invalid(text, code="bad_code", field="code")


def _step_of(secret: str, code: str, at: datetime) -> int | None:
    """The step whose code it is, among the present one and its neighbours."""
    totp, typed = pyotp.TOTP(secret), _without_blanks(code)
    if not SIX_DIGITS.fullmatch(typed):
        return None
    present = int(at.timestamp()) // PERIOD_S
    steps = [present + off for off in STEPS_OFF]
    return next((s for s in steps if compare_digest(totp.generate_otp(s), typed)), None)


def _without_blanks(text: str) -> str:
    return "".join(text.split())
