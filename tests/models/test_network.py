"""A network: how many NAT gateways its shape has, where they are, and what they cost."""

from typing import Any

import pytest

from webapp.models import Nat, Network, NewNetwork, Shape, Status
from webapp.models.network import NAT_GATEWAY_IDS, UNDELETED_NAT_GATEWAY_IDS

NAT_USD, ADDRESS_USD = 32.85, 3.65
ZONES = {"AvailabilityZones": "r-a,r-b"}


def network(**columns: Any) -> Network:
    usual: dict[str, Any] = {"status": Status.READY, "availability_zones": 2, "nat": Nat.PER_AZ}
    return Network(name="net", region="r", cidr="10.0.0.0/16", **usual | columns)


@pytest.mark.parametrize(
    ("zones", "nat", "nat_gateways"),
    [(1, Nat.SINGLE, 1), (3, Nat.SINGLE, 1), (1, Nat.PER_AZ, 1), (3, Nat.PER_AZ, 3)],
)
def test_a_shape_has_one_nat_gateway_or_one_in_each_zone(
    zones: int, nat: Nat, nat_gateways: int
) -> None:
    assert Shape(zones, nat).nat_gateways == nat_gateways
    new = NewNetwork(name="net", region="r", availability_zones=zones, nat=nat)
    assert new.shape == Shape(zones, nat)


@pytest.mark.parametrize(
    ("columns", "position", "zone"),
    [
        ({"outputs": ZONES}, 0, "r-a"),
        ({"outputs": ZONES}, 1, "r-b"),
        ({"outputs": ZONES}, 2, None),
        ({"outputs": ZONES}, None, None),
        ({"outputs": ZONES, "nat": Nat.SINGLE}, 1, None),
        ({}, 0, None),
    ],
)
def test_a_nat_gateway_is_in_the_zone_of_its_position(
    columns: dict[str, Any], position: int | None, zone: str | None
) -> None:
    assert network(**columns).zone_of(position) == zone


def test_a_pending_change_has_the_shape_that_it_leads_to() -> None:
    assert network().changed_shape is None
    change = {"availability_zones": 3, "nat": "per_az", "preview": []}
    assert network(change=change).changed_shape == Shape(3, Nat.PER_AZ)


def test_hours_are_read_back_as_they_were_stored() -> None:
    hours = {"time_zone": "UTC", "days": ["mon"], "start": "08:00", "end": "18:00"}
    read = network(hours=hours).weekly_hours
    assert read is not None
    assert read.days == ("mon",)
    assert network().weekly_hours is None


@pytest.mark.parametrize(
    ("columns", "nat_gateways", "addresses"),
    [
        ({}, 2, 2),
        ({"nat": Nat.SINGLE}, 1, 1),
        ({"status": Status.PARKED}, 0, 2),
        ({"status": Status.PARKED, "outputs": {UNDELETED_NAT_GATEWAY_IDS: "nat-1"}}, 1, 2),
        ({"status": Status.FAILED}, 0, 2),
        ({"status": Status.FAILED, "outputs": ZONES}, 2, 2),
        ({"change": {"availability_zones": 3, "nat": "per_az"}}, 2, 3),
        ({"unwanted": True, "outputs": {NAT_GATEWAY_IDS: "nat-1"}}, 1, 2),
        ({"unwanted": True}, 0, 2),
    ],
    ids=[
        "ready",
        "one NAT gateway for all zones",
        "parked",
        "parked, but AWS could not delete a NAT gateway",
        "never created",
        "failed later",
        "with the addresses of a pending change",
        "being deleted, with what is left",
        "being deleted, with nothing left",
    ],
)
def test_a_network_costs_what_it_has_just_now(
    columns: dict[str, Any], nat_gateways: int, addresses: int
) -> None:
    cost = round(nat_gateways * NAT_USD + addresses * ADDRESS_USD, 2)
    assert network(**columns).monthly_cost_usd == cost


def test_a_row_is_referred_to_by_its_kind_and_id() -> None:
    made = network(outputs={"Ids": "a,,b"})
    assert made.owner == f"network:{made.id}"
    assert (made.output_list("Ids"), made.output_list("None")) == (["a", "b"], [])
