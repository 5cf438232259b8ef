"""Sessions of people: a row each, with where it was opened and when it was last used.

As OWASP's Session Management Cheat Sheet and ASVS 5.0 (7.3) ask, a session ends when nobody has
used it for a while, and after a day in any case, as NIST SP 800-63B-4 has it for its level AAL2.
Both limits are settings. A new one begins whenever a password is typed, so what was known of the
cookie before is worth nothing. An ended one has no row, whichever replica ended it.
"""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, bindparam
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, delete, select, update

from webapp.capacity.outside import outside
from webapp.db import brief_locks
from webapp.errors import Conflict, NotFound, Unauthenticated
from webapp.models import AccessToken, BegunSignIn, TokenKind, User, utc_now
from webapp.models.reading import Together
from webapp.models.user import USER_AGENT_MAX
from webapp.scope import Scope
from webapp.services.access.tokens import digest, issue, new_token

SEEN_EVERY = timedelta(minutes=1)
CONFIRMED_FOR = timedelta(minutes=10)
"""How long after a password was typed it is not asked for again."""
LISTED_MAX = 50
BEGUN_FOR = timedelta(minutes=10)
"""How long people may take at the provider."""
OF_BROWSERS = (TokenKind.SESSION, TokenKind.HALF_SESSION)
SIGN_IN = ("/sign-in", "Sign in")
NOT_LISTED = TokenKind.API
"""Its expired ones stay in the list of API tokens, until somebody takes them away."""


@dataclass(frozen=True)
class Limits:
    """How long a session lasts: unused, and at most."""

    idle: timedelta = timedelta(hours=2)
    longest: timedelta = timedelta(hours=24)


@dataclass(frozen=True)
class Browser:
    """Where a session is opened; `session_token` is of the one that it had before, or ''."""

    address: str = ""
    user_agent: str = ""
    session_token: str = ""


LIMITS = Limits()
SOMEWHERE = Browser()
_OPEN = Together(
    AccessToken,
    col(AccessToken.kind) == TokenKind.SESSION,
    col(AccessToken.token_hash) == bindparam("token_hash"),
    col(AccessToken.expires_at) > bindparam("now"),
    joins={User: col(User.id) == col(AccessToken.user_id)},
)
"""Made once: every request of a browser asks this."""


def open_session(
    session: Session,
    user: User,
    limits: Limits = LIMITS,
    browser: Browser = SOMEWHERE,
    *,
    authenticated_at: datetime | None = None,
) -> str:
    """A new session's token; the one that the browser had before ends. Commits.

    `authenticated_at` is when the person proved who they are, if that is not now.
    `user` is as it was when the password was checked. Raises Conflict when the person has been
    removed or got another password since: what ends all sessions ends this one, too.
    """
    now = utc_now()
    write_user(session, user, last_seen_at=now)
    session.connection().execute(delete(AccessToken).where(*_is(browser.session_token)))
    issued = issue(
        session,
        TokenKind.SESSION,
        user_id=user.id,
        client=browser.address,
        user_agent=browser.user_agent[:USER_AGENT_MAX],
        authenticated_at=min(authenticated_at or now, now),
        last_used_at=now,
        ends_at=now + limits.longest,
        expires_at=now + min(limits.idle, limits.longest),
    )
    session.commit()
    return issued.token


def write_user(session: Session, user: User, **values: Any) -> None:
    """Write columns of a person whose password is still the one that was read with `user`.

    The row is locked until the commit, before any row of their tokens. Raises Conflict.
    """
    same = col(User.id) == user.id, col(User.password_hash) == user.password_hash
    changed = update(User).where(*same).values(**values)
    if not session.connection().execute(changed).rowcount:
        raise Conflict(
            f"{user.name} has just been removed, or got another password.",
            code="changed_meanwhile",
            remedy="Nothing was done. Sign in again.",
            link=SIGN_IN,
        )


def session_of(session: Session, token: str) -> tuple[User, AccessToken] | None:
    """Whose session it is, and its row; None if there is no such session, or not any more.

    Neither can be changed, and both stay as they are after a rollback.
    """
    found = _OPEN.first(session, token_hash=digest(token), now=utc_now())
    if found is None:
        return None
    own, user = found
    return user, own


def is_open(session: Session, session_id: str) -> bool:
    """Whether the session with that id goes on. It is not used by asking."""
    query = select(AccessToken.id).where(
        AccessToken.id == session_id,
        AccessToken.kind == TokenKind.SESSION,
        col(AccessToken.expires_at) > utc_now(),
    )
    return session.exec(query).first() is not None


def open_sessions(session: Session, ids: Collection[str]) -> dict[str, datetime]:
    """Which of those go on, and until when if nobody uses them."""
    query = select(AccessToken.id, AccessToken.expires_at).where(
        col(AccessToken.id).in_(ids),
        AccessToken.kind == TokenKind.SESSION,
        col(AccessToken.expires_at) > utc_now(),
    )
    return {id: ends_at for id, ends_at in session.exec(query) if ends_at}


def touch(session: Session, used: AccessToken, limits: Limits = LIMITS) -> None:
    """Write that a session or an API token was used, at most once a minute. Commits.

    A request does not fail because it cannot be written at once: that is tried in a session of its
    own, so that the rows which the request has read stay as they are.
    """
    now = utc_now()
    if used.last_used_at and now < used.last_used_at + SEEN_EVERY:
        return
    values = {"last_used_at": now}
    if used.ends_at:
        values["expires_at"] = min(used.ends_at, now + limits.idle)
    session.commit()
    with suppress(OperationalError), outside.aside(), Session(session.get_bind()) as own:
        with brief_locks(own) as connection:
            connection.execute(
                update(User).where(col(User.id) == used.user_id).values(last_seen_at=now)
            )
            connection.execute(
                update(AccessToken).where(col(AccessToken.id) == used.id).values(**values)
            )
        own.commit()


def confirm(session: Session, own: AccessToken) -> str:
    """Its owner proved again who they are: the session goes on with a new token. Commits.

    Raises Unauthenticated when it has been ended meanwhile.
    """
    token = new_token()
    changed = {"token_hash": digest(token), "authenticated_at": utc_now()}
    goes_on = update(AccessToken).where(col(AccessToken.id) == own.id).values(**changed)
    if not session.connection().execute(goes_on).rowcount:
        raise Unauthenticated("Your session has just been ended.", remedy="Sign in again.")
    session.commit()
    return token


def is_confirmed(own: AccessToken) -> bool:
    """Whether the password was typed lately."""
    typed_at = own.authenticated_at
    return typed_at is not None and typed_at > utc_now() - CONFIRMED_FOR


def sessions_of(session: Session, user: User) -> list[AccessToken]:
    """Those that are open, the one that was used last first; at most LISTED_MAX."""
    query = select(AccessToken).where(
        AccessToken.kind == TokenKind.SESSION,
        AccessToken.user_id == user.id,
        col(AccessToken.expires_at) > utc_now(),
    )
    newest = col(AccessToken.last_used_at).desc(), col(AccessToken.created_at).desc()
    return list(session.exec(query.order_by(*newest).limit(LISTED_MAX)))


def end_session(scope: Scope, user: User, session_id: str) -> None:
    """Within seconds its pages and streams are refused, on every replica. Raises NotFound."""
    found = scope.session.get(AccessToken, session_id)
    if not found or found.kind is not TokenKind.SESSION or found.user_id != user.id:
        raise NotFound("There is no such session any more.", remedy="Nothing is left to end.")
    scope.session.delete(found)
    scope.record("end a session of", user)
    scope.session.commit()


def end_sessions(session: Session, user: User, *, but: str = "") -> None:
    """All sessions of the user, half ones too, but the one with that id. The caller commits."""
    mine = col(AccessToken.user_id) == user.id, col(AccessToken.kind).in_(OF_BROWSERS)
    every = delete(AccessToken).where(*mine, col(AccessToken.id) != but)
    session.connection().execute(every)


def end_other_sessions(scope: Scope, user: User, own: AccessToken) -> None:
    """All of the user's but this one."""
    end_sessions(scope.session, user, but=own.id)
    scope.record("end all other sessions of", user)
    scope.session.commit()


def sign_out(session: Session, token: str) -> None:
    """Raises nothing for a session that is over."""
    session.connection().execute(delete(AccessToken).where(*_is(token)))
    session.commit()


def purge(session: Session) -> None:
    """Delete what has expired and is of no use to anybody: sessions, links, setup tokens, sign-ins
    that did not come back."""
    over = col(AccessToken.expires_at) <= utc_now()
    session.connection().execute(
        delete(AccessToken).where(over, col(AccessToken.kind) != NOT_LISTED)
    )
    begun = delete(BegunSignIn).where(col(BegunSignIn.created_at) < utc_now() - BEGUN_FOR)
    session.connection().execute(begun)
    session.commit()


def _is(token: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return (
        col(AccessToken.kind) == TokenKind.SESSION,
        col(AccessToken.token_hash) == digest(token),
    )
