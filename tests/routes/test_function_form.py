"""The form for a new function: what it preselects, and where it leads when something is missing."""

from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import Session, select

from tests.routes.people import sign_in
from tests.services.rows import IP, a_function, a_key, a_network, add, an_address
from webapp.models import Function, Network, Status

OTHER = "198.51.100.7"
NO_KEY = "No key fits this network and template."
NO_MATCH = "This key does not match the network."


def shown(page: str, text: str) -> bool:
    """The element is there, and its paragraph is not hidden."""
    return " hidden" not in page.partition(text)[0].rpartition("<p ")[2].partition(">")[0]


@pytest.fixture
def network(session: Session, client: Any, app: FastAPI) -> Network:
    sign_in(client, app)
    outputs = {"PrivateSubnetIds": "subnet-1", "SecurityGroupId": "sg-1"}
    made = a_network("kept", outputs=outputs)
    add(session, made, an_address(made))
    return made


@pytest.mark.usefixtures("network")
def test_it_starts_with_a_network_and_a_key_that_match(client: Any, session: Session) -> None:
    add(session, a_key("a-first", cidrs=(OTHER,)), a_key("b-good"))
    form = client.get("/functions/new").text
    assert 'value="kept" selected' in form
    assert 'value="b-good" data-matches="kept" selected' in form
    assert not shown(form, NO_KEY)
    assert not shown(form, NO_MATCH)


@pytest.mark.usefixtures("network")
def test_a_key_that_was_chosen_stays_and_its_mismatch_is_said(
    client: Any, session: Session
) -> None:
    add(session, a_key("a-first", cidrs=(OTHER,)), a_key("b-good"))
    form = client.get("/functions/new?key=a-first").text
    assert 'value="a-first" data-matches="" selected' in form
    assert "a-first (matches no network)" in form
    assert shown(form, NO_MATCH)


@pytest.mark.usefixtures("network")
def test_nothing_is_chosen_that_does_not_match(client: Any, session: Session) -> None:
    add(session, a_key("a-first", cidrs=(OTHER,)))
    form = client.get("/functions/new").text
    assert 'data-matches="" selected' not in form
    assert shown(form, NO_KEY)
    other = a_network("other")
    add(session, other, an_address(other, OTHER + "0"))
    form = client.get("/functions/new").text
    assert form.count('<option value="">Choose…') == 2
    assert 'value="kept" selected' not in form
    assert not shown(form, NO_KEY)


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        ({"status": Status.FAILED, "unwanted": True}, "could not be deleted."),
        ({"status": Status.FAILED}, "has failed: try again there."),
        ({"status": Status.DELETING, "unwanted": True}, "is being deleted."),
        ({"status": Status.PARKED}, "is parked: unpark it first."),
    ],
)
def test_without_a_ready_network_it_says_why_and_links_to_a_new_one(
    client: Any, session: Session, network: Network, columns: dict[str, Any], text: str
) -> None:
    network.sqlmodel_update(columns)
    add(session, network, a_key(cidrs=(IP,)))
    page = client.get("/functions/new").text
    assert f'<a href="/networks/kept">kept</a> {text}' in page
    assert '<a href="/networks/new">create another</a>' in page


def deployment(**fields: str) -> dict[str, str]:
    usual = {"name": "fun", "template": "clash_rankings", "network": "kept", "key": "good"}
    return usual | {"settings.location": "32000006", "settings.limit": "10"} | fields


@pytest.mark.usefixtures("network")
def test_an_open_endpoint_is_confirmed_by_typing_the_functions_name(
    client: Any, session: Session
) -> None:
    add(session, a_key("good"))
    wrong = deployment(access="open", confirm="fan", stage="a stage")
    refused = client.post("/functions", data=wrong)
    assert 'id="stage-error"' in refused.text
    assert refused.status_code == 422
    assert 'id="confirm-error"' in refused.text
    made = client.post("/functions", data=deployment(access="open", confirm="fun"))
    assert made.headers["location"] == "/functions/fun"
    page = client.get("/functions/fun").text
    assert "Everyone on the internet can call this endpoint." in page


@pytest.mark.usefixtures("network")
def test_a_stage_and_a_path_are_chosen_and_come_back_when_they_are_wrong(
    client: Any, session: Session
) -> None:
    add(session, a_key("good"))
    refused = client.post("/functions", data=deployment(stage="a b", path="x//y"))
    assert refused.status_code == 422
    for text in ('id="stage-error"', 'id="path-error"', 'value="x//y"', 'value="a b"'):
        assert text in refused.text
    client.post("/functions", data=deployment(stage="prod", path="/top10ClashOfClans/"))
    function = session.exec(select(Function)).one()
    assert (function.stage, function.path) == ("prod", "top10ClashOfClans")


def test_opening_an_endpoint_to_everyone_is_confirmed_too(
    client: Any, session: Session, network: Network
) -> None:
    key = a_key("good")
    settings = {"location": "32000006", "limit": 10, "ranking": "clans"}
    add(session, key, a_function(network, key, settings=settings))
    edited = deployment(access="open", memory_mb="256", timeout_s="28")
    edited |= {"settings.ranking": "clans"}
    for confirm, status in (("fan", 422), ("fun", 200)):
        reviewed = client.post("/functions/fun/edit", data=edited | {"confirm": confirm})
        assert reviewed.status_code == status
        assert ('id="confirm-error"' in reviewed.text) == (status == 422)
    assert 'name="confirm" value="fun"' in reviewed.text, "which deploys it"
