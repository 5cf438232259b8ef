"""Health: what is ready is not healthy while calls do not get out, or the partner refuses them."""

import pytest

from webapp.models import (
    Address,
    AddressStatus,
    Function,
    Nat,
    Network,
    Proof,
    Status,
)
from webapp.services.inspection import health
from webapp.services.inspection.health import FINE, Health, Level

IP = "203.0.113.7"
ZONE = "eu-central-1{}"
BROKEN = Health(Level.FAILING, "All zones broken")
HALF = Health(Level.DEGRADED, "1 of 2 zones broken")


def network(status: Status = Status.READY, nat: Nat = Nat.SINGLE, reason: str = "") -> Network:
    return Network(
        name="n",
        region="eu-central-1",
        cidr="10.0.0.0/16",
        availability_zones=2,
        nat=nat,
        status=status,
        reason=reason,
    )


def proofs(*seen: str | None) -> list[Proof]:
    return [
        Proof(network_id="n", availability_zone=ZONE.format(letter), expected_ip=IP, seen_ip=ip)
        for letter, ip in zip("abc", seen, strict=False)
    ]


def addresses(*statuses: AddressStatus) -> list[Address]:
    return [Address(region="eu-central-1", public_ip=IP, status=status) for status in statuses]


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ((IP, IP), FINE),
        ((), FINE),
        ((IP, None), HALF),
        (("198.51.100.1", IP), HALF),
        ((None, None), BROKEN),
        ((None,), Health(Level.FAILING, "Zone broken")),
    ],
)
def test_one_broken_zone_of_two_is_told_from_all(
    seen: tuple[str | None, ...], expected: Health
) -> None:
    assert health.of_network(network(), addresses(AddressStatus.IN_USE), proofs(*seen)) == expected


def test_the_proofs_of_a_parked_network_say_nothing_about_it() -> None:
    parked = network(Status.PARKED)
    assert health.of_network(parked, addresses(AddressStatus.IN_USE), proofs(None, None)) == FINE
    assert health.broken_zones(parked, proofs(None)) == []


def test_a_network_in_alarm_stays_so_while_it_is_updated() -> None:
    updating, used = network(Status.UPDATING), addresses(AddressStatus.IN_USE)
    assert health.of_network(updating, used, proofs(IP, None)) == HALF
    assert health.of_network(updating, used, proofs(IP, IP)) == FINE
    assert health.broken_zones(updating, proofs(IP, None)) == [ZONE.format("b")]


def test_what_has_failed_is_failing() -> None:
    failed = network(Status.FAILED, reason="no room")
    of_failed = health.of_network(failed, addresses(AddressStatus.IN_USE), proofs(IP, IP))
    assert of_failed == health.FAILED
    function = Function(name="f", template="t", network_id="n", key_id="k", status=Status.FAILED)
    assert health.of_function(function, network(), FINE, failed=False) == health.FAILED


@pytest.mark.parametrize("status", [Status.READY, Status.UPDATING, Status.PARKED])
def test_a_lost_address_is_worse_than_a_broken_zone(status: Status) -> None:
    lost, used = AddressStatus.LOST, AddressStatus.IN_USE
    one = health.of_network(network(status), addresses(lost), proofs(None, IP))
    assert one == Health(Level.FAILING, "Address lost")
    half = health.of_network(network(status, Nat.PER_AZ), addresses(used, lost), proofs(IP, None))
    assert half == Health(Level.DEGRADED, "1 of 2 addresses lost")


def test_an_update_that_was_rolled_back_is_not_fine() -> None:
    rolled_back = network(reason="NatGateway1: it failed.")
    found = health.of_network(rolled_back, addresses(AddressStatus.IN_USE), proofs(IP, IP))
    assert found == Health(Level.DEGRADED, "Update failed")


@pytest.mark.parametrize(
    ("status", "of_its_network", "failed", "expected"),
    [
        (Status.READY, FINE, False, FINE),
        (Status.READY, FINE, True, Health(Level.FAILING, "Calls fail")),
        (Status.READY, BROKEN, False, Health(Level.FAILING, "Network: All zones broken")),
        (Status.READY, HALF, False, Health(Level.DEGRADED, "Network: 1 of 2 zones broken")),
        (Status.READY, health.UPDATE_FAILED, False, FINE),
        (Status.CREATING, BROKEN, True, FINE),
    ],
)
def test_a_function_is_as_well_as_its_calls_and_its_network(
    status: Status, of_its_network: Health, failed: bool, expected: Health
) -> None:
    function = Function(name="f", template="t", network_id="n", key_id="k", status=status)
    assert health.of_function(function, network(), of_its_network, failed) == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status.FAILED, Health(Level.FAILING, "Network failed")),
        (Status.UPDATING, FINE),
        *(
            (status, Health(Level.DEGRADED, f"Network {status}"))
            for status in Status
            if status not in (Status.FAILED, Status.UPDATING, Status.READY)
        ),
    ],
)
def test_a_function_reaches_nobody_through_a_network_that_is_out_of_service(
    status: Status, expected: Health
) -> None:
    function = Function(name="f", template="t", network_id="n", key_id="k", status=Status.READY)
    of_its_network = health.of_network(network(status), addresses(AddressStatus.IN_USE), [])
    assert health.of_function(function, network(status), of_its_network, False) == expected


def test_a_function_whose_update_was_rolled_back_is_not_fine() -> None:
    function = Function(name="f", template="t", network_id="n", key_id="k", status=Status.READY)
    function.reason = "Function: it failed."
    assert health.of_function(function, network(), FINE, failed=False) == health.UPDATE_FAILED
