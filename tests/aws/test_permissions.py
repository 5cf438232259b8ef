"""Permissions: EC2 answers a dry run, and nothing is made."""

from collections import Counter

import pytest

from tests.faults.proxy import Proxy, Rule
from tests.services.scripted import ScriptedAws, refusal
from webapp.aws.clients import Clients
from webapp.aws.permissions import Permissions

REGION = "us-west-2"


def test_all_that_a_network_needs_is_asked_and_nothing_is_made(clients: Clients) -> None:
    ec2 = clients.ec2(REGION)
    before = len(ec2.describe_vpcs()["Vpcs"]), len(ec2.describe_addresses()["Addresses"])
    found = Permissions(clients).dry_run(REGION)
    assert {"ec2:AllocateAddress", "ec2:CreateVpc", "ec2:CreateNatGateway"} <= {
        permission.action for permission in found
    }
    assert Counter(permission.allowed for permission in found) == {True: len(found)}
    after = len(ec2.describe_vpcs()["Vpcs"]), len(ec2.describe_addresses()["Addresses"])
    assert after == before


def test_a_refusal_is_an_answer_and_any_other_error_is_unknown(
    refusing: Clients, proxy: Proxy
) -> None:
    for action, code in (
        ("CreateVpc", "UnauthorizedOperation"),
        ("AllocateAddress", "AddressLimitExceeded"),
    ):
        proxy.add(Rule(action, "refuse", code=code, message="No"))
    found = {p.action: p for p in Permissions(refusing).dry_run(REGION)}
    refused, unknown = found["ec2:CreateVpc"], found["ec2:AllocateAddress"]
    assert (refused.allowed, unknown.allowed) == (False, None)
    assert refused.answer == "UnauthorizedOperation: No"
    assert found["ec2:CreateSubnet"].allowed


def test_a_region_without_a_subnet_is_asked_only_for_what_needs_none(clients: Clients) -> None:
    ec2 = clients.ec2("sa-east-1")
    for subnet in ec2.describe_subnets()["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    assert [permission.action for permission in Permissions(clients).dry_run("sa-east-1")] == [
        "ec2:AllocateAddress",
        "ec2:CreateVpc",
        "ec2:CreateInternetGateway",
    ]


UNUSUAL = (
    {"OwnerId": "111111111111"},
    {"CidrBlock": ""},
    {"AvailabilityZone": f"{REGION}-lax-1a"},
    {"AvailabilityZone": f"{REGION}d", "AvailabilityZoneId": "use1-az3"},
    {"OutpostArn": "arn:aws:outposts:us-west-2:000000000000:outpost/op-1"},
)


@pytest.mark.parametrize("unusual", UNUSUAL)
def test_a_subnet_without_nat_gateways_or_of_somebody_else_serves_for_no_dry_run(
    unusual: dict[str, str],
) -> None:
    aws = ScriptedAws()
    theirs = {"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/20"}
    mine = theirs | {"SubnetId": "subnet-2", "VpcId": "vpc-2", "OwnerId": "000000000000"}
    theirs |= unusual
    aws.answers |= dict.fromkeys(
        (
            "AllocateAddress",
            "CreateVpc",
            "CreateInternetGateway",
            "CreateSubnet",
            "CreateRouteTable",
            "CreateSecurityGroup",
            "CreateNatGateway",
        ),
        refusal("DryRunOperation"),
    )
    aws.answers["DescribeSubnets"] = {"Subnets": [theirs, mine]}
    aws.cloud.permissions.dry_run(REGION)
    assert [call["SubnetId"] for call in aws.calls("CreateNatGateway")] == ["subnet-2"]
    assert [call["VpcId"] for call in aws.calls("CreateSubnet")] == ["vpc-2"]
    aws.answers["DescribeSubnets"] = {"Subnets": [theirs]}
    assert len(aws.cloud.permissions.dry_run(REGION)) == 3, "what needs no subnet"
