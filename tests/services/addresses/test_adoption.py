"""Adoption: an Elastic IP of the account becomes a free address, once."""

from dataclasses import replace

import boto3
import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from tests.clouds import connected
from tests.services.rows import add, an_address
from tests.services.scripted import ScriptedAws
from webapp.aws import Cloud
from webapp.aws.clients import Clients
from webapp.errors import Conflict, Invalid
from webapp.models import Address, AddressStatus
from webapp.sandbox.launcher import Sandbox
from webapp.services import addresses
from webapp.services.addresses import adoption
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


def test_the_second_of_two_adoptions_at_the_same_moment_is_refused(
    scope: CloudScope, session: Session, engine: Engine, sandbox: Sandbox, clients: Clients
) -> None:
    theirs = clients.ec2(REGION).allocate_address(Domain="vpc")
    boto = boto3.Session(region_name=REGION)

    def adopt_first(**_: object) -> None:
        with Session(engine) as other:
            other.add(Address(region=REGION, allocation_id=theirs["AllocationId"]))
            other.commit()

    boto.events.register("before-call.ec2.CreateTags", adopt_first)
    racing = connected(Clients(sandbox.info.aws_endpoint, boto))
    with pytest.raises(Conflict, match="already managed by Egret"):
        adoption.adopt(replace(scope, cloud=racing), region=REGION, wanted=theirs["AllocationId"])
    (row,) = addresses.list_all(session)
    addresses.release(replace(scope, cloud=racing), row.address.id, typed=row.address.id)


@pytest.mark.parametrize("region", ["", "us-west-2", "not a region"])
def test_no_address_is_adopted_in_a_region_that_is_not_offered(
    offline: CloudScope, region: str
) -> None:
    with pytest.raises(Invalid, match="not offered"):
        adoption.adopt(offline, region=region, wanted="203.0.113.1")
    assert addresses.list_all(offline.session) == []


def test_an_address_keeps_its_name_in_aws_unless_it_is_given_another(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    aws.answers |= {"DescribeAddresses": theirs("the bank's"), "CreateTags": {}}
    row = adoption.adopt(scripted, region=REGION, wanted=" 198.51.100.1 ")
    assert row.name == "the bank's"
    scripted.session.delete(row)
    scripted.session.commit()
    named = adoption.adopt(scripted, region=REGION, wanted="198.51.100.1", name="ours")
    assert named.name == "ours"


def test_an_address_that_something_else_uses_is_not_adopted(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    aws.answers["DescribeAddresses"] = theirs("used", AssociationId="eipassoc-1")
    with pytest.raises(Conflict) as refused:
        adoption.adopt(scripted, region=REGION, wanted="198.51.100.1")
    assert refused.value.code == "address_associated"


def test_an_address_that_is_tracked_already_is_not_adopted_again(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    add(scripted.session, an_address(ip="198.51.100.1", allocation_id="eipalloc-1"))
    aws.answers["DescribeAddresses"] = theirs("known")
    with pytest.raises(Conflict) as refused:
        adoption.adopt(scripted, region=REGION, wanted="eipalloc-1")
    assert refused.value.code == "address_known"


def theirs(name: str, **more: str) -> dict[str, object]:
    """The answer of an account with one address."""
    tags = [{"Key": "Name", "Value": f"egret {name}"}]
    found: dict[str, object] = {"AllocationId": "eipalloc-1", "PublicIp": "198.51.100.1"}
    return {"Addresses": [found | {"Tags": tags} | more]}
