"""There and back: what comes back opens a session, or is counted as a wrong try."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from tests.oidc.own_keys import OwnKeys
from tests.outbound.origin import response, running
from webapp.errors import Conflict, Refused, TooMany, Upstream
from webapp.models import AccessToken, AuditEvent, Guesses, Role, User, utc_now
from webapp.oidc.provider import Binding, Provider
from webapp.services import access
from webapp.services.access import Browser, Guesser, Limits
from webapp.services.access.guesses import OF_CLIENT
from webapp.settings import Settings

LONG_AGO = timedelta(hours=3)


@pytest.fixture(scope="module")
def issuer() -> Iterator[OwnKeys]:
    with running() as origin:
        yield OwnKeys(origin)


@pytest.fixture
def there(issuer: OwnKeys) -> Provider:
    issuer.publish()
    settings = Settings(
        oidc_issuer=issuer.origin.url,
        oidc_client_id="egret",
        oidc_client_secret="of-a-test",
        oidc_roles="role:boss=admin",
        public_url="https://egret.example.com",
    )
    return Provider(settings)


def ago(past: timedelta) -> int:
    return int((utc_now() - past).timestamp())


def arrive(
    session: Session,
    there: Provider,
    token: str,
    issuer: OwnKeys | None = None,
    own: str = "",
    **claims: Any,
) -> access.Arrival:
    """With the provider's ID token, if it sends one."""
    binding = Binding(token)
    if issuer:
        now = {"iat": ago(timedelta()), "exp": ago(timedelta(minutes=-5))}
        told = {"role": "boss", "nonce": binding.nonce} | now | claims
        issuer.publish(**issuer.token(**told), access_token="a", token_type="bearer")
    browser = Browser("192.0.2.1", "", own)
    answer = {"code": "c", "state": binding.state}
    guesser = Guesser(session, browser.address)
    return access.finish(guesser, there, answer, token, limits=Limits(), browser=browser)


def signed_in(
    session: Session, there: Provider, issuer: OwnKeys, **claims: Any
) -> tuple[str, User, AccessToken]:
    journey = access.begin(session, there, next_path="/keys")
    arrival = arrive(session, there, journey.token, issuer, **claims)
    assert arrival.next_path == "/keys"
    found = access.session_of(session, arrival.token)
    assert found
    return arrival.token, *found


def test_who_signed_in_there_long_ago_confirms_before_what_cannot_be_undone(
    session: Session, there: Provider, issuer: OwnKeys
) -> None:
    _, user, own = signed_in(session, there, issuer, auth_time=ago(LONG_AGO))
    assert (user.name, user.role) == ("grace", Role.ADMIN)
    assert not access.is_confirmed(own)
    assert access.is_confirmed(signed_in(session, there, issuer)[2])


def test_a_provider_that_did_not_ask_again_confirms_nothing(
    session: Session, there: Provider, issuer: OwnKeys
) -> None:
    token, user, own = signed_in(session, there, issuer)
    journey = access.begin_again(session, there, user, own, next_path="/")
    with pytest.raises(Refused, match="did not ask you again"):
        arrive(session, there, journey.token, issuer, token, auth_time=ago(LONG_AGO))
    journey = access.begin_again(session, there, user, own, next_path="/")
    new = arrive(session, there, journey.token, issuer, token, auth_time=ago(timedelta())).token
    assert new != token
    assert access.session_of(session, token) is None


def test_who_has_a_password_confirms_with_it(session: Session, there: Provider) -> None:
    user = User(name="ada", password_hash="of a test", role=Role.ADMIN)
    session.add(user)
    session.commit()
    found = access.session_of(session, access.open_session(session, user))
    assert found
    with pytest.raises(Conflict, match="do not sign in by the provider"):
        access.begin_again(session, there, *found, next_path="/")


def test_answers_that_are_refused_are_slowed_down_and_recorded_once(
    session: Session, there: Provider
) -> None:
    for _ in range(OF_CLIENT.free):
        with pytest.raises(Refused):
            arrive(session, there, "unknown")
    with pytest.raises(TooMany):
        arrive(session, there, "unknown")
    events = session.exec(select(AuditEvent)).all()
    assert [(event.action, event.code) for event in events] == [("fail to sign in", "sign_in_over")]


def test_a_provider_that_fails_is_nobodys_wrong_try(
    session: Session, there: Provider, issuer: OwnKeys
) -> None:
    journey = access.begin(session, there, next_path="/")
    issuer.origin.answer = response(b"", 502)
    with pytest.raises(Upstream):
        arrive(session, there, journey.token)
    assert {row.failures for row in session.exec(select(Guesses))} == {0}
    assert not session.exec(select(AuditEvent)).all()
