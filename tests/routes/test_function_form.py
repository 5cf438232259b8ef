"""The form for a new function: what it preselects, and where it leads when something is missing."""

from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import Session

from tests.routes.people import sign_in
from tests.services.rows import IP, a_key, a_network, add, an_address
from webapp.models import Network, Status

OTHER = "198.51.100.7"
NO_KEY = "No key matches this network."
NO_MATCH = "This key does not match the network."


def shown(page: str, text: str) -> bool:
    """The element is there, and its paragraph is not hidden."""
    return " hidden" not in page.partition(text)[0].rpartition("<p ")[2].partition(">")[0]


@pytest.fixture
def network(session: Session, client: Any, app: FastAPI) -> Network:
    sign_in(client, app)
    made = a_network("kept")
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
