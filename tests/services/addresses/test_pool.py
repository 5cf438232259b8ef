"""Addresses: adopted, lost and had again, and released only when nothing depends on them."""

import boto3
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import Session

from tests.postgresql import on_either_database
from webapp.aws import Cloud
from webapp.aws.clients import Clients
from webapp.errors import Conflict, EgretError, Invalid
from webapp.models import Address, AddressStatus, Key, Nat, Network
from webapp.sandbox.launcher import Sandbox
from webapp.services.addresses import adoption
from webapp.services.addresses import pool as addresses
from webapp.settings import Settings

REGION = "eu-west-1"


def test_an_address_of_the_account_is_adopted_by_its_id_or_by_itself(
    session: Session, cloud: Cloud, clients: Clients, settings: Settings
) -> None:
    made = [clients.ec2(REGION).allocate_address(Domain="vpc") for _ in range(2)]
    for wanted in (made[0]["AllocationId"], made[1]["PublicIp"]):
        row = adoption.adopt(session, cloud, settings, actor="tests", region=REGION, wanted=wanted)
        assert row.status is AddressStatus.FREE
        assert cloud.addresses.find(REGION, row.id)
        with pytest.raises(Conflict):
            adoption.adopt(session, cloud, settings, actor="tests", region=REGION, wanted=wanted)
        typed = row.public_ip or ""
        addresses.release(session, cloud, row.id, actor="tests", typed=typed)
    with pytest.raises(Invalid):
        adoption.adopt(
            session, cloud, settings, actor="tests", region=REGION, wanted="eipalloc-none"
        )


def test_of_two_adoptions_in_the_same_moment_one_is_told_of_the_other(
    session: Session, engine: Engine, sandbox: Sandbox, clients: Clients, settings: Settings
) -> None:
    theirs = clients.ec2(REGION).allocate_address(Domain="vpc")
    boto = boto3.Session(region_name=REGION)

    def adopt_first(**_: object) -> None:
        with Session(engine) as other:
            other.add(Address(region=REGION, allocation_id=theirs["AllocationId"]))
            other.commit()

    boto.events.register("before-call.ec2.CreateTags", adopt_first)
    racing = Cloud.connect(clients=Clients(sandbox.info.aws_endpoint, boto))
    with pytest.raises(Conflict, match="is here already"):
        adoption.adopt(
            session, racing, settings, actor="tests", region=REGION, wanted=theirs["AllocationId"]
        )
    (row,) = addresses.list_all(session)
    addresses.release(session, racing, row.address.id, actor="tests", typed=row.address.id)


def test_one_released_outside_is_lost_and_had_again(
    session: Session, cloud: Cloud, clients: Clients, settings: Settings
) -> None:
    row = addresses.create(session, cloud, settings, actor="tests", region=REGION)
    ip, first = row.public_ip or "", row.allocation_id or ""
    clients.ec2(REGION).release_address(AllocationId=first)
    addresses.look(session, cloud, REGION)
    assert (row.status, row.monthly_cost_usd) == (AddressStatus.LOST, 0)
    addresses.recover(session, cloud, row.id, actor="tests")
    assert (row.status, row.public_ip) == (AddressStatus.FREE, ip)
    assert row.allocation_id != first
    addresses.look(session, cloud, REGION)
    assert row.status is AddressStatus.FREE
    addresses.release(session, cloud, row.id, actor="tests", typed=ip)


def test_a_name_is_kept_here_and_in_aws_and_comes_along_when_it_is_adopted(
    session: Session, cloud: Cloud, clients: Clients, settings: Settings
) -> None:
    row = addresses.create(
        session, cloud, settings, actor="tests", region=REGION, name="the bank's"
    )
    ec2, ids = clients.ec2(REGION), [row.allocation_id or ""]

    def tag() -> str:
        (found,) = ec2.describe_addresses(AllocationIds=ids)["Addresses"]
        return {t["Key"]: t["Value"] for t in found["Tags"]}["Name"]

    assert tag() == "egret the bank's"
    addresses.rename(session, cloud, row.id, actor="tests", name=" the supplier's ")
    assert (row.name, tag()) == ("the supplier's", "egret the supplier's")
    for wrong in ("x" * 61, "two\nlines"):
        with pytest.raises(Invalid):
            addresses.rename(session, cloud, row.id, actor="tests", name=wrong)
    session.rollback()
    session.delete(row)
    session.commit()
    again = adoption.adopt(session, cloud, settings, actor="tests", region=REGION, wanted=ids[0])
    assert (again.name, tag()) == ("the supplier's", "egret the supplier's")
    addresses.release(session, cloud, again.id, actor="tests", typed=again.public_ip or "")


def test_one_that_somebody_else_has_by_now_is_gone(
    session: Session, cloud: Cloud, clients: Clients, settings: Settings
) -> None:
    ec2 = clients.ec2(REGION)
    row = addresses.create(session, cloud, settings, actor="tests", region=REGION)
    ip = row.public_ip or ""
    ec2.release_address(AllocationId=row.allocation_id or "")
    theirs = ec2.allocate_address(Domain="vpc", Address=ip)
    addresses.look(session, cloud, REGION)
    with pytest.raises(Conflict, match="cannot give"):
        addresses.recover(session, cloud, row.id, actor="tests")
    addresses.release(session, cloud, row.id, actor="tests", typed=ip)
    ec2.release_address(AllocationId=theirs["AllocationId"])


def test_a_key_that_names_an_address_keeps_it_from_release(
    session: Session, cloud: Cloud, settings: Settings
) -> None:
    row = addresses.create(session, cloud, settings, actor="tests", region=REGION)
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
        addresses.release(session, cloud, row.id, actor="tests", typed=ip)
    session.delete(key)
    session.commit()
    addresses.release(session, cloud, row.id, actor="tests", typed=ip)


def test_a_release_that_a_crash_cut_short_is_finished(
    session: Session, cloud: Cloud, settings: Settings
) -> None:
    row = addresses.create(session, cloud, settings, actor="tests", region=REGION)
    row.status = AddressStatus.RELEASING
    session.commit()
    addresses.look(session, cloud, REGION)
    assert addresses.list_all(session) == []
    assert cloud.addresses.find(REGION, row.id) is None


def nat_gateway(clients: Clients, address: Address) -> str:
    """Something of the account's that uses the address."""
    ec2 = clients.ec2(REGION)
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    made = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address.allocation_id or "")
    return made["NatGateway"]["NatGatewayId"]


def test_a_release_that_aws_refuses_is_not_made_later_by_itself(
    session: Session, cloud: Cloud, clients: Clients, settings: Settings
) -> None:
    used, lost = (
        addresses.create(session, cloud, settings, actor="tests", region=REGION) for _ in range(2)
    )
    nat = nat_gateway(clients, used)
    typed = used.public_ip or ""
    with pytest.raises(EgretError, match="is in use"):
        addresses.release(session, cloud, used.id, actor="tests", typed=typed)
    assert used.status is AddressStatus.FREE
    used.status = AddressStatus.RELEASING  # a crash cut the release short, before AWS refused it
    session.commit()
    clients.ec2(REGION).release_address(AllocationId=lost.allocation_id or "")
    addresses.look(session, cloud, REGION)
    assert (used.status, lost.status) == (AddressStatus.FREE, AddressStatus.LOST)
    clients.ec2(REGION).delete_nat_gateway(NatGatewayId=nat)
    addresses.look(session, cloud, REGION)
    assert cloud.addresses.find(REGION, used.id)
    for address in (used, lost):
        ip = address.public_ip or ""
        addresses.release(session, cloud, address.id, actor="tests", typed=ip)


@on_either_database
def test_an_address_that_a_network_has_just_been_given_is_not_released(
    session: Session, engine: Engine, cloud: Cloud, settings: Settings
) -> None:
    row = addresses.create(session, cloud, settings, actor="tests", region=REGION)
    with Session(engine) as other:
        network = a_network("quicker")
        other.add(network)
        other.flush()
        addresses.reserve(other, network, [row.id])
        other.commit()
    assert row.status is AddressStatus.FREE, "what it has read before"
    typed = row.public_ip or ""
    with pytest.raises(Conflict, match="needed by the network quicker"):
        addresses.release(session, cloud, row.id, actor="tests", typed=typed)
    row.network_id = row.position = None
    session.commit()
    addresses.release(session, cloud, row.id, actor="tests", typed=typed)


@on_either_database
def test_one_free_address_is_not_promised_to_two_networks(
    session: Session, engine: Engine, cloud: Cloud, settings: Settings
) -> None:
    row = addresses.create(session, cloud, settings, actor="tests", region=REGION)
    with Session(engine) as other:
        read = addresses.get(other, row.id)
        for each, name in ((session, "first"), (other, "second")):
            network = a_network(name)
            each.add(network)
            each.flush()
            addresses.reserve(each, network, [row.id])
            if each is session:
                session.commit()
        assert read.network_id == network.id
        with pytest.raises(StaleDataError):
            other.commit()
    row.network_id = row.position = None
    session.commit()
    addresses.release(session, cloud, row.id, actor="tests", typed=row.public_ip or "")


def test_one_that_is_allocated_during_the_look_is_not_lost(
    session: Session, engine: Engine, sandbox: Sandbox, cloud: Cloud, settings: Settings
) -> None:
    made: list[str] = []

    def allocate(**_: object) -> None:
        if not made:
            with Session(engine) as other:
                address = addresses.create(other, cloud, settings, actor="tests", region=REGION)
                made.append(address.id)

    boto = boto3.Session(region_name=REGION)
    boto.events.register("after-call.ec2.DescribeAddresses", allocate)
    slow = Cloud.connect(clients=Clients(sandbox.info.aws_endpoint, boto))
    addresses.look(session, slow, REGION)
    row = addresses.get(session, made[0])
    assert row.status is AddressStatus.FREE
    addresses.release(session, cloud, row.id, actor="tests", typed=row.public_ip or "")


@pytest.mark.parametrize("region", ["", "us-west-2", "not a region"])
def test_no_address_is_made_where_nobody_looks(
    session: Session, cloud: Cloud, settings: Settings, region: str
) -> None:
    with pytest.raises(Invalid, match="not offered"):
        addresses.create(session, cloud, settings, actor="tests", region=region)
    with pytest.raises(Invalid, match="not offered"):
        adoption.adopt(session, cloud, settings, actor="tests", region=region, wanted="203.0.113.1")
    assert addresses.list_all(session) == []


def a_network(name: str) -> Network:
    return Network(
        name=name, region=REGION, cidr="10.0.0.0/16", availability_zones=1, nat=Nat.SINGLE
    )
