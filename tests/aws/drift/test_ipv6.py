"""IPv6 that somebody added to a network is drift, and each part of it can be taken away again."""

from typing import Any

from botocore.stub import Stubber

from webapp.aws.clients import Clients
from webapp.aws.drift.difference import Difference
from webapp.aws.drift.ipv6 import Ipv6, dual_stack
from webapp.aws.drift.layout import Layout, Zone

REGION = "eu-central-1"
ZONE = Zone("a", "subnet-public", "subnet-private", "rtb-private", "nat-1", "probe")
LAYOUT = Layout("vpc-1", "sg-1", "igw-1", "rtb-public", (ZONE,), {})
OWN = [
    {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1"},
    {"DestinationIpv6CidrBlock": "2001:db8::/56", "GatewayId": "local"},
]


def held(cidr: str, state: str = "associated") -> dict[str, Any]:
    return {
        "AssociationId": f"assoc-{cidr[-3:]}",
        "Ipv6CidrBlock": cidr,
        "Ipv6CidrBlockState": {"State": state},
    }


def differences(
    clients: Clients,
    *,
    routes: list[Any] | None = None,
    subnet: dict[str, Any] | None = None,
    vpc: dict[str, Any] | None = None,
) -> list[Difference]:
    """Those of a network whose private table, private subnet and VPC have these besides."""
    ec2 = clients.ec2(REGION)
    private = {"RouteTableId": "rtb-private", "Routes": [*OWN, *(routes or [])]}
    theirs = {"RouteTableId": "rtb-theirs", "Routes": [egress("::/0")]}
    answers: list[tuple[str, Any]] = [
        ("describe_route_tables", {"RouteTables": [private, theirs]}),
        ("describe_subnets", {"Subnets": [{"SubnetId": "subnet-private"} | (subnet or {})]}),
        ("describe_vpcs", {"Vpcs": [{"VpcId": "vpc-1"} | (vpc or {})]}),
    ]
    with Stubber(ec2) as stub:
        for call, answer in answers:
            stub.add_response(call, answer)
        return list(Ipv6(ec2, LAYOUT).differences())


def egress(cidr: str) -> dict[str, str]:
    return {"DestinationIpv6CidrBlock": cidr, "EgressOnlyInternetGatewayId": "eigw-1"}


def restored(clients: Clients, difference: Difference, call: str, **arguments: Any) -> None:
    assert difference.restore
    with Stubber(clients.ec2(REGION)) as stub:
        stub.add_response(call, {}, arguments)
        difference.restore()
        stub.assert_no_pending_responses()


def test_a_network_without_ipv6_has_no_difference(offline: Clients) -> None:
    gone = {"Ipv6CidrBlockAssociationSet": [held("2001:db8::/56", "disassociated")]}
    assert differences(offline, vpc=gone) == []


def test_a_route_for_ipv6_is_drift_and_deleted(offline: Clients) -> None:
    for cidr in ("::/0", "64:ff9b::/96"):
        (found,) = differences(offline, routes=[egress(cidr)])
        assert found.what == "IPv6 route of the private subnet in a"
        assert (found.expected, found.actual) == ("none", f"{cidr} → eigw-1")
        arguments = {"RouteTableId": "rtb-private", "DestinationIpv6CidrBlock": cidr}
        restored(offline, found, "delete_route", **arguments)


def test_ranges_are_taken_from_the_subnets_before_the_vpc(offline: Clients) -> None:
    subnet = {"Ipv6CidrBlockAssociationSet": [held("2001:db8::/64")]}
    vpc = {"Ipv6CidrBlockAssociationSet": [held("2001:db8::/56")]}
    of_subnet, of_vpc = differences(offline, subnet=subnet, vpc=vpc)
    assert (of_subnet.what, of_subnet.actual) == (
        "IPv6 range of the private subnet in a",
        "2001:db8::/64",
    )
    assert (of_vpc.what, of_vpc.actual) == ("IPv6 range of the VPC", "2001:db8::/56")
    restored(offline, of_subnet, "disassociate_subnet_cidr_block", AssociationId="assoc-/64")
    restored(offline, of_vpc, "disassociate_vpc_cidr_block", AssociationId="assoc-/56")


def test_a_subnets_settings_for_ipv6_are_turned_off(offline: Clients) -> None:
    on = {"AssignIpv6AddressOnCreation": True, "EnableDns64": True}
    addresses, dns = differences(offline, subnet=on)
    assert dns.what == "DNS64 in the private subnet in a"
    restored(
        offline,
        addresses,
        "modify_subnet_attribute",
        SubnetId="subnet-private",
        AssignIpv6AddressOnCreation={"Value": False},
    )


def test_a_function_that_may_use_ipv6_is_drift_and_set_back(offline: Clients) -> None:
    awslambda = offline.awslambda(REGION)
    vpc = {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
    flagged = vpc | {"VpcId": "vpc-1", "Ipv6AllowedForDualStack": True}
    with Stubber(awslambda) as stub:
        asked = "get_function_configuration"
        stub.add_response(asked, {"VpcConfig": vpc | {"Ipv6AllowedForDualStack": False}})
        stub.add_response(asked, {"VpcConfig": flagged})
        stub.add_client_error(asked, "ResourceNotFoundException")
        (found,) = dual_stack(awslambda, ["usual", "odd", "gone"])
        assert (found.what, found.resource_id) == ("IPv6 (dual-stack) of odd", "odd")
        stub.add_response(
            "update_function_configuration",
            {},
            {"FunctionName": "odd", "VpcConfig": vpc | {"Ipv6AllowedForDualStack": False}},
        )
        assert found.restore
        found.restore()
        stub.assert_no_pending_responses()
