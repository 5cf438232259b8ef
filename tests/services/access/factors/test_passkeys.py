"""Passkeys sign in alone, for the site they are for, once for each challenge."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from tests.services.access.factors.authenticator import Authenticator, text
from tests.services.access.factors.codes import SEALER, add_person, guesser, with_app
from webapp.errors import Conflict, Invalid, NotFound
from webapp.models import Passkey, User, utc_now
from webapp.scope import Scope
from webapp.services import access
from webapp.services.access import Limits, RelyingParty
from webapp.services.access.factors.passkeys import CHALLENGE_FOR
from webapp.services.access.sessions import Browser
from webapp.settings import Settings

PARTY = RelyingParty("egret.example", "https://egret.example")


def register(session: Session, user: User, device: Authenticator, name: str = "Laptop") -> Any:
    own = access.session_of(session, access.open_session(session, user))
    assert own
    options = access.creation_options(session, SEALER, PARTY, user)
    scope = Scope(session, user.name)
    answer = device.create(options)
    return access.add_passkey(scope, SEALER, PARTY, user, own[1], name=name, credential=answer)


def sign_in(session: Session, credential: str) -> str:
    client = guesser(session, utc_now())
    return access.sign_in_with_passkey(
        client, SEALER, PARTY, credential, limits=Limits(), browser=Browser()
    )


def answer_of(device: Authenticator) -> str:
    return device.get(access.request_options(SEALER, PARTY))


@pytest.fixture
def device(session: Session) -> Authenticator:
    """With ada's passkey."""
    made = Authenticator(PARTY.origin)
    assert len(register(session, add_person(session), made)) == 10
    return made


def test_a_passkey_signs_in_without_a_name_and_is_marked_as_used(
    session: Session, device: Authenticator
) -> None:
    found = access.session_of(session, sign_in(session, answer_of(device)))
    assert found
    assert (found[0].name, found[0].has_second_factor) == ("ada", True)
    [passkey] = access.factors_of(session, found[0]).passkeys
    session.refresh(passkey)
    assert (passkey.name, passkey.sign_count) == ("Laptop", 1)
    assert passkey.last_used_at


def test_an_answer_works_once(session: Session, device: Authenticator) -> None:
    first, second = answer_of(device), answer_of(device)
    assert sign_in(session, second)
    for used in (second, first):
        with pytest.raises(Invalid, match="not accepted"):
            sign_in(session, used)
    assert sign_in(session, answer_of(device))


@pytest.mark.parametrize(
    "change",
    [
        lambda device: replace(device, verifies=False),
        lambda device: replace(device, origin="https://egret.example.evil"),
        lambda device: replace(device, id=b"x" * 32),
        lambda device: replace(device, key=Authenticator("").key),
    ],
    ids=["nobody verified", "another site", "unknown", "another key"],
)
def test_another_passkey_or_another_site_is_refused(
    session: Session, device: Authenticator, change: Callable[[Authenticator], Authenticator]
) -> None:
    with pytest.raises(Invalid, match="not accepted"):
        sign_in(session, answer_of(change(device)))


def test_a_copied_device_is_noticed_by_its_count(session: Session, device: Authenticator) -> None:
    copy = replace(device)
    sign_in(session, answer_of(device))
    sign_in(session, answer_of(device))
    with pytest.raises(Invalid):
        sign_in(session, answer_of(copy))


def test_a_challenge_is_ours_and_of_the_last_minutes_and_for_its_purpose(
    session: Session, device: Authenticator
) -> None:
    long_ago = (datetime.now(UTC) - CHALLENGE_FOR - timedelta(seconds=1)).isoformat()
    options = json.loads(access.request_options(SEALER, PARTY))
    user = session.exec(select(User)).one()
    others = json.loads(access.creation_options(session, SEALER, PARTY, user))["challenge"]
    sealed = SEALER.seal(long_ago, bound_to="sign in with a passkey").encode()
    for challenge in (text(sealed), others, text(b"of somebody else")):
        with pytest.raises(Invalid):
            sign_in(session, device.get(json.dumps(options | {"challenge": challenge})))


@pytest.mark.parametrize("answer", ["", "{}", "[]", "null", '{"id": 1}', "x" * 20_000, "\ud800"])
def test_what_is_no_answer_of_a_browser_is_refused(session: Session, answer: str) -> None:
    user = add_person(session)
    with pytest.raises(Invalid):
        sign_in(session, answer)
    own = access.session_of(session, access.open_session(session, user))
    assert own
    with pytest.raises(Invalid):
        access.add_passkey(
            Scope(session, "ada"), SEALER, PARTY, user, own[1], name="x", credential=answer
        )


def test_several_have_names_and_the_last_factor_takes_the_recovery_codes_along(
    session: Session, device: Authenticator
) -> None:
    user = session.exec(select(User)).one()
    with pytest.raises(Conflict, match="registered already"):
        register(session, user, device)
    with pytest.raises(Invalid):
        register(session, user, Authenticator(PARTY.origin), name=" ")
    assert register(session, user, Authenticator(PARTY.origin), name="Phone") == []
    first, second = access.factors_of(session, user).passkeys
    assert [first.name, second.name] == ["Laptop", "Phone"]
    access.remove_passkey(Scope(session, "ada"), user, first.id)
    with pytest.raises(Invalid):
        sign_in(session, answer_of(device))
    assert session.get_one(User, user.id).has_second_factor
    access.remove_passkey(Scope(session, "ada"), user, second.id)
    assert access.factors_of(session, user).codes_left == 0
    assert not session.get_one(User, user.id).has_second_factor
    with pytest.raises(NotFound):
        access.remove_passkey(Scope(session, "ada"), user, second.id)


def test_after_a_reset_of_the_password_no_passkey_signs_in(
    session: Session, device: Authenticator
) -> None:
    user = session.exec(select(User)).one()
    add_person(session, "grace").role = user.role
    access.reset_factors(Scope(session, "tests"), user.id)
    assert not session.exec(select(Passkey)).all()
    with pytest.raises(Invalid):
        sign_in(session, answer_of(device))


def test_an_app_and_a_passkey_stay_without_each_other(session: Session) -> None:
    app = with_app(session, utc_now())
    register(session, app.user, Authenticator(PARTY.origin))
    access.remove_totp(Scope(session, "ada"), app.user)
    assert session.get_one(User, app.user.id).has_second_factor


@pytest.mark.parametrize(
    ("settings", "party"),
    [
        ({}, None),
        ({"public_url": "http://localhost:8000"}, ("localhost", "http://localhost:8000")),
        ({"host": "localhost"}, ("localhost", "http://localhost:8000")),
        ({"public_url": "https://egret.example:443"}, PARTY),
        ({"public_url": "https://egret.example:8443"}, (PARTY.id, f"{PARTY.origin}:8443")),
        ({"public_url": "https://192.0.2.1"}, None),
        ({"public_url": "https://egret.example", "database_url": "postgresql://e@db/e"}, None),
    ],
)
def test_they_are_for_the_name_in_the_public_url(settings: Any, party: Any) -> None:
    found = access.relying_party(Settings(**settings))
    assert found == (RelyingParty(*party) if isinstance(party, tuple) else party)
