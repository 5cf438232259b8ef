"""Who may come in: the setup token, passwords, sessions and bearer tokens. Only hashes are kept."""

import hashlib
import secrets
from datetime import timedelta
from threading import BoundedSemaphore

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlmodel import Session, col, delete, func, select

from webapp.errors import Conflict, Invalid, Refused, Unauthenticated
from webapp.models import AccessToken, TokenKind, User, utc_now
from webapp.services import audit

SESSION_DAYS = 14
TOKEN_BYTES = 32
PASSWORD_MIN_CHARS = 10
PASSWORD_MAX_CHARS = 256
NAME_MAX_CHARS = 64
HASHES_AT_ONCE = 4
PREFIX = "egret_"

# OWASP's parameters for argon2id: 19 MiB, two passes, one lane; about 20 ms.
_passwords = PasswordHash((Argon2Hasher(memory_cost=19 * 1024, time_cost=2, parallelism=1),))
_hashing = BoundedSemaphore(HASHES_AT_ONCE)
_NOBODY = _passwords.hash(secrets.token_urlsafe())


def needs_setup(session: Session) -> bool:
    """True until the first administrator exists."""
    return session.exec(select(func.count()).select_from(User)).one() == 0


def new_setup_token(session: Session) -> str:
    """A one-time token for making the first administrator; it replaces any earlier one."""
    session.connection().execute(
        delete(AccessToken).where(col(AccessToken.kind) == TokenKind.SETUP)
    )
    return _issue(session, TokenKind.SETUP, name="setup")


def create_first_user(session: Session, *, setup_token: str, name: str, password: str) -> User:
    """Make the first administrator and use up the token."""
    if not needs_setup(session):
        raise Conflict("There is an administrator already.", remedy="Sign in instead.")
    token = _find(session, setup_token, TokenKind.SETUP)
    if token is None:
        raise Refused(
            "This setup token is not the one that was printed at the last start.",
            code="bad_setup_token",
            remedy="Copy the address that Egret printed when it started, whole.",
        )
    user = create_user(session, actor="setup", name=name, password=password)
    session.delete(token)
    session.commit()
    return user


def create_user(session: Session, *, actor: str, name: str, password: str) -> User:
    """The caller commits. Raises Invalid for a name or a password that will not do."""
    name = name.strip()
    if not 1 <= len(name) <= NAME_MAX_CHARS:
        raise Invalid(f"A user name has 1 to {NAME_MAX_CHARS} characters.", field="name")
    if not PASSWORD_MIN_CHARS <= len(password) <= PASSWORD_MAX_CHARS:
        raise Invalid(
            f"A password has {PASSWORD_MIN_CHARS} to {PASSWORD_MAX_CHARS} characters; "
            "a few words are good.",
            field="password",
        )
    user = User(name=name, password_hash=_hash(password))
    session.add(user)
    audit.record(session, actor=actor, action="create", noun="user", name=name)
    return user


def sign_in(session: Session, *, name: str, password: str) -> str:
    """A new session's token. A wrong name takes as long as a wrong password."""
    user = session.exec(select(User).where(User.name == name.strip())).first()
    if not _verify(password, user.password_hash if user else _NOBODY) or user is None:
        raise Invalid("The name or the password is wrong.", code="bad_credentials", field="name")
    audit.record(session, actor=user.name, action="sign in", noun="user", name=user.name)
    return open_session(session, user)


def open_session(session: Session, user: User) -> str:
    return _issue(session, TokenKind.SESSION, user_id=user.id, days=SESSION_DAYS)


def sign_out(session: Session, token: str) -> None:
    found = _find(session, token, TokenKind.SESSION)
    if found:
        session.delete(found)
        session.commit()


def user_of_session(session: Session, token: str) -> User | None:
    found = _find(session, token, TokenKind.SESSION)
    return session.get(User, found.user_id) if found and found.user_id else None


def create_api_token(session: Session, *, name: str, role: str) -> str:
    """A bearer token for a program; it is shown once."""
    audit.record(session, actor="command line", action="create", noun="token", name=name)
    return _issue(session, TokenKind.API, name=name, role=role)


def bearer(session: Session, token: str) -> AccessToken:
    """The API token that was presented, or Unauthenticated."""
    found = _find(session, token, TokenKind.API)
    if found is None:
        raise Unauthenticated(
            "This bearer token is not known, or has been revoked.",
            remedy="Make one with: egret tokens create --name NAME",
        )
    return found


def _issue(
    session: Session,
    kind: TokenKind,
    *,
    name: str = "",
    role: str = "admin",
    user_id: str | None = None,
    days: int | None = None,
) -> str:
    token = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    session.add(
        AccessToken(
            kind=kind,
            token_hash=_digest(token),
            name=name,
            role=role,
            user_id=user_id,
            expires_at=utc_now() + timedelta(days=days) if days else None,
        )
    )
    session.commit()
    return token


def _find(session: Session, token: str, kind: TokenKind) -> AccessToken | None:
    query = select(AccessToken).where(
        AccessToken.token_hash == _digest(token), AccessToken.kind == kind
    )
    found = session.exec(query).first()
    expired = found and found.expires_at and found.expires_at < utc_now()
    return None if expired else found


def _digest(token: str) -> str:
    """A token is 256 random bits, so a plain hash is enough to keep it."""
    return hashlib.sha256(token.encode()).hexdigest()


def _hash(password: str) -> str:
    with _hashing:
        return _passwords.hash(password)


def _verify(password: str, password_hash: str) -> bool:
    with _hashing:
        return _passwords.verify(password[:PASSWORD_MAX_CHARS], password_hash)
