"""Keys of any partner on pages and by the API: nothing is said that such a key does not say."""

from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import Session

from tests.routes.people import bearer
from tests.services.rows import IP, a_function, a_key, a_network, a_snapshot, add, an_address
from webapp.models import Key, KeyVersion, SentBy

OPAQUE = {"kind": "API key", "scopes": [], "cidrs": [], "tier": "", "issued_at": ""}


@pytest.fixture
def key(session: Session) -> Key:
    """Used by a function, whose last call the partner refused."""
    made = a_key("bank", partner="generic", sent_by=SentBy.HEADER, sent_as="X-Api-Key")
    made.claims = OPAQUE
    network = a_network("kept")
    function = a_function(network, made, settings={"location": "global", "limit": 1})
    add(session, made, network, an_address(network), function)
    refused = a_snapshot(function, ok=False, upstream_status=401, body=b"{}", problem="Refused.")
    add(session, refused, KeyVersion(id="v1", key_id=made.id, stage="AWSCURRENT", fingerprint="0"))
    return made


@pytest.mark.usefixtures("key")
def test_pages_say_that_its_addresses_are_unknown_and_advise_what_to_give_the_partner(
    signed_in: Any,
) -> None:
    page = signed_in.get("/keys/bank").text
    assert "header <code>X-Api-Key</code>" in page
    assert "Unknown" in page
    assert f'data-copy="{IP}"' in page
    assert "Tier" not in page
    assert "per account" not in page
    assert "not stated in the key" in signed_in.get("/keys").text
    network = signed_in.get("/networks/kept").text
    assert "Addresses to give to the partner" in network
    assert "Create a key that allows" not in network
    form = signed_in.get("/functions/new?template=http_json").text
    assert 'value="bank" data-matches="kept" selected' in form
    assert "bank (does not say which addresses it allows)" in form
    other = signed_in.get("/functions/new?template=clash_rankings").text
    assert "bank (a kind that this template does not accept)" in other
    for path in ("/functions/fun", "/", "/networks/kept/whitelist", "/addresses"):
        assert signed_in.get(path).status_code == 200, path


@pytest.mark.usefixtures("key")
def test_the_api_says_where_it_is_sent_and_that_a_match_is_unknown(
    signed_in: Any, app: FastAPI
) -> None:
    headers = bearer(app)
    found = signed_in.get("/api/v1/keys/bank", headers=headers).json()
    assert (found["kind"], found["sent_as"]) == ("header", "X-Api-Key")
    match = signed_in.get("/api/v1/keys/bank/match?network=kept", headers=headers).json()
    assert (match["ok"], match["unknown"], match["paste"]) == (False, True, IP)


def test_a_form_that_is_refused_keeps_the_kind_and_the_name_but_not_the_secret(
    signed_in: Any,
) -> None:
    typed = {"name": "bank", "kind": "header", "sent_as": "Host", "secret": "sk_live_4f9Abcd"}
    answer = signed_in.post("/keys", data=typed)
    assert answer.status_code == 422
    assert 'value="header" checked' in answer.text
    assert "HTTP itself uses the header Host" in answer.text
    assert 'name="sent_as" value="Host"' in answer.text
    assert "sk_live_4f9Abcd" not in answer.text
