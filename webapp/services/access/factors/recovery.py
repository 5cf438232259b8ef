"""Recovery codes: ten, each works once, for who has lost the device with the second factor.

A code has 120 random bits, so a plain hash is enough, as OWASP ASVS 5.0 (6.5.2) has it: from 112
bits on. One that is used is deleted, which only one request can do.
"""

import hashlib
import re
import secrets
from base64 import b32encode

from sqlmodel import Session, col, delete, func, select

from webapp.errors import Conflict
from webapp.models import RecoveryCode, User
from webapp.scope import Scope

CODES = 10
CODE_BYTES = 15
GROUP_CHARS = 6
FEW = 3
"""From so many on, who signs in is told to make new ones."""


def left(session: Session, user: User) -> int:
    """How many have not been used."""
    count = select(func.count()).where(RecoveryCode.user_id == user.id)
    return session.exec(count).one()


def replace(session: Session, user: User) -> list[str]:
    """New ones instead of all earlier ones, to be shown once. The caller commits."""
    theirs = delete(RecoveryCode).where(col(RecoveryCode.user_id) == user.id)
    session.connection().execute(theirs)
    codes = [_new() for _ in range(CODES)]
    session.add_all(RecoveryCode(code_hash=_digest(code), user_id=user.id) for code in codes)
    return codes


def renew_codes(scope: Scope, user: User) -> list[str]:
    """Raises Conflict for somebody without a second factor, whose password is enough."""
    if not user.has_second_factor:
        raise Conflict(
            "Recovery codes are for people with a second factor.",
            remedy="Set up an authenticator app or a passkey first.",
            link=("/account/second-factor", "Open the second factor"),
        )
    scope.session.commit()
    codes = replace(scope.session, user)
    scope.record("renew the recovery codes of", user)
    scope.session.commit()
    return codes


def use(session: Session, user: User, code: str) -> bool:
    """Whether it was one of theirs, and not used before. The caller commits."""
    used = delete(RecoveryCode).where(
        col(RecoveryCode.user_id) == user.id, col(RecoveryCode.code_hash) == _digest(code)
    )
    return bool(session.connection().execute(used).rowcount)


def _new() -> str:
    text = b32encode(secrets.token_bytes(CODE_BYTES)).decode().lower()
    return "-".join(re.findall("." * GROUP_CHARS, text))


def _digest(code: str) -> str:
    """However it was typed: dashes, blanks and capitals make no difference."""
    typed = "".join(filter(str.isalnum, code.lower()))
    return hashlib.sha256(typed.encode("utf-8", "surrogatepass")).hexdigest()
