"""What pages and the API say of keys: the advice, a loss, the same secret, the portal in use."""

import re
from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import Session

from tests.routes.people import bearer
from tests.services.keys.rows import add_function, add_key, add_network
from tests.services.rows import add, an_address
from tests.tokens import mint
from webapp.models import AddressStatus, KeyVersion, Status
from webapp.services import addresses, networks
from webapp.settings import Settings

A, B = "203.0.113.1", "203.0.113.2"
PORTAL = "http://127.0.0.1:9/portal"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """As the sandbox has it, with a portal of its own."""
    endpoints = {"https://developer.clashofclans.com": PORTAL}
    return settings.model_copy(update={"endpoints": endpoints})


@pytest.fixture
def shared(session: Session) -> None:
    """A key that a function on the first of two networks uses."""
    key = add_key(session, "shared", A)
    add_function(session, key, add_network(session, "first", A))
    add_network(session, "second", B)


@pytest.mark.usefixtures("shared")
def test_the_advice_names_all_addresses_the_portal_in_use_and_another_way(signed_in: Any) -> None:
    for path in ("/networks/second", "/keys/shared"):
        page = signed_in.get(path).text
        assert f'data-copy="{B}\n{A}"' in page, path
        assert "<summary>Create a key that allows every address</summary>" in page
        assert "They include those of first" in page
        assert "as a separate key" in page
        assert "at most 10 per account" in page
        assert f'href="{PORTAL}"' in page
        assert "developer.clashofclans.com" not in page


@pytest.mark.usefixtures("shared")
def test_the_api_gives_the_same_advice(signed_in: Any, app: FastAPI) -> None:
    headers = bearer(app)
    found = signed_in.get("/api/v1/keys/shared/match?network=second", headers=headers).json()
    assert (found["paste"].split(), found["others"]) == ([B, A], ["first"])
    assert not found["ok"]


@pytest.mark.usefixtures("shared")
def test_a_function_that_does_not_match_its_key_gets_the_same_advice(
    signed_in: Any, app: FastAPI
) -> None:
    new = {"name": "fun", "template": "clash_rankings", "network": "second", "key": "shared"}
    body = new | {"settings": {"location": "32000006", "limit": 10}}
    refused = signed_in.post("/api/v1/functions", json=body, headers=bearer(app))
    assert (refused.status_code, refused.json()["code"]) == (409, "key_does_not_match")
    assert f"allows: {B} {A}" in refused.json()["remedy"]
    assert "at most 10 keys" in refused.json()["remedy"]
    form = {"settings.location": "32000006", "settings.limit": "10"}
    page = signed_in.post("/functions", data=new | form).text
    assert f"Create a key in the partner&#39;s portal that allows: {B} {A}" in page
    assert "matches first" in page


@pytest.mark.parametrize("secret", [mint()[:-30], "hello", mint(scopes=["royale"])])
def test_a_refused_key_sends_people_to_the_portal_in_use(signed_in: Any, secret: str) -> None:
    answer = signed_in.post("/keys", data={"name": "bad", "secret": secret})
    assert answer.status_code == 422
    assert f'<a href="{PORTAL}" target="_blank" rel="noopener">the portal</a>' in answer.text
    assert f" {PORTAL}" not in answer.text, "its pass is shown nowhere"
    assert "at the portal under My Account" in answer.text, "in the list of errors, which are links"
    assert "developer.clashofclans.com" not in answer.text
    assert "at most 10 keys" in answer.text
    assert secret not in answer.text


def test_a_function_cannot_be_made_with_a_key_that_is_not_stored_yet(
    signed_in: Any, app: FastAPI, session: Session
) -> None:
    add_network(session, "first", A)
    key = add_key(session, "early", A)
    session.connection().exec_driver_sql("UPDATE key SET status = 'requested'")
    session.commit()
    settings = {"location": "32000006", "limit": 10}
    new = {"name": "fun", "template": "clash_rankings", "network": "first", "key": key.name}
    refused = signed_in.post(
        "/api/v1/functions", json=new | {"settings": settings}, headers=bearer(app)
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "key_not_ready")
    assert "Reload this page in a minute" in signed_in.get("/keys/early").text
    assert "Requested" in signed_in.get("/keys").text


def test_an_environment_that_breaks_the_rule_is_refused_for_keys_and_functions(
    signed_in: Any, app: FastAPI
) -> None:
    key = {"name": "ok", "secret": mint(), "environment": "Not good!"}
    function = {
        "name": "ok",
        "template": "clash_rankings",
        "network": "n",
        "key": "k",
        "settings": {"location": "32000006", "limit": 10},
        "environment": "x" * 21,
    }
    for path, body in (("/keys", key), ("/functions", function)):
        refused = signed_in.post(f"/api/v1{path}", json=body, headers=bearer(app))
        assert refused.status_code == 422, path
        assert set(refused.json()["errors"]) == {"environment"}


def test_keys_with_one_secret_are_shown_as_that(signed_in: Any, session: Session) -> None:
    for name in ("a", "b"):
        add_key(session, name, A)
    assert "Same secret as b" in signed_in.get("/keys").text
    page = signed_in.get("/keys/a").text
    assert "Same secret as" in page
    assert 'href="/keys/b"' in page


def test_the_previous_version_is_offered_when_what_it_allows_is_known(
    signed_in: Any, session: Session
) -> None:
    key = add_key(session, "old", A)
    version = KeyVersion(id="v1", key_id=key.id, stage="AWSPREVIOUS", fingerprint="0" * 16)
    session.add(version)
    session.commit()
    button = "Make the previous one current"
    assert button not in signed_in.get("/keys/old").text
    version.claims = {"cidrs": [B]}
    session.commit()
    page = signed_in.get("/keys/old").text
    assert button in page
    assert '<input type="hidden" name="version" value="v1">' in page
    assert "uploaded here, so these details may be wrong" in page
    assert signed_in.get("/keys/old/versions/current").url.path == "/keys/old"


@pytest.mark.usefixtures("shared")
def test_a_lost_address_is_advised_on_no_page(signed_in: Any, session: Session) -> None:
    network = networks.get(session, "second")
    network.change = {"availability_zones": 2, "nat": "per_az", "preview": []}
    add(session, an_address(network, "203.0.113.9", position=1, status=AddressStatus.LOST))
    for path in ("/networks/second", "/keys/shared", "/functions/new"):
        page = signed_in.get(path).text
        assert B in page
        assert not re.search(r'data-copy="[^"]*203\.0\.113\.9', page), path
        assert f"({B}, 203.0.113.9)" not in page
    assert "Recover it" in signed_in.get("/networks/second").text


@pytest.mark.usefixtures("shared")
def test_a_network_that_is_being_deleted_asks_for_no_key(signed_in: Any, session: Session) -> None:
    network = networks.get(session, "second")
    network.status, network.unwanted = Status.FAILED, True
    session.commit()
    assert 'aria-labelledby="keys"' not in signed_in.get("/networks/second").text
    assert "/networks/second" not in signed_in.get("/keys/shared").text


def test_no_key_is_to_be_made_for_an_address_that_is_lost(signed_in: Any, session: Session) -> None:
    network = add_network(session, "bereft", A)
    page = signed_in.get("/networks/bereft").text
    assert "Create a key for this address" in page
    assert "(at most 10 per account)" in page
    (address,) = addresses.of_network(session, network.id)
    address.status = AddressStatus.LOST
    session.commit()
    assert "Create a key" not in signed_in.get("/networks/bereft").text
