"""Routing against the layout, and which calls restore it; EC2's answers are stubbed."""

from typing import Any

import pytest
from botocore.stub import Stubber

from webapp.aws.clients import Clients
from webapp.aws.drift.difference import Difference
from webapp.aws.drift.layout import Layout, Zone
from webapp.aws.drift.routing import RECREATE_NAT, Routing
from webapp.aws.vpc_parts import ANYWHERE

REGION = "eu-central-1"
DNS = ("DnsSupport", "DnsHostnames")
NAT = {
    "NatGatewayId": "nat-1",
    "State": "available",
    "NatGatewayAddresses": [{"AllocationId": "eipalloc-1"}],
}
TO_NAT = {"DestinationCidrBlock": ANYWHERE, "NatGatewayId": "nat-1"}
TO_INTERNET = {"DestinationCidrBlock": ANYWHERE, "GatewayId": "igw-1"}
OWN_TABLE = [{"SubnetId": "subnet-private", "RouteTableAssociationId": "rtbassoc-1"}]


def layout(nat_id: str = "nat-1") -> Layout:
    zone = Zone("a", "subnet-public", "subnet-private", "rtb-private", nat_id, "probe")
    nats = {"nat-1": "eipalloc-1"} if nat_id else {}
    return Layout("vpc-1", "sg-1", "igw-1", "rtb-public", (zone,), nats)


def differences(
    clients: Clients,
    *,
    made: Layout,
    nats: list[dict[str, Any]],
    routes: list[dict[str, Any]],
    associations: list[dict[str, Any]] | None = None,
) -> list[Difference]:
    """Those of a network whose private table has `routes`."""
    private = {
        "RouteTableId": "rtb-private",
        "Routes": routes,
        "Associations": OWN_TABLE if associations is None else associations,
    }
    public = {"RouteTableId": "rtb-public", "Routes": [TO_INTERNET]}
    ec2 = clients.ec2(REGION)
    tables = "describe_route_tables", {"RouteTables": [private, public]}
    gateways = "describe_nat_gateways", {"NatGateways": nats}
    calls = [gateways, tables] if made.allocation_of_nat else [tables]
    dns = [("describe_vpc_attribute", {f"Enable{what}": {"Value": True}}) for what in DNS]
    with Stubber(ec2) as stub:
        for call, answer in [*calls, *dns]:
            stub.add_response(call, answer)
        return list(Routing(ec2, made).differences())


def restored(clients: Clients, difference: Difference, call: str, **arguments: Any) -> None:
    """Restore it; Stubber fails at any call but this one."""
    assert difference.restore
    with Stubber(clients.ec2(REGION)) as stub:
        stub.add_response(call, {}, arguments)
        difference.restore()
        stub.assert_no_pending_responses()


def test_a_network_as_it_was_made_has_no_difference(offline: Clients) -> None:
    assert differences(offline, made=layout(), nats=[NAT], routes=[TO_NAT]) == []
    assert differences(offline, made=layout(""), nats=[], routes=[]) == []


@pytest.mark.parametrize(
    ("nat", "what", "actual"),
    [
        ({"State": "failed"}, "NAT gateway", "failed"),
        (
            {"NatGatewayAddresses": [{"AllocationId": "eipalloc-2"}]},
            "Address of the NAT gateway",
            "eipalloc-2",
        ),
        ({"NatGatewayAddresses": []}, "Address of the NAT gateway", "none"),
    ],
)
def test_a_nat_gateway_without_its_address_is_made_again_by_parking(
    offline: Clients, nat: dict[str, Any], what: str, actual: str
) -> None:
    found, *_ = differences(offline, made=layout(), nats=[NAT | nat], routes=[TO_NAT])
    assert (found.what, found.actual, found.by_hand) == (what, actual, RECREATE_NAT)
    assert found.restore is None


def test_a_route_to_a_deleted_nat_gateway_waits_for_that(offline: Clients) -> None:
    black_hole = TO_NAT | {"State": "blackhole"}
    nat, route = differences(offline, made=layout(), nats=[], routes=[black_hole])
    assert (nat.actual, route.actual) == ("gone", "nat-1 (deleted)")
    assert (route.by_hand, route.restore) == (RECREATE_NAT, None)


def test_a_missing_default_route_is_created_and_another_one_replaced(offline: Clients) -> None:
    target = {
        "RouteTableId": "rtb-private",
        "DestinationCidrBlock": ANYWHERE,
        "NatGatewayId": "nat-1",
    }
    (missing,) = differences(offline, made=layout(), nats=[NAT], routes=[])
    assert (missing.expected, missing.actual) == ("nat-1", "none")
    restored(offline, missing, "create_route", **target)
    (other,) = differences(offline, made=layout(), nats=[NAT], routes=[TO_INTERNET])
    assert other.actual == "igw-1"
    restored(offline, other, "replace_route", **target)


def test_a_route_that_somebody_created_meanwhile_is_restored_too(offline: Clients) -> None:
    (missing,) = differences(offline, made=layout(), nats=[NAT], routes=[])
    assert missing.restore
    with Stubber(offline.ec2(REGION)) as stub:
        stub.add_client_error("create_route", "RouteAlreadyExists")
        missing.restore()


def test_a_parked_network_must_have_no_default_route(offline: Clients) -> None:
    (found,) = differences(offline, made=layout(""), nats=[], routes=[TO_INTERNET])
    assert (found.expected, found.actual) == ("none", "igw-1")
    restored(
        offline,
        found,
        "delete_route",
        RouteTableId="rtb-private",
        DestinationCidrBlock=ANYWHERE,
    )


def test_an_extra_route_is_deleted_but_not_the_vpcs_own_or_that_to_s3(offline: Clients) -> None:
    peering = {"DestinationCidrBlock": "10.9.0.0/16", "VpcPeeringConnectionId": "pcx-1"}
    usual = [
        TO_NAT,
        {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"},
        {"DestinationPrefixListId": "pl-1", "GatewayId": "vpce-1"},
    ]
    (found,) = differences(offline, made=layout(), nats=[NAT], routes=[*usual, peering])
    assert found.actual == "10.9.0.0/16 → pcx-1"
    restored(
        offline,
        found,
        "delete_route",
        RouteTableId="rtb-private",
        DestinationCidrBlock="10.9.0.0/16",
    )


def test_a_subnet_on_the_main_table_is_associated_with_its_own_again(offline: Clients) -> None:
    (found,) = differences(offline, made=layout(), nats=[NAT], routes=[TO_NAT], associations=[])
    assert found.actual == "the VPC's main route table"
    restored(
        offline,
        found,
        "associate_route_table",
        RouteTableId="rtb-private",
        SubnetId="subnet-private",
    )


def test_a_route_for_a_prefix_list_is_extra_unless_it_leads_to_a_gateway_endpoint(
    offline: Clients,
) -> None:
    to_s3 = {"DestinationPrefixListId": "pl-1", "GatewayId": "vpce-1"}
    extra = {"DestinationPrefixListId": "pl-2", "EgressOnlyInternetGatewayId": "eigw-1"}
    (found,) = differences(offline, made=layout(), nats=[NAT], routes=[TO_NAT, to_s3, extra])
    assert (found.what, found.actual) == ("Extra route of the private subnet in a", "pl-2 → eigw-1")
    restored(
        offline,
        found,
        "delete_route",
        RouteTableId="rtb-private",
        DestinationPrefixListId="pl-2",
    )
