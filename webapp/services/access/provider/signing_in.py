"""Signing in by the provider, or confirming by it who one is: there, and back.

What comes back counts as a wrong try before it is known whether it is, like a password: see
`guesses`. So nobody makes Egret ask the provider without end, and failures are in the audit trail.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlmodel import Session

from webapp.db import give_back
from webapp.errors import Conflict, EgretError, Refused, Unavailable, Upstream
from webapp.models import AccessToken, BegunSignIn, User
from webapp.oidc.provider import Binding, Identity, Provider
from webapp.services.access.guesses import PROVIDER, Guesser, record_failure
from webapp.services.access.provider import begun, people
from webapp.services.access.sessions import Browser, Limits, confirm, open_session, session_of

CLOCKS_DIFFER_BY = timedelta(minutes=1)


@dataclass(frozen=True)
class Journey:
    """`token` is for a cookie; the browser goes to `url`."""

    token: str = field(repr=False)
    url: str


@dataclass(frozen=True)
class Arrival:
    """A session's token, and the page that the person wanted to see."""

    token: str = field(repr=False)
    next_path: str


def begin(session: Session, provider: Provider, *, next_path: str) -> Journey:
    """Raises Upstream where the provider cannot be used; Unavailable."""
    return _journey(session, provider, next_path=next_path, own=None)


def begin_again(
    session: Session, provider: Provider, user: User, own: AccessToken, *, next_path: str
) -> Journey:
    """To confirm who one is, in the session `own`. Raises Conflict, Upstream, Unavailable."""
    if not user.is_from_provider:
        raise Conflict(
            "You do not sign in by the provider.",
            remedy="Type your password.",
            link=("/confirm-identity", "Confirm that it is you"),
        )
    return _journey(session, provider, next_path=next_path, own=own)


def finish(
    guesser: Guesser,
    provider: Provider,
    answer: Mapping[str, str],
    token: str,
    *,
    limits: Limits,
    browser: Browser,
) -> Arrival:
    """`answer` is the query that the browser came back with, `token` the one of its cookie.

    Raises Refused for an answer to another sign-in, or one that the provider or we do not accept,
    and for a person without a role; Conflict and Invalid for a name; Upstream, TooMany.
    """
    session = guesser.session
    number = guesser.take(PROVIDER)
    name = ""
    try:
        binding = Binding(token)
        code = provider.check_answer(binding, answer)
        journey = begun.take(session, token)
        give_back()
        identity = provider.identity(binding, code)
        name = f"{identity.name} at the provider"
        arrival = _arrive(guesser, identity, journey, limits, browser)
    except (Upstream, Unavailable):  # which says nothing about who asks
        session.rollback()
        guesser.was_right(PROVIDER)
        raise
    except EgretError as error:
        session.rollback()
        record_failure(guesser, number, name, error.code, known=bool(name))
        raise
    guesser.was_right(PROVIDER)
    return arrival


def _journey(
    session: Session, provider: Provider, *, next_path: str, own: AccessToken | None
) -> Journey:
    session_id = own.id if own else None
    give_back()
    provider.check()
    token = begun.keep(session, next_path=next_path, session_id=session_id)
    return Journey(token, provider.authorization_url(Binding(token), again=own is not None))


def _arrive(
    guesser: Guesser, identity: Identity, journey: BegunSignIn, limits: Limits, browser: Browser
) -> Arrival:
    session = guesser.session
    if identity.role is None:
        people.shut_out(guesser.scope(identity.name), identity)
        raise Refused(
            "The provider knows you, but nothing that it says of you gives you a role here.",
            code=people.NO_ROLE,
            remedy="Ask an admin to put you into one of the groups that EGRET_OIDC_ROLES names.",
        )
    user = people.admit(guesser.scope(identity.name, identity.role), identity, identity.role)
    scope = guesser.scope(user.name, user.role)
    if journey.session_id is None:
        scope.record("sign in", user, "by the provider")
        session.commit()
        at = identity.authenticated_at
        token = open_session(session, user, limits, browser, authenticated_at=at)
    else:
        own = _own(session, journey, user, browser)
        _check_asked(identity.authenticated_at, journey.created_at)
        scope.record("confirm the identity of", user, "by the provider")
        token = confirm(session, own)
    return Arrival(token, journey.next_path)


def _own(session: Session, journey: BegunSignIn, user: User, browser: Browser) -> AccessToken:
    """The session that the browser is in, if it is the one that asked. Raises Refused."""
    found = session_of(session, browser.session_token)
    if found is None or found[1].id != journey.session_id or found[0].id != user.id:
        raise Refused(
            f"You are {user.name} at the provider, and this session is over, or of somebody else.",
            code="other_person",
            remedy="Sign in again.",
        )
    return found[1]


def _check_asked(authenticated_at: datetime | None, begun_at: datetime) -> None:
    """A provider that does not say when it asked is believed; one that did not ask is not."""
    if authenticated_at and authenticated_at < begun_at - CLOCKS_DIFFER_BY:
        raise Refused(
            "The provider did not ask you again who you are.",
            code="identity_not_confirmed",
            remedy="Sign out there, then sign in to Egret again.",
        )
