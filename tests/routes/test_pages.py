"""What pages show of networks, addresses and functions that are in trouble."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import Session

from tests.routes.conftest import HOST
from tests.routes.test_safety import setup
from webapp.models import Address, AddressStatus, Function, Key, Nat, Network, Status
from webapp.services import addresses

IP = "203.0.113.77"


@pytest.fixture
def client(app: FastAPI) -> Iterator[Any]:
    """Signed in."""
    with TestClient(app, base_url=HOST) as opened:
        setup(opened, app)
        yield opened


@pytest.fixture
def network(session: Session) -> Network:
    made = Network(
        name="troubled",
        status=Status.PARKED,
        region="eu-central-1",
        cidr="10.0.0.0/16",
        availability_zones=1,
        nat=Nat.SINGLE,
        outputs={"AvailabilityZones": "eu-central-1a", "PrivateSubnetIds": "subnet-1,subnet-2"},
    )
    address = Address(region=made.region, public_ip=IP, network_id=made.id, position=0)
    address.status = AddressStatus.IN_USE
    session.add(made)
    session.flush()
    session.add(address)
    session.commit()
    return made


def test_a_parked_network_says_why_it_could_not_be_unparked(
    client: Any, session: Session, network: Network
) -> None:
    network.reason, network.remedy = "NatGateway1: it failed.", "Read the reason."
    session.commit()
    page = client.get("/networks/troubled").text
    assert "NatGateway1: it failed." in page
    assert "Read the reason." in page


def test_a_parked_network_counts_as_made(client: Any, session: Session, network: Network) -> None:
    assert "1 of 4 done" in client.get("/").text
    network.outputs = {}
    session.commit()
    assert "0 of 4 done" in client.get("/").text


def test_a_lost_address_is_an_alarm_and_not_offered_for_whitelisting(
    client: Any, session: Session, network: Network
) -> None:
    pages = ("/", "/networks", "/networks/troubled", "/networks/troubled/whitelist")
    for path in pages:
        assert f'data-copy="{IP}' in client.get(path).text, path
    (address,) = addresses.of_network(session, network.id)
    address.status = AddressStatus.LOST
    session.commit()
    for path in ("/networks/troubled", "/networks/troubled/whitelist"):
        assert f"{IP} of troubled is lost" in client.get(path).text
    for path in pages:
        assert f'data-copy="{IP}' not in client.get(path).text, path
    assert f"{IP} of troubled was released outside Egret" in client.get("/").text


def test_a_function_that_could_not_follow_its_network_can_be_told_to_try_again(
    client: Any, session: Session, network: Network
) -> None:
    key = Key(
        name="k",
        partner="clash_of_clans",
        region=network.region,
        secret_arn="arn",
        kms_key_arn="arn",
        fingerprint="f",
    )
    session.add(key)
    session.flush()
    function = Function(
        name="lagging",
        status=Status.READY,
        template="clash_rankings",
        network_id=network.id,
        key_id=key.id,
        reason="Function: it failed.",
        settings={"location": "32000006", "limit": 10},
        outputs={"SubnetIds": "subnet-1"},
    )
    session.add(function)
    session.commit()
    page = client.get("/functions/lagging").text
    assert "Function: it failed." in page
    assert 'action="/functions/lagging/attempts"' in page


def test_addresses_that_no_network_uses_are_one_line_of_the_overview(
    client: Any, session: Session, network: Network
) -> None:
    for position in range(3):
        idle = Address(region=network.region, public_ip=f"203.0.113.{position}")
        idle.status = AddressStatus.FREE
        session.add(idle)
    session.commit()
    page = client.get("/").text
    assert page.count("not used by any network") == 1
    assert "3 addresses are not used by any network and cost 10.95 USD per month." in page


def test_a_deleted_network_leaves_a_word_for_the_list(client: Any) -> None:
    stream = client.get("/networks/gone/stream").text
    assert "event: gone" in stream
    assert "data: /networks\ndata: gone is deleted." in stream
