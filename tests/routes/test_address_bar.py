"""What is in the address bar after a form was sent can be entered again, whatever the answer."""

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi import FastAPI
from sqlmodel import Session, select

from tests.fast import thorough
from tests.routes.all_routes import routes_of
from tests.routes.people import CREDENTIALS, sign_in
from tests.services.rows import a_function, a_key, a_network, add, an_address
from webapp.models import Account, AddressStatus, User, Whitelisting, folded

STATED = {"kind": "key", "scopes": ["clash"], "tier": "", "issued_at": "", "cidrs": []}
NAMES = {"networks": "net", "keys": "key", "functions": "fun", "accounts": "acc"}
ADDRESS = re.compile(r'data-address="([^"]*)"')


@pytest.fixture(autouse=True)
def rows(session: Session, client: Any, app: FastAPI) -> None:
    """One of each thing; the address's id is `lost`, the partner's `ann`."""
    sign_in(client, app)
    outputs = {"AvailabilityZones": "eu-central-1a", "ProbeFunctionNames": "probe"}
    network, key = a_network(outputs=outputs, stack_id="egret-network-net"), a_key(claims=STATED)
    settings = {"location": "32000006", "limit": 10}
    listed = Whitelisting(
        id="ann", network_id=network.id, partner="Ann", partner_folded=folded("Ann"), addresses=[]
    )
    account = Account(
        name="acc",
        number="123456789012",
        role_arn="arn:aws:iam::123456789012:role/x",
        external_id="x",
    )
    lost = an_address(ip="198.51.100.9", id="lost", status=AddressStatus.LOST)
    add(
        session,
        network,
        key,
        an_address(network),
        lost,
        a_function(network, key, settings=settings),
        listed,
        account,
    )


def filled(path: str, person: str) -> str:
    """The path of a route, to the rows that there are."""
    path = path.replace("{person}", person)
    path = path.replace("{name}", NAMES.get(path.split("/")[1], ""))
    return path.replace("{address_id}", "lost").replace("{whitelisting_id}", "ann")


def loads(client: Any, path: str) -> bool:
    """With Enter in the address bar, then with a reload."""
    answers = [client.get(path, follow_redirects=True) for _ in range(2)]
    # on an AWS that does not answer, pages that read it say so
    return all(answer.status_code in (200, 422, 503) for answer in answers)


@thorough("each form twice, and each address that follows")
@pytest.mark.parametrize("form", [{}, {"confirm": "wrong", "name": "\x07" * 99, "region": "mars"}])
def test_the_address_after_every_form_can_be_loaded(
    client: Any, app: FastAPI, session: Session, form: dict[str, str]
) -> None:
    """Accepted, refused at a field, or a conflict: each form, empty and filled in wrongly."""
    forms = [r for r in routes_of(app) if r.method == "POST" and not r.is_api]
    person = session.exec(select(User.id)).one()
    statuses, loaded = set[int](), set[str]()
    for route in sorted(forms, key=lambda each: each.path == "/sign-out"):
        path = filled(route.path, person)
        answer = client.post(path, data=form)
        statuses.add(answer.status_code)
        shown = ADDRESS.search(answer.text)
        address = answer.headers.get("location") or (shown and unescape(shown[1]))
        assert address, (path, answer.status_code)
        for each in {address, path} - loaded:
            assert loads(client, each), (path, each)
            loaded.add(each)
    assert statuses >= {303, 409, 422}


@pytest.mark.parametrize(
    ("path", "form", "kept"),
    [
        ("/networks", {"name": "kept", "cidr": "10.9.0.0/16"}, 'value="10.9.0.0/16"'),
        ("/networks/preflight", {"name": "kept", "cidr": "10.9.0.0/16"}, 'value="10.9.0.0/16"'),
        ("/keys", {"name": "kept", "note": "from Ann", "secret": "eyJhidden"}, "from Ann"),
        ("/functions", {"name": "kept", "network": "net", "key": "key"}, 'value="kept"'),
        ("/networks/net/schedule", {"idle_hours": "77"}, 'value="77"'),
        ("/networks/net/whitelist/partners", {"partner": "Bob & Co"}, 'value="Bob &amp; Co"'),
        ("/addresses", {"region": "us-east-1"}, "<option selected>us-east-1"),
        ("/addresses/adoption", {"adopt": "eipalloc-9"}, 'value="eipalloc-9"'),
        ("/addresses/lost/name", {"name": "the bank"}, 'value="the bank"'),
    ],
)
def test_each_form_that_creates_something_outlives_the_session(
    client: Any, path: str, form: dict[str, str], kept: str
) -> None:
    client.cookies.clear()
    ended = client.post(path, data=form)
    back = parse_qs(urlsplit(ended.headers["location"]).query)["next"][0]
    signed_in = client.post("/sign-in", data=CREDENTIALS | {"next": back})
    page = client.get(signed_in.headers["location"]).text
    assert kept in page
    assert "eyJhidden" not in page
