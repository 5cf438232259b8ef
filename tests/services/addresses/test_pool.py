"""The pool: free addresses in their order, given to one network only, and free again after it."""

from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import Session

from tests.postgresql import on_either_database
from tests.services import rows
from tests.services.rows import add, ago, an_address
from tests.services.scripted import ScriptedAws
from webapp.aws import Cloud
from webapp.errors import Conflict, Invalid
from webapp.models import Address, AddressStatus, Nat, Network, NewNetwork, Site
from webapp.scope import CloudScope
from webapp.services import addresses
from webapp.services.addresses import pool

REGION = "eu-west-1"


@on_either_database
def test_a_free_address_is_not_given_to_two_networks(
    scope: CloudScope, session: Session, engine: Engine
) -> None:
    row = addresses.create(scope, site=Site(None, REGION))
    with Session(engine) as other:
        read = addresses.get(other, row.id)
        for each, name in ((session, "first"), (other, "second")):
            network = a_network(name)
            each.add(network)
            each.flush()
            pool.reserve(each, network, with_address(row))
            if each is session:
                session.commit()
        assert read.network_id == network.id
        with pytest.raises(StaleDataError):
            other.commit()
    row.network_id = row.position = None
    session.commit()
    addresses.release(scope, row.id, typed=row.public_ip or "")


def test_free_addresses_are_listed_oldest_first(session: Session) -> None:
    new, old = an_address(ip="203.0.113.1"), an_address(ip="203.0.113.2", created_at=ago(60))
    elsewhere = an_address(ip="203.0.113.3", region=REGION)
    lost = an_address(ip="203.0.113.4", status=AddressStatus.LOST)
    add(session, new, old, elsewhere, lost)
    assert pool.free(session, Site(None, new.region)) == [old, new]
    assert pool.free(session, Site(None, REGION)) == [elsewhere]
    assert pool.free(session) == [old, new, elsewhere]


def test_a_networks_addresses_are_in_the_order_of_its_zones(session: Session) -> None:
    network = a_network("ordered")
    add(session, network)
    second = an_address(network, "203.0.113.1", position=1)
    first = an_address(network, "203.0.113.2", position=0)
    add(session, second, first, an_address(ip="203.0.113.3"))
    assert pool.of_network(session, network.id) == [first, second]
    assert pool.by_network(session) == {network.id: [first, second]}


def test_chosen_addresses_come_first_and_the_rest_is_new(session: Session) -> None:
    network = a_network("mixed", availability_zones=3, nat=Nat.PER_AZ)
    chosen = an_address(region=REGION)
    add(session, network, chosen)
    reserved = pool.reserve(session, network, with_address(chosen))
    assert reserved[0] is chosen
    assert [address.position for address in reserved] == [0, 1, 2]
    in_use, new = AddressStatus.IN_USE, AddressStatus.ALLOCATING
    assert [address.status for address in reserved] == [in_use, new, new]


def test_more_addresses_follow_those_that_a_network_has(session: Session) -> None:
    network = a_network("growing")
    add(session, network, an_address(network))
    pool.reserve_more(session, network, 2)
    assert [a.position for a in pool.of_network(session, network.id)] == [0, 1, 2]


@pytest.mark.parametrize(
    ("ids", "error"),
    [
        (["a", "a"], "chosen twice"),
        (["a", "b"], "2 addresses were chosen, but this network has 1 NAT gateway"),
    ],
)
def test_a_network_takes_no_address_twice_and_not_more_than_fit(ids: list[str], error: str) -> None:
    with pytest.raises(Invalid, match=error) as refused:
        pool.check_count(NewNetwork(name="any", region=REGION, addresses=ids))
    assert list(refused.value.errors) == ["addresses"]


def test_as_many_addresses_fit_as_there_are_nat_gateways() -> None:
    new = NewNetwork(
        name="any", region=REGION, availability_zones=2, nat=Nat.PER_AZ, addresses=["a", "b"]
    )
    pool.check_count(new)
    assert len(new.addresses) == new.shape.nat_gateways


@pytest.mark.parametrize(
    "columns", [{"status": AddressStatus.LOST}, {"status": AddressStatus.IN_USE}, {"region": "x"}]
)
def test_only_a_free_address_of_the_region_can_be_chosen(
    session: Session, columns: dict[str, Any]
) -> None:
    row = an_address(**{"region": REGION} | columns)
    add(session, row)
    with pytest.raises(Conflict, match=f"{row.public_ip} is not free in {REGION}") as refused:
        pool.chosen(session, with_address(row), Site(None, REGION))
    assert list(refused.value.errors) == ["addresses"]


def test_an_address_that_is_allocated_is_not_allocated_again(
    session: Session, nowhere: Cloud
) -> None:
    row = an_address()
    pool.ensure_allocated(session, nowhere, row)
    assert row.allocation_id == f"eipalloc-{row.public_ip}"


def test_the_addresses_of_a_network_that_is_gone_are_free(
    session: Session, aws: ScriptedAws
) -> None:
    network = a_network("leaving")
    kept, never = an_address(network), Address(region=REGION, network_id=network.id, position=1)
    add(session, network, kept, never)
    aws.answers["DescribeAddresses"] = {"Addresses": []}
    pool.free_all(session, aws.cloud, network)
    session.commit()
    assert pool.free(session) == [kept]
    assert session.get(Address, never.id) is None


def test_an_address_that_is_freed_loses_the_tags_of_its_network(
    session: Session, aws: ScriptedAws
) -> None:
    network = a_network("tagged", tags={"cost": "a"})
    kept = an_address(network)
    lost = an_address(network, "203.0.113.8", position=1, status=AddressStatus.LOST)
    add(session, network, kept, lost)
    aws.answers["DeleteTags"] = {}
    pool.free_all(session, aws.cloud, network)
    (request,) = aws.calls("DeleteTags")
    assert request == {"Resources": [kept.allocation_id], "Tags": [{"Key": "cost"}]}


def test_an_allocation_whose_answer_was_lost_is_found_when_its_network_goes(
    session: Session, aws: ScriptedAws
) -> None:
    row = Address(region=REGION)
    add(session, row)
    found = {"AllocationId": "eipalloc-1", "PublicIp": "198.51.100.1"}
    aws.answers["DescribeAddresses"] = {"Addresses": [found]}
    pool.set_free(session, aws.cloud, [row])
    assert (row.status, row.public_ip) == (AddressStatus.FREE, "198.51.100.1")


def test_no_connection_is_held_while_aws_is_asked_about_several(
    session: Session, aws: ScriptedAws
) -> None:
    network = a_network("leaving")
    never = [Address(region=REGION, network_id=network.id, position=n) for n in range(2)]
    free = Address(region=REGION)
    add(session, network, *never, free)
    free.network_id = None  # what it was already
    aws.answers["DescribeAddresses"] = {"Addresses": []}
    pool.free_all(session, aws.cloud, network)
    assert len(aws.calls("DescribeAddresses")) == 2


def with_address(address: Address) -> NewNetwork:
    return NewNetwork(name="any", region=REGION, availability_zones=1, addresses=[address.id])


def a_network(name: str, **columns: Any) -> Network:
    return rows.a_network(name, region=REGION, **columns)
