"""Diagnosis names the first broken hop of each zone, whatever state the network is in."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.dashboard import Api, Dashboard
from tests.portal import addresses_of, partner_key
from webapp.aws.clients import Clients
from webapp.aws.egress.hops import FUNCTION_HOPS, HOPS
from webapp.sandbox.launcher import Sandbox

REGION = "ap-southeast-1"
NETWORK = "/networks/ailing"
FUNCTION = "/functions/ailing"
ANYWHERE = "0.0.0.0/0"


@pytest.fixture(scope="module")
def api(dashboard: Dashboard, sandbox: Sandbox) -> Iterator[Api]:
    """The API, with a network in which a function runs."""
    api = dashboard.api()
    api.post("/networks", {"name": "ailing", "region": REGION, "availability_zones": 2})
    network = api.settled(NETWORK)
    secret = partner_key(sandbox, addresses_of(network))
    api.post("/keys", {"name": "ailing", "secret": secret}).raise_for_status()
    chosen = {"template": "clash_rankings", "settings": {"location": "32000006", "limit": 10}}
    api.post("/functions", chosen | {"name": "ailing", "network": "ailing", "key": "ailing"})
    assert api.settled(FUNCTION)["status"] == "ready"
    yield api
    api.delete(FUNCTION)
    api.gone(FUNCTION)
    api.delete("/keys/ailing")
    api.delete(NETWORK)
    api.gone(NETWORK)


@pytest.fixture
def ec2(clients: Clients) -> Any:
    return clients.ec2(REGION)


def zones(api: Api, of: str = NETWORK) -> list[Any]:
    found: list[Any] = api.get(f"{of}/diagnosis").raise_for_status().json()["zones"]
    return found


def first(api: Api) -> Any:
    """The last hop of the first zone."""
    return zones(api)[0]["hops"][-1]


def table(ec2: Any, subnet_id: str) -> Any:
    there = [{"Name": "association.subnet-id", "Values": [subnet_id]}]
    return next(
        t
        for t in ec2.describe_route_tables(Filters=there)["RouteTables"]
        if any(a.get("SubnetId") == subnet_id for a in t["Associations"])
    )


def test_a_whole_egress_path_is_followed_in_each_zone_to_the_address(api: Api) -> None:
    (address,) = addresses_of(api.get(NETWORK).json())
    for of in (NETWORK, FUNCTION):
        found = api.get(f"{of}/diagnosis").json()
        assert (found["ok"], found["problem"]) == (True, "")
        assert [zone["availability_zone"] for zone in found["zones"]] == [
            f"{REGION}a",
            f"{REGION}b",
        ]
        for zone in found["zones"]:
            assert (zone["seen_ip"], zone["expected_ip"]) == (address, address)
            assert tuple(hop["name"] for hop in zone["hops"]) == HOPS + FUNCTION_HOPS
            assert zone["not_looked_at"] == []


def test_a_missing_route_breaks_one_zone_and_its_function(api: Api, ec2: Any) -> None:
    mine = table(ec2, zones(api)[0]["subnet_id"])
    nat = next(r["NatGatewayId"] for r in mine["Routes"] if r.get("NatGatewayId"))
    route = {"RouteTableId": mine["RouteTableId"], "DestinationCidrBlock": ANYWHERE}
    ec2.delete_route(**route)
    broken, whole = zones(api)
    of_function = zones(api, FUNCTION)[0]
    ec2.create_route(**route, NatGatewayId=nat)
    assert (broken["ok"], whole["ok"]) == (False, True)
    assert broken["hops"] == of_function["hops"]
    hop = broken["hops"][-1]
    assert (hop["name"], hop["resource_id"]) == ("route table", mine["RouteTableId"])
    assert hop["repair"]
    assert broken["not_looked_at"][0] == "NAT gateway"


def test_each_part_that_can_be_closed_is_named(api: Api, ec2: Any) -> None:
    subnet_id = zones(api)[0]["subnet_id"]
    there = [{"Name": "association.subnet-id", "Values": [subnet_id]}]
    (acl,) = ec2.describe_network_acls(Filters=there)["NetworkAcls"]
    entry = {"NetworkAclId": acl["NetworkAclId"], "RuleNumber": 7, "Egress": True}
    deny = {"Protocol": "-1", "RuleAction": "deny", "CidrBlock": ANYWHERE}
    vpc = acl["VpcId"]
    group = api.get(f"{NETWORK}/diagnosis").json()["zones"][0]["hops"][0]["resource_id"]
    rules = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    egress = {"GroupId": group, "IpPermissions": rules["IpPermissionsEgress"]}
    damages: list[tuple[str, Callable[[], Any], Callable[[], Any]]] = [
        (
            "network ACL",
            lambda: ec2.create_network_acl_entry(**entry, **deny),
            lambda: ec2.delete_network_acl_entry(**entry),
        ),
        (
            "security group",
            lambda: ec2.revoke_security_group_egress(**egress),
            lambda: ec2.authorize_security_group_egress(**egress),
        ),
        (
            "DNS",
            lambda: ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": False}),
            lambda: ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": True}),
        ),
    ]
    for name, close, reopen in damages:
        close()
        found = first(api)
        reopen()
        assert (found["name"], found["ok"]) == (name, False)
        assert found["repair"]
    assert all(zone["ok"] for zone in zones(api))


def test_a_function_that_was_taken_out_of_its_network_is_reported(
    api: Api, clients: Clients
) -> None:
    function = api.get(f"{FUNCTION}/diagnosis").json()["zones"][0]["hops"][-1]["resource_id"]
    awslambda, of = clients.awslambda(REGION), {"FunctionName": function}
    live = awslambda.get_alias(**of, Name="live")["FunctionVersion"]
    before = awslambda.get_function_configuration(**of)["VpcConfig"]
    kept: Any = {key: before[key] for key in ("SubnetIds", "SecurityGroupIds")}
    awslambda.update_function_configuration(
        **of, VpcConfig={"SubnetIds": [], "SecurityGroupIds": []}
    )
    other = awslambda.publish_version(**of)["Version"]
    awslambda.update_alias(**of, Name="live", FunctionVersion=other)
    found = zones(api, FUNCTION)[0]["hops"][-1]
    awslambda.update_function_configuration(**of, VpcConfig=kept)
    awslambda.update_alias(**of, Name="live", FunctionVersion=live)
    awslambda.delete_function(**of, Qualifier=other)
    assert (found["name"], "outside any VPC" in found["detail"]) == ("function", True)


def test_a_parked_network_says_that_it_is_parked(api: Api) -> None:
    api.post(f"{NETWORK}/parking").raise_for_status()
    api.settled(NETWORK)
    found = api.get(f"{NETWORK}/diagnosis").json()
    api.delete(f"{NETWORK}/parking").raise_for_status()
    assert "parked" in found["problem"]
    assert (found["ok"], found["remedy"]) == (False, "Unpark it.")
    last = {(zone["hops"][-1]["name"], zone["hops"][-1]["repair"]) for zone in found["zones"]}
    assert last == {("route table", "Unpark the network.")}
    api.settled(NETWORK)
    assert api.get(f"{NETWORK}/diagnosis").json()["ok"]


def test_a_network_that_is_still_being_made_has_no_egress_path(api: Api) -> None:
    body = {"name": "unmade", "region": "eu-west-1", "availability_zones": 1}
    api.post("/networks", body).raise_for_status()
    found = api.get("/networks/unmade/diagnosis").json()
    api.settled("/networks/unmade")
    api.delete("/networks/unmade")
    api.gone("/networks/unmade")
    assert (found["ok"], found["zones"]) == (False, [])
    assert "still being created" in found["problem"]
    assert api.get("/networks/unmade/diagnosis").status_code == 404
