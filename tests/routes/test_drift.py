"""Drift: what was changed outside Egret is reported and restored, or says what to do by hand."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.dashboard import Api, Dashboard, wait_for
from tests.portal import addresses_of
from webapp.aws.clients import Clients

REGION = "eu-west-1"
NETWORK = "/networks/drifting"
ANYWHERE = "0.0.0.0/0"
UPDATE_TIMEOUT_S = 10.0
"""A function is pending for a moment after each change."""


@pytest.fixture(scope="module")
def api(dashboard: Dashboard) -> Iterator[Api]:
    api = dashboard.api()
    body = {"name": "drifting", "region": REGION, "availability_zones": 2, "nat": "per_az"}
    api.post("/networks", body).raise_for_status()
    assert api.settled(NETWORK)["status"] == "ready"
    yield api
    api.delete(NETWORK)
    api.gone(NETWORK)


@pytest.fixture
def ec2(clients: Clients) -> Any:
    return clients.ec2(REGION)


@pytest.fixture
def ids(api: Api, clients: Clients) -> dict[str, str]:
    """The physical ids of the network's resources."""
    stack = api.get(NETWORK).json()["stack_id"]
    found = clients.cloudformation(REGION).describe_stack_resources(StackName=stack)
    return {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in found["StackResources"]}


def differences(api: Api) -> dict[str, Any]:
    found = api.get(f"{NETWORK}/drift").raise_for_status().json()["differences"]
    return {difference["what"]: difference for difference in found}


def acl_of(ec2: Any, ids: dict[str, str]) -> str:
    there = [{"Name": "association.subnet-id", "Values": [ids["PrivateSubnet1"]]}]
    return str(ec2.describe_network_acls(Filters=there)["NetworkAcls"][0]["NetworkAclId"])


def test_a_network_as_it_was_made_has_not_drifted(api: Api) -> None:
    found = api.get(f"{NETWORK}/drift").json()
    assert (found["in_sync"], found["differences"]) == (True, [])
    checked = api.post(f"{NETWORK}/drift").json()["stack"]
    assert (checked["status"], checked["differences"]) == ("IN_SYNC", [])
    assert checked["checked_at"]
    assert checked["resources_checked"] > 10


def test_what_was_changed_is_reported_and_restored(api: Api, ec2: Any, ids: dict[str, str]) -> None:
    first, second = ids["PrivateRouteTable1"], ids["PrivateRouteTable2"]
    group = {"GroupId": ids["SecurityGroup"]}
    ec2.delete_route(RouteTableId=first, DestinationCidrBlock=ANYWHERE)
    ec2.replace_route(
        RouteTableId=second, DestinationCidrBlock=ANYWHERE, NatGatewayId=ids["NatGateway1"]
    )
    ec2.create_route(
        RouteTableId=second, DestinationCidrBlock="192.0.2.0/24", GatewayId=ids["InternetGateway"]
    )
    ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": ANYWHERE}]}
    rules = ec2.describe_security_groups(GroupIds=[group["GroupId"]])["SecurityGroups"][0]
    ec2.revoke_security_group_egress(**group, IpPermissions=rules["IpPermissionsEgress"])
    ec2.authorize_security_group_egress(**group, IpPermissions=[ssh])
    ec2.authorize_security_group_ingress(**group, IpPermissions=[ssh])
    acl = acl_of(ec2, ids)
    deny = {"Protocol": "-1", "RuleAction": "deny", "CidrBlock": ANYWHERE}
    ec2.create_network_acl_entry(NetworkAclId=acl, RuleNumber=7, Egress=False, **deny)
    ec2.modify_vpc_attribute(VpcId=ids["Vpc"], EnableDnsSupport={"Value": False})
    found = differences(api)
    told = {what: (d["expected"], d["actual"]) for what, d in found.items()}
    assert told == {
        f"Default route of {REGION}a": (ids["NatGateway1"], "none"),
        f"Default route of {REGION}b": (ids["NatGateway2"], ids["NatGateway1"]),
        f"Extra route of {REGION}b": ("none", f"192.0.2.0/24 → {ids['InternetGateway']}"),
        "Outbound rules of the security group": (f"TCP 443: {ANYWHERE}", f"TCP 22: {ANYWHERE}"),
        "Inbound rules of the security group": ("none", f"TCP 22: {ANYWHERE}"),
        "DNS (enableDnsSupport)": ("on", "off"),
        "Rules of the default network ACL": (
            f"outbound 100: allow everything to {ANYWHERE}; "
            f"inbound 100: allow everything from {ANYWHERE}",
            f"outbound 100: allow everything to {ANYWHERE}; "
            f"inbound 7: deny everything from {ANYWHERE}; "
            f"inbound 100: allow everything from {ANYWHERE}",
        ),
    }
    assert all(difference["restorable"] for difference in found.values())
    answer = api.post(f"{NETWORK}/drift/restoration").raise_for_status().json()
    assert {difference["what"] for difference in answer["restored"]} == set(found)
    assert answer["drift"]["in_sync"]
    assert api.get(f"{NETWORK}/diagnosis").json()["ok"]
    assert api.get(NETWORK).json()["proof"]["ok"]
    trail = api.get("/audit-events", {"limit": 200}).json()["items"]
    assert any(e["action"] == "restore" and "Default route" in e["detail"] for e in trail)


def test_a_zone_that_comes_out_at_another_zones_address_is_reported(
    api: Api, ec2: Any, ids: dict[str, str]
) -> None:
    first, second = addresses_of(api.get(NETWORK).json())
    route = {"RouteTableId": ids["PrivateRouteTable2"], "DestinationCidrBlock": ANYWHERE}
    ec2.replace_route(**route, NatGatewayId=ids["NatGateway1"])
    zone = api.get(f"{NETWORK}/diagnosis").json()["zones"][1]
    assert (zone["ok"], all(hop["ok"] for hop in zone["hops"])) == (False, True)
    assert zone["problem"] == f"Calls come from {first}, not from {second}."
    api.post(f"{NETWORK}/drift/restoration").raise_for_status()
    assert api.get(f"{NETWORK}/diagnosis").json()["ok"]


def test_a_subnet_with_a_network_acl_of_its_own_gets_the_default_one_back(
    api: Api, ec2: Any, ids: dict[str, str]
) -> None:
    default, subnet_id = acl_of(ec2, ids), ids["PrivateSubnet1"]
    closed = ec2.create_network_acl(VpcId=ids["Vpc"])["NetworkAcl"]["NetworkAclId"]
    (held,) = [
        a["NetworkAclAssociationId"]
        for a in ec2.describe_network_acls(NetworkAclIds=[default])["NetworkAcls"][0][
            "Associations"
        ]
        if a["SubnetId"] == subnet_id
    ]
    ec2.replace_network_acl_association(AssociationId=held, NetworkAclId=closed)
    (found,) = differences(api).values()
    assert (found["resource_id"], found["expected"], found["actual"]) == (
        subnet_id,
        default,
        closed,
    )
    assert api.post(f"{NETWORK}/drift/restoration").json()["drift"]["in_sync"]
    ec2.delete_network_acl(NetworkAclId=closed)


def test_a_subnet_that_was_moved_to_another_route_table_is_moved_back(
    api: Api, ec2: Any, ids: dict[str, str]
) -> None:
    there = [{"Name": "vpc-id", "Values": [ids["Vpc"]]}]
    association = next(
        a["RouteTableAssociationId"]
        for table in ec2.describe_route_tables(Filters=there)["RouteTables"]
        for a in table["Associations"]
        if a.get("SubnetId") == ids["PrivateSubnet1"]
    )
    ec2.replace_route_table_association(
        AssociationId=association, RouteTableId=ids["PublicRouteTable"]
    )
    (what,) = differences(api)
    assert what == f"Route table of the private subnet in {REGION}a"
    assert api.post(f"{NETWORK}/drift/restoration").json()["drift"]["in_sync"]
    assert api.post(f"{NETWORK}/drift/restoration").json()["restored"] == []


def test_ipv6_that_somebody_added_is_reported_and_taken_away(
    api: Api, clients: Clients, ec2: Any, ids: dict[str, str]
) -> None:
    made = ec2.associate_vpc_cidr_block(VpcId=ids["Vpc"], AmazonProvidedIpv6CidrBlock=True)
    cidr = made["Ipv6CidrBlockAssociation"]["Ipv6CidrBlock"].replace("/56", "/64")
    ec2.associate_subnet_cidr_block(SubnetId=ids["PrivateSubnet1"], Ipv6CidrBlock=cidr)
    gateway = ec2.create_egress_only_internet_gateway(VpcId=ids["Vpc"])
    target = gateway["EgressOnlyInternetGateway"]["EgressOnlyInternetGatewayId"]
    ec2.create_route(
        RouteTableId=ids["PrivateRouteTable1"],
        DestinationIpv6CidrBlock="::/0",
        EgressOnlyInternetGatewayId=target,
    )
    awslambda, probe = clients.awslambda(REGION), ids["Probe1"]
    vpc: Any = awslambda.get_function_configuration(FunctionName=probe)["VpcConfig"]
    kept: Any = {key: vpc[key] for key in ("SubnetIds", "SecurityGroupIds")}
    awslambda.update_function_configuration(
        FunctionName=probe, VpcConfig=kept | {"Ipv6AllowedForDualStack": True}
    )
    wait_for(lambda: f"Probe of {REGION}a" not in differences(api), UPDATE_TIMEOUT_S)
    assert set(differences(api)) == {
        f"IPv6 (dual-stack) of {probe}",
        f"IPv6 route of the private subnet in {REGION}a",
        f"IPv6 range of the private subnet in {REGION}a",
        "IPv6 range of the VPC",
    }
    api.post(f"{NETWORK}/drift/restoration").raise_for_status()
    wait_for(lambda: differences(api) == {}, UPDATE_TIMEOUT_S)
    ec2.delete_egress_only_internet_gateway(EgressOnlyInternetGatewayId=target)


def test_a_nat_gateway_that_is_gone_comes_back_on_its_address_by_parking(
    api: Api, ec2: Any, ids: dict[str, str]
) -> None:
    before = addresses_of(api.get(NETWORK).json())
    ec2.delete_nat_gateway(NatGatewayId=ids["NatGateway1"])
    found = differences(api)
    assert set(found) == {"NAT gateway", f"Default route of {REGION}a"}
    assert all("unpark" in difference["by_hand"] for difference in found.values())
    assert not any(difference["restorable"] for difference in found.values())
    stack = api.post(f"{NETWORK}/drift").json()["stack"]
    assert (stack["status"], [d["what"] for d in stack["differences"]]) == (
        "DRIFTED",
        ["NatGateway1"],
    )
    api.post(f"{NETWORK}/parking").raise_for_status()
    parked = api.settled(NETWORK)
    assert parked["status"] == "parked", parked["reason"]
    assert api.get(f"{NETWORK}/drift").json()["differences"] == []
    api.delete(f"{NETWORK}/parking").raise_for_status()
    assert api.settled(NETWORK)["status"] == "ready"
    assert differences(api) == {}
    assert addresses_of(api.get(NETWORK).json()) == before
    assert api.get(f"{NETWORK}/diagnosis").json()["ok"]


def test_a_network_that_is_being_changed_is_not_compared(api: Api) -> None:
    body = {"name": "unsteady", "region": REGION, "availability_zones": 1}
    api.post("/networks", body).raise_for_status()
    answers = [
        api.get("/networks/unsteady/drift"),
        api.post("/networks/unsteady/drift"),
        api.post("/networks/unsteady/drift/restoration"),
    ]
    api.settled("/networks/unsteady")
    api.delete("/networks/unsteady")
    api.gone("/networks/unsteady")
    assert {answer.json()["code"] for answer in answers} == {"network_not_steady"}
