"""What cannot be undone or opens a door asks a person for the password once more."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi import FastAPI
from sqlmodel import Session, col, update

from tests.fast import thorough
from tests.routes.all_routes import declarations
from tests.routes.people import CREDENTIALS, bearer, sign_in
from tests.services.rows import a_function, a_key, a_network, add, an_address
from webapp.browsers import SESSION_COOKIE
from webapp.models import AccessToken, AddressStatus, Role, TokenKind, utc_now
from webapp.services import access
from webapp.services.audit import Wanted, list_after

DELETING = ("/deletion", "/removal", "/release", "/revocation", "/reset")
OPENING = ("/people", "/people/{person}/role", "/tokens", "/networks/{name}/whitelist/link")
UNDONE_BY_A_CLICK = {
    "/networks/{name}/whitelist/link/removal",
    "/api/v1/networks/{name}/change",
    "/api/v1/networks/{name}/parking",
    "/api/v1/networks/{name}/protection",
    "/api/v1/networks/{name}/schedule",
    "/api/v1/networks/{name}/whitelist/link",
}
"""A DELETE that ends a state, or withdraws what was offered."""
STATED = {"kind": "key", "scopes": ["clash"], "tier": "", "issued_at": "", "cidrs": []}


@pytest.fixture
def long_ago(app: FastAPI, client: Any, session: Session) -> Any:
    """An admin's browser, which typed the password some time ago."""
    sign_in(client, app)
    forget(session)
    return client


def forget(session: Session) -> None:
    before = utc_now() - access.CONFIRMED_FOR
    sessions = update(AccessToken).where(col(AccessToken.kind) == TokenKind.SESSION)
    session.connection().execute(sessions.values(authenticated_at=before))
    session.commit()


@thorough("every route is asked")
def test_every_route_that_deletes_or_opens_something_is_declared_so(
    app: FastAPI, long_ago: Any
) -> None:
    """Asked with an old session, each says that the password is needed, whatever else is wrong."""
    wanted = [
        route
        for route in declarations(app)
        if (route.path.endswith(DELETING) or route.path in OPENING or route.method == "DELETE")
        and not route.reads
        and route.path not in UNDONE_BY_A_CLICK
    ]
    assert len(wanted) > 25
    for route in wanted:
        answer = long_ago.request(route.method, route.to_nothing)
        if route.is_api:
            assert answer.json()["code"] == "identity_not_confirmed", route
        else:
            assert answer.headers["location"].startswith("/confirm-identity?"), route


def test_the_password_leads_back_and_is_not_asked_again(long_ago: Any, session: Session) -> None:
    add(session, an_address(ip="198.51.100.9", id="lost", status=AddressStatus.LOST))
    asked = long_ago.post("/addresses/lost/release", data={"confirm": "198.51.100.9"})
    assert asked.status_code == 303
    location = asked.headers["location"]
    assert parse_qs(urlsplit(location).query)["next"] == ["/addresses"]
    shown = long_ago.get(location)
    assert "Nothing was done yet" in shown.text
    form = {"next": "/addresses", "password": "wrong"}
    assert long_ago.post("/confirm-identity", data=form).status_code == 422
    old = long_ago.cookies[SESSION_COOKIE]
    done = long_ago.post("/confirm-identity", data=form | CREDENTIALS)
    assert done.headers["location"] == "/addresses"
    new = done.cookies[SESSION_COOKIE]
    assert new != old
    long_ago.cookies.clear()
    long_ago.cookies.set(SESSION_COOKIE, new)
    released = long_ago.post("/addresses/lost/release", data={"confirm": "wrong"})
    assert released.status_code == 422
    wanted = Wanted(action="release", name="198.51.100.9", result="refused")
    codes = [event.code for event in list_after(session, 0, limit=9, wanted=wanted)]
    assert codes == ["identity_not_confirmed", "not_confirmed"]


def test_a_new_function_that_everyone_may_call_comes_back_filled_in(
    long_ago: Any, session: Session
) -> None:
    form = {"name": "kept", "template": "clash_rankings", "access": "open", "confirm": "kept"}
    key, network = a_key(claims=STATED), a_network()
    add(session, network, key, an_address(network))
    asked = long_ago.post("/functions", data=form | {"network": network.name, "key": key.name})
    back = parse_qs(urlsplit(asked.headers["location"]).query)["next"][0]
    assert 'value="kept"' in long_ago.get(back).text


def test_a_change_that_lets_everyone_call_comes_back_filled_in(
    long_ago: Any, session: Session
) -> None:
    settings = {"location": "32000006", "limit": 10}
    network, key = a_network(), a_key(claims=STATED)
    function = a_function(network, key, settings=settings)
    add(session, network, key, an_address(network), function)
    form = {
        "network": network.name,
        "key": key.name,
        "settings.location": "32000006",
        "settings.limit": "10",
        "settings.ranking": "clans",
        "access": "open",
        "memory_mb": "256",
        "timeout_s": "17",
        "confirm": function.name,
    }
    asked = long_ago.post(f"/functions/{function.name}/edit/deployment", data=form)
    location = asked.headers["location"]
    assert location.startswith("/confirm-identity?")
    back = parse_qs(urlsplit(location).query)["next"][0]
    assert 'value="17"' in long_ago.get(back).text


def test_a_program_is_not_asked(app: FastAPI, client: Any) -> None:
    answer = client.delete("/api/v1/networks/other", headers=bearer(app))
    assert answer.status_code == 404


def test_a_role_that_is_too_low_is_said_before_the_password_is_asked_for(
    app: FastAPI, client: Any, session: Session
) -> None:
    sign_in(client, app, Role.VIEWER)
    forget(session)
    assert client.post("/networks/net/deletion").status_code == 403
