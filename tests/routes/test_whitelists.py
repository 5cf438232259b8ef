"""The whitelist's page: of a network that is going away, nobody is asked to whitelist anything."""

from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import Session

from tests.routes.people import sign_in
from tests.services.rows import a_network, add, an_address
from webapp.models import Status, Whitelisting, folded

ASKING = ("Please allow", "Mark as", "Create public link", "mailto:", "sent again", "Verified when")
PATH = "/networks/net/whitelist"


@pytest.mark.parametrize(
    ("status", "unwanted", "asks"),
    [
        (Status.READY, False, True),
        (Status.FAILED, False, True),
        (Status.DELETING, True, False),
        (Status.FAILED, True, False),
    ],
)
def test_only_a_network_that_stays_asks_for_its_addresses_to_be_whitelisted(
    client: Any, app: FastAPI, session: Session, *, status: Status, unwanted: bool, asks: bool
) -> None:
    sign_in(client, app)
    network = a_network(status=status, unwanted=unwanted)
    listed = Whitelisting(
        network_id=network.id, partner="Ann", partner_folded=folded("Ann"), addresses=[]
    )
    add(session, network, an_address(network), listed)
    page = client.get(PATH).text
    assert ("send this list to anyone" in page) == (not asks)
    found = [text for text in ASKING if text in page]
    assert bool(found) == asks, found
    assert "Remove Ann" in page
    shown = client.get("/networks/net").text
    assert ("Paste it into" in shown) == ("Address to whitelist" in shown) == asks


def test_its_public_link_can_still_be_withdrawn(
    client: Any, app: FastAPI, session: Session
) -> None:
    sign_in(client, app)
    network = a_network(status=Status.DELETING, unwanted=True, link="secret")
    add(session, network, an_address(network))
    assert "Withdraw link" in client.get(PATH).text
