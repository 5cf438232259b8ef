"""Signing in with a second factor, by the pages; setting one up, and losing it."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import Any

import pyotp
import pytest
from fastapi import FastAPI
from sqlmodel import Session, col, select, update

from tests.routes.people import CREDENTIALS, sign_in
from webapp.browsers import HALF_SESSION_COOKIE, SESSION_COOKIE
from webapp.models import AccessToken, RecoveryCode, Totp, User, utc_now
from webapp.services import access
from webapp.services.access.factors.totp import PERIOD_S

HERE = "/account/second-factor"
SECRET = re.compile(r'data-copy="([A-Z2-7]{32})"')
CODES = re.compile(r'data-copy="((?:[a-z2-7]{6}-){3}[^"]*)"')


@pytest.fixture
def secret(client: Any, app: FastAPI) -> str:
    """Ada has set up an app, and her browser is not signed in any more."""
    sign_in(client, app)
    secret = begin(client)
    confirmed = client.post(f"{HERE}/app/confirmation", data={"code": code_of(secret)})
    assert confirmed.status_code == 200
    client.cookies.clear()
    return secret


@pytest.fixture
def later(session: Session) -> Iterator[None]:
    """The code that confirmed the app is of an earlier step."""
    session.connection().execute(update(Totp).values(last_step=1))
    session.commit()
    yield


def begin(client: Any) -> str:
    shown = client.post(f"{HERE}/app")
    found = SECRET.search(shown.text)
    assert found
    return found[1]


def code_of(secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(utc_now() + timedelta(seconds=PERIOD_S * steps))


def first_step(client: Any) -> Any:
    answer = client.post("/sign-in", data=CREDENTIALS | {"next": "/keys"})
    assert answer.status_code == 303
    return answer


def test_secret_and_recovery_codes_are_shown_once_and_stored_by_nobody(
    client: Any, app: FastAPI
) -> None:
    sign_in(client, app)
    shown = client.post(f"{HERE}/app")
    assert "<svg" in shown.text
    assert "shown only this once" in shown.text
    found = SECRET.search(shown.text)
    assert found
    wrong = client.post(f"{HERE}/app/confirmation", data={"code": "000"})
    assert wrong.status_code == 422
    assert "This code is wrong" in wrong.text
    assert found[1] not in wrong.text
    done = client.post(f"{HERE}/app/confirmation", data={"code": code_of(found[1])})
    [text] = CODES.findall(done.text)
    codes = unescape(text).split()
    assert len(set(codes)) == 10
    for answer in (shown, wrong, done):
        assert answer.headers["cache-control"] == "no-store"
    later = client.get(HERE).text
    assert "10 of 10 are left" in later
    assert not any(code in later for code in codes)
    assert "10 recovery codes are left" in client.get("/account").text


@pytest.mark.usefixtures("secret")
def test_after_the_password_a_half_session_opens_nothing_but_the_page_of_the_code(
    client: Any,
) -> None:
    asked = first_step(client)
    assert asked.headers["location"] == "/sign-in/code?next=%2Fkeys"
    cookie = asked.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=lax", "Max-Age=300"} <= {*cookie.split("; ")}
    assert SESSION_COOKIE not in asked.cookies
    half = asked.cookies[HALF_SESSION_COOKIE]
    assert 'name="next" value="/keys"' in client.get(asked.headers["location"]).text
    for path in ("/", "/account", HERE, "/confirm-identity"):
        for name in (HALF_SESSION_COOKIE, SESSION_COOKIE):
            client.cookies.clear()
            answer = client.get(path, headers={"cookie": f"{name}={half}"})
            assert answer.headers["location"].startswith("/sign-in?"), (path, name)
    stolen = client.get("/api/v1/networks", headers={"authorization": f"Bearer {half}"})
    assert stolen.status_code == 401


@pytest.mark.usefixtures("later")
def test_the_code_opens_the_session_and_leads_on(client: Any, secret: str) -> None:
    first_step(client)
    wrong = client.post("/sign-in/code", data={"code": "000", "next": "/keys"})
    assert (wrong.status_code, SESSION_COOKIE in wrong.cookies) == (422, False)
    assert 'name="next" value="/keys"' in wrong.text
    done = client.post("/sign-in/code", data={"code": code_of(secret, 1), "next": "/keys"})
    assert (done.status_code, done.headers["location"]) == (303, "/keys")
    assert client.get("/keys").status_code == 200
    assert HALF_SESSION_COOKIE not in client.cookies


def test_a_password_that_was_typed_long_ago_is_asked_for_again(
    client: Any, secret: str, session: Session
) -> None:
    first_step(client)
    half = update(AccessToken).where(col(AccessToken.kind) == "half_session")
    session.connection().execute(half.values(expires_at=utc_now()))
    session.commit()
    form = {"code": code_of(secret, 1), "next": "/keys"}
    for answer in (client.get("/sign-in/code?next=/keys"), client.post("/sign-in/code", data=form)):
        assert answer.status_code == 422
        assert "typed too long ago" in answer.text
        assert 'name="next" value="/keys"' in answer.text
        assert 'type="password"' in answer.text


def test_who_signs_in_is_told_when_few_recovery_codes_are_left(
    client: Any, secret: str, session: Session
) -> None:
    for row in session.exec(select(RecoveryCode).limit(7)):
        session.delete(row)
    session.commit()
    first_step(client)
    client.post("/sign-in/code", data={"code": code_of(secret, 1)})
    assert "You have 3 recovery codes left" in client.get("/").text


def test_changes_of_factors_ask_for_the_password_once_more(
    client: Any, app: FastAPI, session: Session
) -> None:
    sign_in(client, app)
    before = utc_now() - access.CONFIRMED_FOR
    session.connection().execute(update(AccessToken).values(authenticated_at=before))
    session.commit()
    for path in ("app", "app/confirmation", "app/removal", "recovery-codes"):
        answer = client.post(f"{HERE}/{path}")
        location = "/confirm-identity?next=%2Faccount%2Fsecond-factor"
        assert (answer.status_code, answer.headers["location"]) == (303, location), path


def test_with_a_second_factor_ten_characters_are_enough(
    client: Any, app: FastAPI, session: Session
) -> None:
    sign_in(client, app)
    form = {"old_password": CREDENTIALS["password"], "password": "purplexi-moth"}
    assert "at least 15" in client.post("/account/password", data=form).text
    session.connection().execute(update(User).values(has_second_factor=True))
    session.commit()
    assert "At least 10" in client.get("/account").text
    assert client.post("/account/password", data=form).status_code == 303


def test_an_app_and_its_codes_are_removed_and_renewed(client: Any, app: FastAPI) -> None:
    sign_in(client, app)
    secret = begin(client)
    client.post(f"{HERE}/app/confirmation", data={"code": code_of(secret)})
    assert CODES.search(client.post(f"{HERE}/recovery-codes").text)
    assert client.post(f"{HERE}/app").status_code == 409
    assert client.post(f"{HERE}/app/removal").status_code == 303
    assert "Set up an app" in client.get(HERE).text
    assert client.post(f"{HERE}/recovery-codes").status_code == 409


def test_an_admin_resets_the_factor_of_somebody_else(client: Any, app: FastAPI) -> None:
    sign_in(client, app)
    with Session(app.state.parts.engine) as session:
        bob = User(name="bob", password_hash="of a test", has_second_factor=True)
        session.add(bob)
        session.commit()
        page = f"/people/{bob.id}"
    assert "Reset second factor" in client.get(page).text
    assert client.post(f"{page}/second-factor/reset").headers["location"] == page
    shown = client.get(page).text
    assert "has no second factor any more" in shown
    assert "Reset second factor" not in shown
