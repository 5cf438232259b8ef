"""Networks as they are shown: a list shows of each what its own page shows."""

import pytest
from sqlmodel import Session

from tests.services.rows import (
    REGION,
    ZONES,
    a_network,
    a_proof,
    add,
    add_everything,
    add_function,
    ago,
    an_address,
    an_event,
)
from webapp.errors import NotFound
from webapp.models import Nat, Status
from webapp.services import networks
from webapp.services.networks.details import TYPICAL_S


def test_a_list_shows_of_each_network_what_its_own_page_shows(session: Session) -> None:
    for number in range(3):
        add_everything(session, number)
    every = networks.listing.details_page(session).rows
    assert len(every) == 3
    for listed in every:
        alone = networks.detail(session, listed.network.name)
        assert listed.addresses == alone.addresses
        assert listed.proofs == alone.proofs
        assert [proof.ok for proof in listed.proofs] == [True, True]
        assert (listed.zones, listed.functions) == (alone.zones, alone.functions)


def test_only_the_page_of_a_network_has_its_progress(session: Session) -> None:
    add(session, a_network(status=Status.CREATING))
    (listed,) = networks.listing.details_page(session).rows
    progress = networks.detail(session, "net").progress
    assert listed.progress is None
    assert progress is not None
    assert progress.typical_s == TYPICAL_S


def test_networks_are_listed_by_name(session: Session) -> None:
    add(session, a_network("b"), a_network("a"))
    assert [listed.network.name for listed in networks.listing.details_page(session).rows] == [
        "a",
        "b",
    ]


def test_a_networks_functions_are_those_in_it(session: Session) -> None:
    function, other = add_function(session), a_network("other")
    add(session, other)
    assert networks.functions_in(session, networks.get(session, "net")) == [function]
    assert networks.functions_in(session, other) == []


def test_zones_are_drawn_before_they_exist(session: Session) -> None:
    add(session, a_network(availability_zones=2, status=Status.REQUESTED))
    zones = networks.detail(session, "net").zones
    assert [zone.name for zone in zones] == [f"{REGION}a", f"{REGION}b"]
    assert len({zone.public_cidr for zone in zones} | {zone.private_cidr for zone in zones}) == 4


@pytest.mark.parametrize(
    ("nat", "status", "with_nat"),
    [
        (Nat.SINGLE, Status.READY, [True, False]),
        (Nat.PER_AZ, Status.READY, [True, True]),
        (Nat.PER_AZ, Status.PARKED, [False, False]),
    ],
)
def test_a_zone_has_a_nat_gateway_by_the_networks_shape_unless_it_is_parked(
    session: Session, nat: Nat, status: Status, with_nat: list[bool]
) -> None:
    outputs = {"AvailabilityZones": ",".join(ZONES)}
    network = a_network(availability_zones=2, nat=nat, status=status, outputs=outputs)
    used = [an_address(network, f"203.0.113.{n}", position=n) for n in range(network.nat_gateways)]
    add(session, network, *used)
    zones = networks.detail(session, "net").zones
    assert [zone.nat for zone in zones] == with_nat
    assert [zone.address for zone in zones if zone.address] == [each.public_ip for each in used]


@pytest.mark.parametrize(("status", "undeleted"), [(Status.FAILED, 1), (Status.DELETING, 0)])
def test_what_could_not_be_deleted_is_listed_once_the_deletion_has_failed(
    session: Session, status: Status, undeleted: int
) -> None:
    network = a_network(status=status)
    add(session, network, an_event(network, "DELETE_FAILED"))
    assert len(networks.detail(session, "net").undeleted) == undeleted


@pytest.mark.parametrize(
    ("status", "ready_s_ago", "proven_s_ago", "settled"),
    [
        (Status.CREATING, 0, None, False),
        (Status.READY, 5, None, False),
        (Status.READY, 5, 100, False),
        (Status.READY, 5, 1, True),
        (Status.READY, 100, None, True),
        (Status.PARKED, 5, None, True),
    ],
)
def test_a_network_is_settled_once_its_first_proof_is_there_or_does_not_come(
    session: Session, status: Status, ready_s_ago: int, proven_s_ago: int | None, settled: bool
) -> None:
    network = a_network(status=status, updated_at=ago(ready_s_ago))
    add(session, network)
    if proven_s_ago is not None:
        add(session, a_proof(network, at=ago(proven_s_ago)))
    assert networks.detail(session, "net").settled is settled


def test_an_unknown_network_is_not_found(session: Session) -> None:
    assert networks.find(session, "none") is None
    for ask in (networks.get, networks.detail):
        with pytest.raises(NotFound):
            ask(session, "none")
