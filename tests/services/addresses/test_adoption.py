"""Adoption: an Elastic IP of the account becomes a free address, once."""

from dataclasses import replace

import pytest
from botocore.exceptions import ClientError
from sqlalchemy import Engine
from sqlmodel import Session

from tests.clouds import boto_session, connected
from tests.services.rows import add, an_address
from tests.services.scripted import ScriptedAws
from webapp.aws import Cloud
from webapp.aws.clients import Clients
from webapp.errors import Conflict, Invalid
from webapp.models import Address, AddressStatus, Site
from webapp.sandbox.launcher import Sandbox
from webapp.scope import CloudScope
from webapp.services import addresses
from webapp.services.addresses import adoption

REGION = "eu-west-1"


def test_an_address_of_the_account_is_adopted_by_its_id_or_by_itself(
    scope: CloudScope, cloud: Cloud, clients: Clients
) -> None:
    made = [clients.ec2(REGION).allocate_address(Domain="vpc") for _ in range(2)]
    for wanted in (made[0]["AllocationId"], made[1]["PublicIp"]):
        row = adoption.adopt(scope, site=Site(None, REGION), wanted=wanted)
        assert row.status is AddressStatus.FREE
        assert cloud.addresses.find(REGION, row.id)
        with pytest.raises(Conflict):
            adoption.adopt(scope, site=Site(None, REGION), wanted=wanted)
        typed = row.public_ip or ""
        addresses.release(scope, row.id, typed=typed)
    for unknown in ("eipalloc-none", " "):
        with pytest.raises(Invalid):
            adoption.adopt(scope, site=Site(None, REGION), wanted=unknown)


def test_the_second_of_two_adoptions_at_the_same_moment_is_refused(
    scope: CloudScope, session: Session, engine: Engine, sandbox: Sandbox, clients: Clients
) -> None:
    theirs = clients.ec2(REGION).allocate_address(Domain="vpc")
    boto = boto_session(REGION)

    def adopt_first(**_: object) -> None:
        with Session(engine) as other:
            other.add(Address(region=REGION, allocation_id=theirs["AllocationId"]))
            other.commit()

    boto.events.register("before-call.ec2.CreateTags", adopt_first)
    racing = connected(Clients(sandbox.info.aws_endpoint, boto))
    with pytest.raises(Conflict, match="already managed by Egret"):
        adoption.adopt(
            replace(scope, own=racing), site=Site(None, REGION), wanted=theirs["AllocationId"]
        )
    (row,) = addresses.page(session).rows
    addresses.release(replace(scope, own=racing), row.address.id, typed=row.address.id)


@pytest.mark.parametrize("region", ["", "us-west-2", "not a region"])
def test_no_address_is_adopted_in_a_region_that_is_not_offered(
    offline: CloudScope, region: str
) -> None:
    with pytest.raises(Invalid, match="not offered"):
        adoption.adopt(offline, site=Site(None, region), wanted="203.0.113.1")
    assert addresses.page(offline.session).rows == []


def test_an_address_keeps_its_name_in_aws_unless_it_is_given_another(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    aws.answers |= {"DescribeAddresses": theirs("the bank's"), "CreateTags": {}}
    row = adoption.adopt(scripted, site=Site(None, REGION), wanted=" 198.51.100.1 ")
    assert row.name == "the bank's"
    scripted.session.delete(row)
    scripted.session.commit()
    named = adoption.adopt(scripted, site=Site(None, REGION), wanted="198.51.100.1", name="ours")
    assert named.name == "ours"


def test_an_address_on_a_nat_gateway_made_by_hand_gets_advice_that_works(
    scope: CloudScope, clients: Clients
) -> None:
    ec2 = clients.ec2(REGION)
    allocated = ec2.allocate_address(Domain="vpc")
    allocation_id = allocated["AllocationId"]
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    nat = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=allocation_id)["NatGateway"]
    nat_id = nat["NatGatewayId"]
    with pytest.raises(Conflict, match=f"used by the NAT gateway {nat_id}") as refused:
        adoption.adopt(scope, site=Site(None, REGION), wanted=allocation_id)
    assert f"Delete {nat_id}" in refused.value.remedy
    (held,) = ec2.describe_addresses(AllocationIds=[allocation_id])["Addresses"]
    with pytest.raises(ClientError, match="AuthFailure"):
        ec2.disassociate_address(AssociationId=held["AssociationId"])
    ec2.delete_nat_gateway(NatGatewayId=nat_id)
    row = adoption.adopt(scope, site=Site(None, REGION), wanted=allocation_id)
    addresses.release(scope, row.id, typed=row.public_ip or "")


@pytest.mark.parametrize(
    ("interface", "used_by", "advice"),
    [
        (
            {"Attachment": {"InstanceId": "i-1"}},
            "the instance i-1",
            f"eipassoc-1 --region {REGION}",
        ),
        ({"Description": "mine"}, "the interface eni-1 (mine)", "disassociate-address"),
        (
            {"Description": "ELB net/x/1", "RequesterManaged": True},
            "the interface eni-1 (ELB net/x/1)",
            "An AWS service made this interface",
        ),
    ],
)
def test_an_address_that_something_else_uses_is_not_adopted(
    scripted: CloudScope,
    aws: ScriptedAws,
    interface: dict[str, object],
    used_by: str,
    advice: str,
) -> None:
    used = theirs("used", AssociationId="eipassoc-1", NetworkInterfaceId="eni-1")
    aws.answers |= {
        "DescribeAddresses": used,
        "DescribeNatGateways": {"NatGateways": []},
        "DescribeNetworkInterfaces": {"NetworkInterfaces": [interface]},
    }
    with pytest.raises(Conflict) as refused:
        adoption.adopt(scripted, site=Site(None, REGION), wanted="198.51.100.1")
    assert refused.value.code == "address_associated"
    assert refused.value.detail == f"198.51.100.1 is used by {used_by}."
    assert advice in refused.value.remedy


def test_a_further_address_of_a_nat_gateway_can_be_disassociated(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    held = {"AllocationId": "eipalloc-1", "IsPrimary": False}
    aws.answers |= {
        "DescribeAddresses": theirs("used", AssociationId="eipassoc-1"),
        "DescribeNatGateways": {
            "NatGateways": [{"NatGatewayId": "nat-1", "NatGatewayAddresses": [held]}]
        },
    }
    with pytest.raises(Conflict) as refused:
        adoption.adopt(scripted, site=Site(None, REGION), wanted="198.51.100.1")
    assert "disassociate-nat-gateway-address --nat-gateway-id nat-1" in refused.value.remedy


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"NetworkBorderGroup": f"{REGION}-lon-1"}, f"zone group {REGION}-lon-1"),
        ({"ServiceManaged": "nlb", "AssociationId": "eipassoc-1"}, "a network load balancer"),
        ({"CustomerOwnedIpv4Pool": "ipv4pool-coip-1"}, "an Outpost"),
        ({"PublicIp": "", "CustomerOwnedIp": "192.0.2.9"}, "^192.0.2.9 belongs to .* an Outpost"),
        ({"PublicIp": "", "CarrierIp": "155.146.1.1"}, "^155.146.1.1 belongs to the carrier"),
        ({"PublicIp": "2001:db8::1"}, "^2001:db8::1 is not a public IPv4 address"),
        ({"PublicIp": ""}, "^eipalloc-1 is not a public IPv4 address"),
    ],
)
def test_an_address_that_no_network_can_have_is_not_adopted(
    scripted: CloudScope, aws: ScriptedAws, more: dict[str, str], why: str
) -> None:
    aws.answers["DescribeAddresses"] = theirs("odd", **more)
    with pytest.raises(Conflict, match=why) as refused:
        adoption.adopt(scripted, site=Site(None, REGION), wanted="eipalloc-1")
    assert refused.value.code == "address_not_suitable"
    assert addresses.page(scripted.session).rows == []


def test_an_address_of_a_range_that_the_customer_brought_is_adopted(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    own = theirs("own", PublicIpv4Pool="ipv4pool-ec2-1", NetworkBorderGroup=REGION)
    aws.answers |= {"DescribeAddresses": own, "CreateTags": {}}
    row = adoption.adopt(scripted, site=Site(None, REGION), wanted="198.51.100.1")
    assert row.status is AddressStatus.FREE


def test_an_address_that_is_tracked_already_is_not_adopted_again(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    add(scripted.session, an_address(ip="198.51.100.1", allocation_id="eipalloc-1"))
    aws.answers["DescribeAddresses"] = theirs("known")
    with pytest.raises(Conflict) as refused:
        adoption.adopt(scripted, site=Site(None, REGION), wanted="eipalloc-1")
    assert refused.value.code == "address_known"


def theirs(name: str, **more: str) -> dict[str, object]:
    """The answer of an account with one address."""
    tags = [{"Key": "Name", "Value": f"egret {name}"}]
    found: dict[str, object] = {"AllocationId": "eipalloc-1", "PublicIp": "198.51.100.1"}
    return {"Addresses": [found | {"Tags": tags} | more]}
