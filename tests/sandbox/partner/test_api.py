"""The sandbox's partner answers as the real one does, to the letter."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from webapp.sandbox.partner.__main__ import create_partner

TOKEN = "the NAT's token"
ADDRESS = "203.0.113.7"
RANKING = "/v1/locations/32000006/rankings/clans"
RECORDED = Path(__file__).parents[2] / "data" / "rankings_top10.json"

Ask = Callable[..., httpx.Response]


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    return create_partner(tmp_path, TOKEN)


@pytest.fixture
def partner(app: FastAPI) -> Iterator[Any]:
    with TestClient(app, client=("127.0.0.1", 1)) as client:
        yield client


@pytest.fixture
def ask(partner: Any) -> Ask:
    """GET from the whitelisted address with a good key; `key` and `address` vary it."""
    key = new_key(partner, [ADDRESS])

    def get(path: str, *, token: str = key, address: str = ADDRESS) -> Any:
        nat = {"x-sandbox-source-address": address, "x-sandbox-nat-token": TOKEN}
        return partner.get(path, headers=nat | {"authorization": f"Bearer {token}"})

    return get


def new_key(partner: Any, cidrs: list[str], **form: Any) -> str:
    body = {"name": "k", "description": "", "cidrRanges": cidrs, "scopes": ["clash"]} | form
    key: str = partner.post("/api/apikey/create", json=body).json()["key"]["key"]
    return key


def test_the_recorded_ranking_comes_back_as_it_was_recorded(ask: Ask) -> None:
    answer = ask(f"{RANKING}?limit=10")
    assert answer.json()["items"] == json.loads(RECORDED.read_text())["items"]
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"].startswith("max-age=")


def test_another_address_is_refused_with_the_address_that_was_seen(ask: Ask) -> None:
    refused = ask(RANKING, address="203.0.113.9")
    assert refused.status_code == 403
    assert refused.json() == {
        "reason": "accessDenied.invalidIp",
        "message": "Invalid authorization: API key does not allow access from IP 203.0.113.9",
    }
    assert refused.headers["cache-control"] == "public max-age=600"


def test_a_direct_caller_cannot_claim_an_address(partner: Any) -> None:
    key = new_key(partner, [ADDRESS])
    claimed = {"x-sandbox-source-address": ADDRESS, "authorization": f"Bearer {key}"}
    assert "IP 127.0.0.1" in partner.get(RANKING, headers=claimed).json()["message"]


def test_a_range_allows_every_address_in_it(partner: Any, ask: Ask) -> None:
    wide = new_key(partner, ["198.51.100.0/24"])
    assert ask(RANKING, token=wide, address="198.51.100.200").status_code == 200


@pytest.mark.parametrize("token", ["nonsense", "a.b.c"])
def test_a_key_that_it_did_not_make_is_refused(ask: Ask, token: str) -> None:
    body = {"reason": "accessDenied", "message": "Invalid authorization"}
    assert ask(RANKING, token=token).json() == body


def test_a_revoked_key_is_refused(partner: Any, ask: Ask) -> None:
    key = new_key(partner, [ADDRESS])
    key_id = partner.post("/api/apikey/list").json()["keys"][-1]["id"]
    partner.post("/api/apikey/revoke", json={"id": key_id})
    assert ask(RANKING, token=key).json()["reason"] == "accessDenied"


def test_a_missing_key_is_refused(partner: Any) -> None:
    body = {"reason": "accessDenied", "message": "Missing authorization"}
    assert partner.get(RANKING).json() == body


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        (
            "/v1/locations/1/rankings/clans",
            400,
            {"reason": "badRequest", "message": "Unknown value for parameter locationId"},
        ),
        ("/v1/locations/32000006/rankings/pets", 404, {"reason": "notFound"}),
    ],
)
def test_what_does_not_exist_is_answered_in_its_words(
    ask: Ask, path: str, status: int, body: dict[str, str]
) -> None:
    answer = ask(path)
    assert (answer.status_code, answer.json()) == (status, body)


def test_cursors_lead_from_page_to_page(ask: Ask) -> None:
    first = ask(f"{RANKING}?limit=20").json()
    assert first["paging"] == {"cursors": {"after": "eyJwb3MiOjIwfQ"}}
    second = ask(f"{RANKING}?limit=20&after=eyJwb3MiOjIwfQ").json()
    assert second["items"][0]["rank"] == 21
    assert ask(f"{RANKING}?limit=200").json()["paging"] == {"cursors": {}}
    assert ask(f"{RANKING}?after=a&before=b").status_code == 400


def test_there_are_266_locations_and_regions_have_empty_rankings(ask: Ask) -> None:
    assert len(ask("/v1/locations").json()["items"]) == 200
    assert ask("/v1/locations/32000265").json()["name"] == ""
    assert ask("/v1/locations/32000000/rankings/clans").json()["items"] == []


def test_badges_are_pictures_and_the_same_name_is_the_same_picture(partner: Any) -> None:
    first, again = (partner.get("/badges/70/abc.png") for _ in range(2))
    assert first.headers["content-type"] == "image/png"
    assert first.content == again.content
    assert first.content != partner.get("/badges/70/abd.png").content
    assert partner.get("/badges/71/abc.png").status_code == 404


def test_the_portal_refuses_what_is_no_address_and_keeps_what_was_typed(partner: Any) -> None:
    form = {"name": "mine", "addresses": "203.0.113.7, nonsense"}
    refused = partner.post("/portal/keys", data=form)
    assert refused.status_code == 422
    assert "nonsense" in refused.text
    assert 'value="mine"' in refused.text


def test_the_portal_gives_at_most_ten_keys(partner: Any) -> None:
    for _ in range(10):
        new_key(partner, [ADDRESS])
    body = {"name": "k", "cidrRanges": [ADDRESS]}
    refused = partner.post("/api/apikey/create", json=body)
    assert refused.status_code == 400
    assert "Revoke one first" in refused.json()["description"]


def test_keys_survive_a_restart(tmp_path: Path) -> None:
    with TestClient(create_partner(tmp_path, TOKEN)) as first:
        key = new_key(first, [ADDRESS])
    with TestClient(create_partner(tmp_path, TOKEN)) as again:
        assert key in [k["key"] for k in again.post("/api/apikey/list").json()["keys"]]
