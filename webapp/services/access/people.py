"""Who may sign in: setup token, passwords, sessions, bearer tokens. Only hashes are stored."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta
from threading import BoundedSemaphore
from typing import Any

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, delete, func, select

from webapp.db import give_back
from webapp.errors import Conflict, Invalid, Refused, Unauthenticated
from webapp.models import AccessToken, AuditResult, Role, TokenKind, User, folded, utc_now
from webapp.outside import outside
from webapp.services.access.guesses import Guesser
from webapp.services.access.rights import checked_role, checked_scopes
from webapp.services.scope import NOBODY, Scope, Thing

SESSION_DAYS = 14
TOKEN_BYTES = 32
PASSWORD_MIN_CHARS = 10
PASSWORD_MAX_CHARS = 256
NAME_MAX_CHARS = 64
HASHES_AT_ONCE = 4
PREFIX = "egret_"
PASSWORD, SETUP, API_TOKEN = "password", "setup token", "bearer token"
"""What can be guessed."""
UNKNOWN = "unknown"
"""In the audit trail, for what was typed as a name and is none: it may be a password."""

# OWASP's parameters for argon2id: 19 MiB, two passes, one lane; about 20 ms.
_passwords = PasswordHash((Argon2Hasher(memory_cost=19 * 1024, time_cost=2, parallelism=1),))
_hashing = BoundedSemaphore(HASHES_AT_ONCE)
_NOBODY = _passwords.hash(secrets.token_urlsafe())


def needs_setup(session: Session) -> bool:
    """True until the first administrator exists."""
    return session.exec(select(func.count()).select_from(User)).one() == 0


def new_setup_token(session: Session) -> str:
    """A one-time token to create the first administrator. It replaces any earlier one."""
    session.connection().execute(
        delete(AccessToken).where(col(AccessToken.kind) == TokenKind.SETUP)
    )
    return _issue(session, TokenKind.SETUP, name="setup")


def create_first_user(guesser: Guesser, *, setup_token: str, name: str, password: str) -> User:
    """Create the first administrator, and use up the token."""
    session = guesser.session
    if not needs_setup(session):
        raise Conflict(
            "There is already an administrator.",
            remedy="Sign in instead.",
            link=("/sign-in", "Sign in"),
        )
    number = guesser.take(SETUP)
    token = _find(session, setup_token, TokenKind.SETUP)
    if token is None:
        _record_failure(guesser, number, SETUP, "bad_setup_token")
        raise Refused(
            "This setup token is not the one that was printed at the last start.",
            code="bad_setup_token",
            remedy="Copy the whole URL that Egret printed when it started.",
            field="token",
        )
    guesser.was_right(SETUP)
    user = create_user(guesser.scope("setup"), name=name, password=password)
    session.delete(token)
    session.commit()
    return user


def create_user(scope: Scope, *, name: str, password: str, role: Role = Role.ADMIN) -> User:
    """The caller commits.

    Raises Invalid for a name or a password that breaks a rule, Conflict for a name that is taken.
    """
    name = _checked_name(name, "user")
    if not PASSWORD_MIN_CHARS <= len(password) <= PASSWORD_MAX_CHARS:
        raise Invalid(
            f"A password has {PASSWORD_MIN_CHARS} to {PASSWORD_MAX_CHARS} characters; "
            "a passphrase works well.",
            field="password",
        )
    known = next(
        (u for u in scope.session.exec(select(User.name)) if folded(u) == folded(name)), ""
    )
    user = User(name=name, password_hash=_hash(password), role=role)
    scope.session.add(user)
    try:
        if not known:
            scope.session.flush()
    except IntegrityError:
        known = name
    if known:
        scope.session.rollback()
        raise Conflict(
            f"There is already a user named {known}.",
            code="name_taken",
            remedy="Choose another name.",
        )
    scope.record("create", user)
    return user


def sign_in(guesser: Guesser, *, name: str, password: str) -> str:
    """A new session's token. A wrong name takes as long as a wrong password.

    Raises TooMany after several wrong ones, until its wait is over.
    """
    session, name = guesser.session, name.strip()
    number = guesser.take(PASSWORD, name)
    user = session.exec(select(User).where(User.name == name)).first()
    if not _verify(password, user.password_hash if user else _NOBODY) or user is None:
        _record_failure(guesser, number, user.name if user else UNKNOWN, "bad_credentials")
        raise Invalid("The name or the password is wrong.", code="bad_credentials", field="name")
    guesser.was_right(PASSWORD, name)
    guesser.scope(user.name, user.role).record("sign in", user)
    return open_session(session, user)


def open_session(session: Session, user: User) -> str:
    expires_at = utc_now() + timedelta(days=SESSION_DAYS)
    return _issue(session, TokenKind.SESSION, user_id=user.id, expires_at=expires_at)


def sign_out(scope: Scope, token: str) -> None:
    """Raises nothing for a session that is over."""
    session, found = scope.session, _find(scope.session, token, TokenKind.SESSION)
    if found:
        session.delete(found)
        scope.record("sign out", Thing("user", scope.actor))
        session.commit()


def user_of_session(session: Session, token: str) -> User | None:
    found = _find(session, token, TokenKind.SESSION)
    return session.get(User, found.user_id) if found and found.user_id else None


def create_api_token(scope: Scope, *, name: str, role: str, scopes: Iterable[str] = ()) -> str:
    """A bearer token for a program, for those areas of the API. It is shown only once.

    Raises Invalid for a role or an area that is unknown, and for a name that breaks the rule.
    """
    token, row = _new_token(
        TokenKind.API,
        name=_checked_name(name, "token"),
        role=checked_role(role),
        scopes=checked_scopes(scopes),
    )
    scope.session.add(row)
    scope.record("create", row)
    scope.session.commit()
    return token


def bearer(guesser: Guesser, token: str) -> AccessToken:
    """The API token that was presented, or Unauthenticated; TooMany after several wrong ones.

    A right one never waits: it is too long to be guessed, and others may share its address.
    """
    found = _find(guesser.session, token, TokenKind.API)
    if found is None:
        _record_failure(guesser, guesser.take(API_TOKEN), UNKNOWN, "unauthenticated")
        raise Unauthenticated(
            "This bearer token is unknown, or was revoked.",
            remedy="Create one with: egret tokens create --name NAME",
        )
    return found


def _record_failure(guesser: Guesser, number: int, name: str, code: str) -> None:
    """In the audit trail: once for each series of wrong tries, whose number this is."""
    if number == 1:
        result, detail = AuditResult.REFUSED, f"from {guesser.address}"
        thing = Thing("user", name)
        guesser.scope(NOBODY).record("fail to sign in", thing, detail, result=result, code=code)
        guesser.session.commit()


def _checked_name(name: str, noun: str) -> str:
    """Without the blanks around it. Raises Invalid."""
    name = name.strip()
    if not 1 <= len(name) <= NAME_MAX_CHARS or not name.isprintable():
        raise Invalid(
            f"A {noun} name has 1 to {NAME_MAX_CHARS} characters, and no line breaks.",
            field="name",
            remedy="Choose another name.",
        )
    return name


def _issue(session: Session, kind: TokenKind, **columns: Any) -> str:
    token, row = _new_token(kind, **columns)
    session.add(row)
    session.commit()
    return token


def _new_token(kind: TokenKind, **columns: Any) -> tuple[str, AccessToken]:
    """A random token, and the row that keeps its hash."""
    token = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    return token, AccessToken(kind=kind, token_hash=_digest(token), **columns)


def _find(session: Session, token: str, kind: TokenKind) -> AccessToken | None:
    query = select(AccessToken).where(
        AccessToken.token_hash == _digest(token), AccessToken.kind == kind
    )
    found = session.exec(query).first()
    expired = found and found.expires_at and found.expires_at < utc_now()
    return None if expired else found


def _digest(token: str) -> str:
    """A token has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def _hash(password: str) -> str:
    give_back()
    with outside.aside(), _hashing:
        return _passwords.hash(password)


def _verify(password: str, password_hash: str) -> bool:
    give_back()
    with outside.aside(), _hashing:
        return _passwords.verify(password[:PASSWORD_MAX_CHARS], password_hash)
