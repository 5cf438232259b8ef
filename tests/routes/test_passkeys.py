"""Passkeys by the pages: added on the page of the second factor, used on the sign-in page."""

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import Session, col, select

from tests.openapi.described import CheckingClient
from tests.routes.conftest import HOST
from tests.routes.people import CREDENTIALS, sign_in
from tests.services.access.factors.authenticator import Authenticator
from webapp.browsers import HALF_SESSION_COOKIE, SESSION_COOKIE
from webapp.models import AuditEvent, Passkey

ORIGIN = "http://localhost:8000"
HERE = "/account/second-factor"
OPTIONS = re.compile(r'data-passkey="([^"]+)"')


@pytest.fixture
def named(app: FastAPI) -> Iterator[Any]:
    """Ada's browser, where the public URL has a host name."""
    parts = app.state.parts
    settings = parts.settings.model_copy(update={"public_url": ORIGIN})
    app.state.parts = replace(parts, settings=settings)
    client = CheckingClient(app, base_url=HOST, follow_redirects=False)
    sign_in(client, app)
    yield client


def options_on(client: Any, path: str) -> str:
    [options] = OPTIONS.findall(client.get(path).text)
    return unescape(options)


def add(client: Any, device: Authenticator, name: str = "Laptop") -> Any:
    form = {"name": name, "credential": device.create(options_on(client, HERE))}
    return client.post(f"{HERE}/passkeys", data=form)


def test_a_passkey_is_added_used_and_removed(named: Any, session: Session) -> None:
    device = Authenticator(ORIGIN)
    made = add(named, device)
    assert (made.status_code, made.headers["cache-control"]) == (200, "no-store")
    assert "Your recovery codes" in made.text
    again = add(named, Authenticator(ORIGIN), "Phone")
    assert (again.status_code, again.headers["location"]) == (303, HERE)
    named.cookies.clear()
    answer = device.get(options_on(named, "/sign-in?next=/keys"))
    done = named.post("/sign-in/passkey", data={"credential": answer, "next": "/keys"})
    assert (done.status_code, done.headers["location"]) == (303, "/keys")
    named.cookies.set(SESSION_COOKIE, done.cookies[SESSION_COOKIE])
    assert "Laptop" in named.get(HERE).text
    event = session.exec(select(AuditEvent).order_by(col(AuditEvent.id).desc())).first()
    assert event
    assert (event.actor, event.action, event.detail) == ("ada", "sign in", "with a passkey")
    passkey = session.exec(select(Passkey).where(Passkey.name == "Laptop")).one()
    removed = named.post(f"{HERE}/passkeys/{passkey.id}/removal")
    assert removed.headers["location"] == HERE
    assert "Laptop" not in named.get(HERE).text


def test_it_stands_in_for_the_code_after_a_password(named: Any) -> None:
    device = Authenticator(ORIGIN)
    add(named, device)
    named.cookies.clear()
    asked = named.post("/sign-in", data=CREDENTIALS)
    assert asked.headers["location"].startswith("/sign-in/code")
    answer = device.get(options_on(named, "/sign-in/code"))
    done = named.post("/sign-in/passkey", data={"credential": answer})
    assert SESSION_COOKIE in done.cookies
    assert HALF_SESSION_COOKIE not in named.cookies


def test_what_is_refused_is_said_on_the_page(named: Any) -> None:
    refused = named.post("/sign-in/passkey", data={"credential": "{}", "next": "/keys"})
    assert refused.status_code == 422
    assert "The passkey was not accepted" in refused.text
    assert 'name="next" value="/keys"' in refused.text
    unnamed = add(named, Authenticator(ORIGIN), name="")
    assert unnamed.status_code == 422
    assert "A name has 1 to" in unnamed.text


def test_at_an_ip_address_the_page_says_why_there_are_none(client: Any, app: FastAPI) -> None:
    sign_in(client, app)
    assert "not for an IP address" in client.get(HERE).text
    assert not OPTIONS.search(client.get("/sign-in").text)
    assert client.post("/sign-in/passkey", data={"credential": "{}"}).status_code in (409, 422)
    assert client.post(f"{HERE}/passkeys", data={"name": "x"}).status_code == 422
