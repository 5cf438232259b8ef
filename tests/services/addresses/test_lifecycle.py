"""Addresses: adopted, lost and had again, and released only when nothing depends on them."""

from dataclasses import replace

import boto3
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import Session

from tests.postgresql import on_either_database
from webapp.aws import Cloud
from webapp.aws.clients import Clients
from webapp.errors import Conflict, EgretError, Invalid
from webapp.models import Address, AddressStatus, Key, Nat, Network, NewNetwork
from webapp.sandbox.launcher import Sandbox
from webapp.services import addresses
from webapp.services.addresses import adoption, pool
from webapp.services.addresses.comparison import compare_with_aws
from webapp.services.scope import CloudScope

REGION = "eu-west-1"


def test_an_address_of_the_account_is_adopted_by_its_id_or_by_itself(
    scope: CloudScope, cloud: Cloud, clients: Clients
) -> None:
    made = [clients.ec2(REGION).allocate_address(Domain="vpc") for _ in range(2)]
    for wanted in (made[0]["AllocationId"], made[1]["PublicIp"]):
        row = adoption.adopt(scope, region=REGION, wanted=wanted)
        assert row.status is AddressStatus.FREE
        assert cloud.addresses.find(REGION, row.id)
        with pytest.raises(Conflict):
            adoption.adopt(scope, region=REGION, wanted=wanted)
        typed = row.public_ip or ""
        addresses.release(scope, row.id, typed=typed)
    with pytest.raises(Invalid):
        adoption.adopt(scope, region=REGION, wanted="eipalloc-none")


def test_of_two_adoptions_in_the_same_moment_one_is_told_of_the_other(
    scope: CloudScope, session: Session, engine: Engine, sandbox: Sandbox, clients: Clients
) -> None:
    theirs = clients.ec2(REGION).allocate_address(Domain="vpc")
    boto = boto3.Session(region_name=REGION)

    def adopt_first(**_: object) -> None:
        with Session(engine) as other:
            other.add(Address(region=REGION, allocation_id=theirs["AllocationId"]))
            other.commit()

    boto.events.register("before-call.ec2.CreateTags", adopt_first)
    racing = Cloud.connect(clients=Clients(sandbox.info.aws_endpoint, boto))
    with pytest.raises(Conflict, match="already tracked here"):
        adoption.adopt(replace(scope, cloud=racing), region=REGION, wanted=theirs["AllocationId"])
    (row,) = addresses.list_all(session)
    addresses.release(replace(scope, cloud=racing), row.address.id, typed=row.address.id)


def test_one_released_outside_is_lost_and_had_again(scope: CloudScope, clients: Clients) -> None:
    row = addresses.create(scope, region=REGION)
    ip, first = row.public_ip or "", row.allocation_id or ""
    clients.ec2(REGION).release_address(AllocationId=first)
    compare_with_aws(scope, REGION)
    assert (row.status, row.monthly_cost_usd) == (AddressStatus.LOST, 0)
    addresses.recover(scope, row.id)
    assert (row.status, row.public_ip) == (AddressStatus.FREE, ip)
    assert row.allocation_id != first
    compare_with_aws(scope, REGION)
    assert row.status is AddressStatus.FREE
    addresses.release(scope, row.id, typed=ip)


def test_a_name_is_kept_here_and_in_aws_and_comes_along_when_it_is_adopted(
    scope: CloudScope, session: Session, clients: Clients
) -> None:
    row = addresses.create(scope, region=REGION, name="the bank's")
    ec2, ids = clients.ec2(REGION), [row.allocation_id or ""]

    def tag() -> str:
        (found,) = ec2.describe_addresses(AllocationIds=ids)["Addresses"]
        return {t["Key"]: t["Value"] for t in found["Tags"]}["Name"]

    assert tag() == "egret the bank's"
    addresses.rename(scope, row.id, name=" the supplier's ")
    assert (row.name, tag()) == ("the supplier's", "egret the supplier's")
    for wrong in ("x" * 61, "two\nlines"):
        with pytest.raises(Invalid):
            addresses.rename(scope, row.id, name=wrong)
    session.rollback()
    session.delete(row)
    session.commit()
    again = adoption.adopt(scope, region=REGION, wanted=ids[0])
    assert (again.name, tag()) == ("the supplier's", "egret the supplier's")
    addresses.release(scope, again.id, typed=again.public_ip or "")


def test_one_that_somebody_else_has_by_now_is_gone(scope: CloudScope, clients: Clients) -> None:
    ec2 = clients.ec2(REGION)
    row = addresses.create(scope, region=REGION)
    ip = row.public_ip or ""
    ec2.release_address(AllocationId=row.allocation_id or "")
    theirs = ec2.allocate_address(Domain="vpc", Address=ip)
    compare_with_aws(scope, REGION)
    with pytest.raises(Conflict, match="cannot give"):
        addresses.recover(scope, row.id)
    addresses.release(scope, row.id, typed=ip)
    ec2.release_address(AllocationId=theirs["AllocationId"])


def test_a_key_that_names_an_address_keeps_it_from_release(
    scope: CloudScope, session: Session
) -> None:
    row = addresses.create(scope, region=REGION)
    ip = row.public_ip or ""
    key = Key(
        name="bank",
        partner="clash_of_clans",
        region=REGION,
        secret_arn="arn:of:a:secret",
        kms_key_arn="arn:of:a:kms:key",
        fingerprint="",
        claims={"cidrs": [ip]},
    )
    session.add(key)
    session.commit()
    with pytest.raises(Conflict, match="the key bank"):
        addresses.release(scope, row.id, typed=ip)
    session.delete(key)
    session.commit()
    addresses.release(scope, row.id, typed=ip)


def test_a_release_that_a_crash_cut_short_is_finished(
    scope: CloudScope, session: Session, cloud: Cloud
) -> None:
    row = addresses.create(scope, region=REGION)
    row.status = AddressStatus.RELEASING
    session.commit()
    compare_with_aws(scope, REGION)
    assert addresses.list_all(session) == []
    assert cloud.addresses.find(REGION, row.id) is None


def nat_gateway(clients: Clients, address: Address) -> str:
    """Something of the account's that uses the address."""
    ec2 = clients.ec2(REGION)
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    made = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address.allocation_id or "")
    return made["NatGateway"]["NatGatewayId"]


def test_a_release_that_aws_refuses_is_not_made_later_by_itself(
    scope: CloudScope, session: Session, cloud: Cloud, clients: Clients
) -> None:
    used, lost = (addresses.create(scope, region=REGION) for _ in range(2))
    nat = nat_gateway(clients, used)
    typed = used.public_ip or ""
    with pytest.raises(EgretError, match="is in use"):
        addresses.release(scope, used.id, typed=typed)
    assert used.status is AddressStatus.FREE
    used.status = AddressStatus.RELEASING  # a crash cut the release short, before AWS refused it
    session.commit()
    clients.ec2(REGION).release_address(AllocationId=lost.allocation_id or "")
    compare_with_aws(scope, REGION)
    assert (used.status, lost.status) == (AddressStatus.FREE, AddressStatus.LOST)
    clients.ec2(REGION).delete_nat_gateway(NatGatewayId=nat)
    compare_with_aws(scope, REGION)
    assert cloud.addresses.find(REGION, used.id)
    for address in (used, lost):
        ip = address.public_ip or ""
        addresses.release(scope, address.id, typed=ip)


@on_either_database
def test_an_address_that_a_network_has_just_been_given_is_not_released(
    scope: CloudScope, session: Session, engine: Engine
) -> None:
    row = addresses.create(scope, region=REGION)
    with Session(engine) as other:
        network = a_network("quicker")
        other.add(network)
        other.flush()
        pool.reserve(other, network, with_address(row))
        other.commit()
    assert row.status is AddressStatus.FREE, "what it has read before"
    typed = row.public_ip or ""
    with pytest.raises(Conflict, match="needed by the network quicker"):
        addresses.release(scope, row.id, typed=typed)
    row.network_id = row.position = None
    session.commit()
    addresses.release(scope, row.id, typed=typed)


@on_either_database
def test_one_free_address_is_not_promised_to_two_networks(
    scope: CloudScope, session: Session, engine: Engine
) -> None:
    row = addresses.create(scope, region=REGION)
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


def test_one_that_is_allocated_during_the_look_is_not_lost(
    scope: CloudScope, session: Session, engine: Engine, sandbox: Sandbox
) -> None:
    made: list[str] = []

    def allocate(**_: object) -> None:
        if not made:
            with Session(engine) as other:
                address = addresses.create(replace(scope, session=other), region=REGION)
                made.append(address.id)

    boto = boto3.Session(region_name=REGION)
    boto.events.register("after-call.ec2.DescribeAddresses", allocate)
    slow = Cloud.connect(clients=Clients(sandbox.info.aws_endpoint, boto))
    compare_with_aws(replace(scope, cloud=slow), REGION)
    row = addresses.get(session, made[0])
    assert row.status is AddressStatus.FREE
    addresses.release(scope, row.id, typed=row.public_ip or "")


@pytest.mark.parametrize("region", ["", "us-west-2", "not a region"])
def test_no_address_is_made_where_nobody_looks(
    scope: CloudScope, session: Session, region: str
) -> None:
    with pytest.raises(Invalid, match="not offered"):
        addresses.create(scope, region=region)
    with pytest.raises(Invalid, match="not offered"):
        adoption.adopt(scope, region=region, wanted="203.0.113.1")
    assert addresses.list_all(session) == []


def with_address(address: Address) -> NewNetwork:
    return NewNetwork(name="any", region=REGION, availability_zones=1, addresses=[address.id])


def a_network(name: str) -> Network:
    return Network(
        name=name, region=REGION, cidr="10.0.0.0/16", availability_zones=1, nat=Nat.SINGLE
    )
