"""A change: refused when it would lose an address or a call; withdrawn without any trace."""

from typing import Any

import pytest
from sqlmodel import Session

from tests.services.rows import IP, REGION, ZONES, a_function, a_key, a_network, add, an_address
from tests.services.scripted import NOTHING_USED, STACK_ID, ScriptedAws
from webapp.aws.errors import NotReached, QuotaExceeded
from webapp.errors import Conflict, Invalid
from webapp.models import AddressStatus, Nat, Network, NewChange, Site, Status
from webapp.scope import CloudScope
from webapp.services import addresses
from webapp.services.engine import leases
from webapp.services.networks import change

SECOND_IP = "203.0.113.8"
PENDING = {"availability_zones": 2, "nat": "per_az", "preview": [{"action": "Add"}]}


def changing(session: Session, **columns: Any) -> Network:
    """A network with a pending change, whose second address is allocated."""
    network = a_network(**{"change": PENDING} | columns)
    add(session, network, an_address(network), an_address(network, SECOND_IP, position=1))
    return network


@pytest.mark.parametrize(
    ("columns", "new", "code"),
    [
        ({"status": Status.PARKED}, {"availability_zones": 2}, "wrong_status"),
        ({"change": PENDING}, {"availability_zones": 2}, "change_proposed"),
        ({"availability_zones": 2}, {"availability_zones": 1}, "would_lose_address"),
        (
            {"availability_zones": 2, "nat": Nat.PER_AZ},
            {"availability_zones": 3, "nat": Nat.SINGLE},
            "would_lose_address",
        ),
    ],
)
def test_a_change_is_only_for_a_ready_network_and_only_up(
    offline: CloudScope, columns: dict[str, Any], new: dict[str, Any], code: str
) -> None:
    add(offline.session, a_network(**columns))
    with pytest.raises(Conflict) as refused:
        change.create(offline, "net", NewChange(**new))
    assert refused.value.code == code


@pytest.mark.parametrize("count", [1, 3])
def test_zones_that_are_not_as_many_as_was_chosen_are_told_in_whole_numbers(
    offline: CloudScope, count: int
) -> None:
    add(offline.session, a_network())
    with pytest.raises(Invalid) as refused:
        change.create(offline, "net", NewChange(availability_zones=count, zones=[ZONES[1]]))
    assert refused.value.errors == {
        "zones": "With the 1 zone that you named there are 2, but you chose "
        f"{count}. Choose 2, or name others, or none."
    }


@pytest.mark.parametrize("zones", [0, 1, 4])
def test_a_shape_that_is_the_same_or_too_large_is_refused_at_its_field(
    offline: CloudScope, zones: int
) -> None:
    add(offline.session, a_network())
    with pytest.raises(Invalid) as refused:
        change.create(offline, "net", NewChange(availability_zones=zones))
    assert list(refused.value.errors) == ["availability_zones"]


def test_a_network_with_one_zone_has_the_same_shape_with_either_kind_of_nat(
    offline: CloudScope,
) -> None:
    add(offline.session, a_network())
    with pytest.raises(Invalid, match="already has this shape"):
        change.create(offline, "net", NewChange(nat=Nat.PER_AZ))


def test_a_change_without_room_for_its_address_is_refused_and_leaves_nothing(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    """Both places are those of a network that has no address yet."""
    session = scripted.session
    zones = [{"ZoneName": zone, "ZoneId": zone} for zone in ZONES]
    aws.answers |= NOTHING_USED | {"DescribeAvailabilityZones": {"AvailabilityZones": zones}}
    network, rival = a_network(zones=ZONES[:1]), a_network("rival", status=Status.REQUESTED)
    unallocated = [
        an_address(rival, "", allocation_id=None, position=number) for number in range(2)
    ]
    add(session, network, an_address(network), rival, *unallocated)
    with pytest.raises(QuotaExceeded, match="2 of 2 Elastic IP addresses"):
        change.create(scripted, "net", NewChange(availability_zones=2, nat=Nat.PER_AZ))
    session.refresh(network)
    assert (network.change, len(addresses.of_network(session, network.id))) == ({}, 1)


# --- Confirming -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"change": {}}, "no_change_proposed"),
        ({"status": Status.PARKED}, "wrong_status"),
        ({"change": PENDING | {"preview": []}}, "change_not_previewed"),
    ],
)
def test_only_a_previewed_change_of_a_ready_network_is_confirmed(
    offline: CloudScope, columns: dict[str, Any], code: str
) -> None:
    changing(offline.session, **columns)
    with pytest.raises(Conflict) as refused:
        change.confirm(offline, "net")
    assert refused.value.code == code


def test_a_change_that_a_key_in_use_does_not_allow_must_be_confirmed_anyway(
    offline: CloudScope,
) -> None:
    network, key = changing(offline.session), a_key("bank")
    add(offline.session, key, a_function(network, key))
    with pytest.raises(Conflict, match=f"The key bank does not allow {SECOND_IP}"):
        change.confirm(offline, "net")
    assert change.confirm(offline, "net", anyway=True).status is Status.UPDATING


def test_a_change_under_way_is_the_answer_to_another_confirmation(offline: CloudScope) -> None:
    network = changing(offline.session, status=Status.UPDATING)
    before = network.operation_id
    assert change.confirm(offline, "net").operation_id == before


def test_a_change_whose_room_somebody_else_has_taken_is_not_confirmed(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    """Of its two NAT gateways, only the second needs room: in the second zone."""
    zones = {"zones": list(ZONES)}
    network = changing(scripted.session, zones=ZONES[:1], change=PENDING | zones)
    aws.answers |= NOTHING_USED | {"GetServiceQuota": {"Quota": {"Value": 1}}}
    add(scripted.session, a_network("rival", status=Status.CREATING, zones=[ZONES[1]]))
    with pytest.raises(QuotaExceeded, match=f"1 of 1 NAT gateways in {ZONES[1]} in use"):
        change.confirm(scripted, "net")
    scripted.session.refresh(network)
    assert network.status is Status.READY


def test_a_change_is_confirmed_when_there_is_room_for_it_once(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    zones = {"zones": list(ZONES)}
    changing(scripted.session, zones=ZONES[:1], change=PENDING | zones, stack_id=STACK_ID)
    aws.answers |= NOTHING_USED | {"GetServiceQuota": {"Quota": {"Value": 1}}}
    assert change.confirm(scripted, "net").status is Status.UPDATING


def test_only_keys_of_the_networks_functions_can_be_insufficient(session: Session) -> None:
    network = changing(session)
    used, unused, good = a_key("used"), a_key("unused"), a_key("good", cidrs=(IP, SECOND_IP))
    functions = [a_function(network, used, "one"), a_function(network, good, "two")]
    add(session, used, unused, good, *functions)
    found = change.insufficient_keys(session, network)
    assert [match.key.name for match in found] == ["used"]


# --- Withdrawing ------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.READY, Status.PARKED])
def test_a_withdrawn_change_leaves_its_addresses_free(offline: CloudScope, status: Status) -> None:
    network = changing(offline.session, status=status)
    _, new = addresses.of_network(offline.session, network.id)
    change.withdraw(offline, "net")
    assert network.change == {}
    assert (new.status, new.network_id) == (AddressStatus.FREE, None)
    assert [a.public_ip for a in addresses.of_network(offline.session, network.id)] == [IP]


@pytest.mark.parametrize(
    ("columns", "code"),
    [({"change": {}}, "no_change_proposed"), ({"status": Status.UPDATING}, "wrong_status")],
)
def test_only_a_pending_change_that_is_not_being_applied_is_withdrawn(
    offline: CloudScope, columns: dict[str, Any], code: str
) -> None:
    network = changing(offline.session, **columns)
    with pytest.raises(Conflict) as refused:
        change.withdraw(offline, "net")
    assert refused.value.code == code
    assert len(addresses.of_network(offline.session, network.id)) == 2


def test_a_change_is_not_withdrawn_while_its_addresses_are_being_allocated(
    offline: CloudScope,
) -> None:
    network = changing(offline.session)
    leases.begin(offline.session, network.owner)
    with pytest.raises(Conflict) as refused:
        change.withdraw(offline, "net")
    assert refused.value.code == "busy"
    assert network.change == PENDING
    assert addresses.free(offline.session, Site(None, REGION)) == []


def test_a_withdrawal_that_aws_did_not_answer_can_be_tried_again_at_once(
    offline: CloudScope,
) -> None:
    """The address may be allocated although nobody has seen the answer, so AWS is asked."""
    network = a_network(change=PENDING)
    unknown = an_address(network, position=1, public_ip=None, allocation_id=None)
    add(offline.session, network, an_address(network), unknown)
    for _ in range(2):
        with pytest.raises(NotReached):
            change.withdraw(offline, "net")
    assert network.change == PENDING
