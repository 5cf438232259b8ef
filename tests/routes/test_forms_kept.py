"""Pages that answer a form: nothing typed is lost, and their address can be loaded again."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi import FastAPI
from sqlmodel import Session

from tests.routes.all_routes import routes_of
from tests.routes.people import CREDENTIALS, sign_in
from tests.services.rows import a_network, add, an_address
from webapp.models import AddressStatus, Network, Status
from webapp.rendering.drafts import page_of
from webapp.rendering.templating import NOTICE_COOKIE
from webapp.services import addresses

NETWORK = {"name": "kept", "availability_zones": "3", "nat": "per_az", "environment": "prod"}
SCHEDULE = {"weekly": "on", "days": ["sat"], "start": "07:15", "time_zone": "Asia/Tokyo"}


def test_a_form_sent_after_the_session_ended_is_filled_in_after_signing_in(
    client: Any, app: FastAPI
) -> None:
    sign_in(client, app)
    client.cookies.clear()
    answer = client.post("/networks", data=NETWORK)
    assert answer.status_code == 303
    assert "session%20has%20ended" in client.cookies[NOTICE_COOKIE]
    page = client.get(answer.headers["location"]).text
    assert "Your form is kept." in page
    back = parse_qs(urlsplit(answer.headers["location"]).query)["next"][0]
    credentials = CREDENTIALS | {"next": back}
    signed_in = client.post("/sign-in", data=credentials)
    assert signed_in.headers["location"] == back
    form = client.get(back).text
    assert 'value="kept"' in form
    assert 'name="availability_zones" value="3" checked' in form
    assert 'name="nat" value="per_az" checked' in form
    assert 'value="prod"' in form


TAGS = "\n".join(f"key-{number}={'v' * 250}" for number in range(35))
EMOJI = "\U0001f600" * 500


@pytest.mark.parametrize(
    ("path", "field", "text"), [("/networks", "tags", TAGS), ("/keys", "note", EMOJI)]
)
def test_a_long_form_is_kept_whole_for_who_signs_in(
    client: Any, app: FastAPI, path: str, field: str, text: str
) -> None:
    sign_in(client, app)
    session = dict(client.cookies)
    client.cookies.clear()
    ended = client.post(path, data={"name": "kept", field: text})
    location = ended.headers["location"]
    assert len(location) < 200
    assert "Your form is kept" in client.get(location).text
    back = parse_qs(urlsplit(location).query)["next"][0]
    assert client.get(back).status_code == 303  # not signed in: nothing of it is shown
    assert client.get(back.replace(f"{path}/new", "/setup")).status_code == 303
    client.cookies.update(session)
    for _ in range(2):
        assert text in client.get(back).text
    assert text not in client.get(back.replace(path, "/functions")).text
    refused = client.post(path, data={"name": "Not a name!", field: text})
    assert text in refused.text
    again = re.search(r'data-address="([^"]+)"', refused.text)
    assert again
    assert len(again[1]) < 200
    assert text in client.get(again[1]).text


def test_a_long_form_can_be_checked_first(client: Any, app: FastAPI) -> None:
    sign_in(client, app)
    answer = client.post("/networks/preflight", data=NETWORK | {"region": "mars", "tags": TAGS})
    assert answer.status_code == 303
    location = answer.headers["location"]
    assert re.fullmatch(r"/networks/preflight\?draft=[\w-]+#preflight", location)
    page = client.get(location)
    assert page.status_code == 422
    assert TAGS in page.text
    assert "mars" in page.text


def test_of_a_key_all_but_the_secret_is_kept_and_that_is_said(client: Any, app: FastAPI) -> None:
    sign_in(client, app)
    client.cookies.clear()
    sent = {"name": "clash", "secret": "eyJhidden", "note": "from Ann"}
    answer = client.post("/keys", data=sent)
    assert "hidden" not in str(answer.headers)
    assert "note%3Dfrom%2BAnn" in answer.headers["location"]
    assert "Your form is kept, except the key." in client.get(answer.headers["location"]).text


@pytest.mark.parametrize(
    ("sent_to", "page"),
    [
        ("/accounts", "/accounts?name=shop&number=444455556666"),
        ("/accounts/shop/connection", "/accounts/shop"),
        ("/accounts/shop/removal", "/accounts/shop"),
        ("/people", "/people?name=shop"),
        ("/people/shop/removal", "/people/shop"),
    ],
)
def test_a_form_of_an_admin_leads_back_to_its_page(client: Any, sent_to: str, page: str) -> None:
    sent = {"name": "shop", "number": "444455556666", "confirm": "shop"}
    answer = client.post(sent_to, data=sent)
    assert parse_qs(urlsplit(answer.headers["location"]).query)["next"] == [page]


@pytest.mark.usefixtures("network")
def test_the_schedule_and_a_partner_are_kept_as_well(client: Any, app: FastAPI) -> None:
    sign_in(client, app)
    page = client.get("/networks/kept/schedule", params=SCHEDULE).text
    assert 'value="sat" checked' in page
    assert 'value="mon" checked' not in page
    assert 'value="07:15"' in page
    assert "Asia/Tokyo" in page
    assert (
        'value="Ann &amp; Co"'
        in client.get("/networks/kept/whitelist", params={"partner": "Ann & Co"}).text
    )


def test_a_body_that_cannot_be_read_still_leads_to_the_sign_in_page(client: Any) -> None:
    large = client.post("/networks", data={"name": "x" * 200_000})
    assert large.status_code == 303
    assert large.headers["location"] == "/sign-in?next=%2Fnetworks%2Fnew"


def test_a_get_of_every_address_that_only_takes_a_form_leads_to_the_forms_page(
    client: Any, app: FastAPI
) -> None:
    pages = [route for route in routes_of(app) if not route.is_api]
    reads = [route for route in pages if route.reads]
    only_posts = [
        route.to_nothing
        for route in pages
        if not route.reads and not any(page.matches("GET", route.to_nothing) for page in reads)
    ]
    assert len(only_posts) > 20
    for path in only_posts:
        answer = client.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, page_of(path)), path


def test_a_refused_form_names_an_address_that_shows_it_again(client: Any, app: FastAPI) -> None:
    sign_in(client, app)
    refused = client.post("/networks", data=NETWORK | {"name": "Not a name!"})
    assert refused.status_code == 422
    address = "/networks/new?name=Not+a+name%21&amp;availability_zones=3"
    assert f'data-address="{address}' in refused.text
    assert 'value="Not a name!"' in client.get(address.replace("&amp;", "&")).text


def test_a_wrong_setup_token_can_be_corrected(client: Any) -> None:
    form = CREDENTIALS | {"token": "wrong"}
    page = client.post("/setup", data=form).text
    assert 'name="token" value="wrong" required' in page
    assert 'type="hidden" name="token"' not in page


@pytest.fixture
def network(session: Session) -> Network:
    outputs = {"AvailabilityZones": "eu-central-1a", "PrivateSubnetIds": "subnet-1"}
    made = a_network("kept", status=Status.PARKED, outputs=outputs)
    add(session, made, an_address(made, "203.0.113.9"))
    return made


def test_a_refused_action_links_what_to_do_and_the_previous_page(
    client: Any, app: FastAPI, session: Session, network: Network
) -> None:
    sign_in(client, app)
    (address,) = addresses.of_network(session, network.id)
    address.status = AddressStatus.LOST
    session.commit()
    refused = client.post("/networks/kept/unparking")
    assert refused.status_code == 409
    assert (
        f'href="/addresses?from={address.id}#address-{address.id}">Open 203.0.113.9' in refused.text
    )
    assert 'href="/networks/kept">Back to the previous page' in refused.text
