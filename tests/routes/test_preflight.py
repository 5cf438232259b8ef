"""The preflight: what would be made, what it costs, and what blocks it. Nothing is made."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.dashboard import Api, Dashboard
from tests.fixtures import NETWORK_QUOTA
from webapp.aws.clients import Clients
from webapp.aws.tags import tags_of

REGION = "ap-southeast-1"
TAGS = {"team": "pay"}
REQUEST: dict[str, Any] = {
    "name": "planned",
    "region": REGION,
    "availability_zones": 2,
    "nat": "per_az",
}


@pytest.fixture(scope="module")
def api(dashboard: Dashboard) -> Api:
    return dashboard.api()


@pytest.fixture(scope="module")
def taken(api: Api) -> Iterator[None]:
    """A network that has its name already; in another region, so as not to be counted here."""
    api.post(
        "/networks", REQUEST | {"name": "taken", "region": "eu-west-1", "tags": TAGS}
    ).raise_for_status()
    yield
    api.delete("/networks/taken").raise_for_status()
    api.gone("/networks/taken")


def preflight(api: Api, **changes: Any) -> dict[str, Any]:
    answer = api.post("/networks?dry_run=true", REQUEST | changes)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def check(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(check for check in found["checks"] if check["name"] == name)


def nat_gateways(clients: Clients, zone: str) -> int:
    """Other tests may have some in this region."""
    ec2: Any = clients.ec2(REGION)
    in_zone = ec2.describe_subnets(Filters=[{"Name": "availability-zone", "Values": [zone]}])
    subnets = [subnet["SubnetId"] for subnet in in_zone["Subnets"]]
    there = ec2.describe_nat_gateways(Filter=[{"Name": "subnet-id", "Values": subnets}])
    return sum(nat["State"] != "deleted" for nat in there["NatGateways"])


def test_it_lists_what_would_be_made_and_makes_nothing(api: Api, clients: Clients) -> None:
    before = clients.ec2(REGION).describe_addresses()["Addresses"]
    found = preflight(api)
    assert not found["blocked"], found["checks"]
    assert found["zones"] == [f"{REGION}a", f"{REGION}b"]
    assert found["new_addresses"] == 2
    made = {line["logical_id"]: line["resource_type"] for line in found["resources"]}
    assert made["NatGateway2"] == "AWS::EC2::NatGateway"
    assert "NatGateway3" not in made
    assert api.get("/networks/planned").status_code == 404
    assert clients.ec2(REGION).describe_addresses()["Addresses"] == before


def test_costs_are_given_for_low_typical_and_high_traffic(api: Api) -> None:
    costs = {cost["traffic"]: cost["monthly_usd"] for cost in preflight(api)["costs"]}
    assert costs == {"low": 73.04, "typical": 75.25, "high": 118.0}


def test_each_quota_is_shown_with_its_use_and_its_limit(api: Api, clients: Clients) -> None:
    vpcs = clients.ec2(REGION).describe_vpcs()["Vpcs"]
    quota = check(preflight(api), "Quota of VPCs")
    assert (quota["used"], quota["limit"], quota["verdict"]) == (len(vpcs), NETWORK_QUOTA, "ok")
    zone = f"{REGION}b"
    gateways = check(preflight(api), f"Quota of NAT gateways in {zone}")
    assert (gateways["used"], gateways["limit"]) == (nat_gateways(clients, zone), NETWORK_QUOTA)


def test_permissions_are_checked_by_dry_runs_of_ec2(api: Api) -> None:
    allowed = check(preflight(api), "Permissions")["detail"]
    assert {"ec2:AllocateAddress", "ec2:CreateVpc", "ec2:CreateNatGateway"} <= set(
        allowed.removeprefix("AWS would allow ").partition(".")[0].split(", ")
    )


def test_a_range_that_overlaps_a_vpc_is_blocked_with_a_free_one(api: Api, clients: Clients) -> None:
    vpc = clients.ec2(REGION).create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
    try:
        found = preflight(api, cidr="10.77.4.0/22")
    finally:
        clients.ec2(REGION).delete_vpc(VpcId=vpc)
    assert found["blocked"]
    blocked = check(found, "Range")
    assert "overlaps 10.77.0.0/16" in blocked["detail"]
    assert found["cidr"] in blocked["remedy"]


def test_a_quota_without_room_blocks_with_the_page_to_raise_it(api: Api, clients: Clients) -> None:
    ec2 = clients.ec2(REGION)
    room = NETWORK_QUOTA - len(ec2.describe_vpcs()["Vpcs"])
    made = [ec2.create_vpc(CidrBlock=f"10.{80 + n}.0.0/16")["Vpc"]["VpcId"] for n in range(room)]
    try:
        found = preflight(api)
    finally:
        for vpc_id in made:
            ec2.delete_vpc(VpcId=vpc_id)
    blocked = check(found, "Quota of VPCs")
    assert (found["blocked"], blocked["verdict"]) == (True, "blocked")
    assert blocked["link"].endswith("/servicequotas/home/services/vpc/quotas/L-F678F1CE")


def test_public_access_that_is_blocked_is_told_before_anything_is_made(
    api: Api, clients: Clients
) -> None:
    ec2: Any = clients.ec2(REGION)
    name = "VPC Block Public Access"
    assert check(preflight(api), name)["verdict"] == "ok"
    ec2.modify_vpc_block_public_access_options(InternetGatewayBlockMode="block-bidirectional")
    found = preflight(api)
    ec2.modify_vpc_block_public_access_options(InternetGatewayBlockMode="off")
    assert (found["blocked"], check(found, name)["verdict"]) == (True, "blocked")
    assert "ingress-only" in check(found, name)["remedy"]


def test_an_address_that_cannot_be_used_blocks(api: Api) -> None:
    for chosen, status in ((["unknown"], 409), (["twice", "twice"], 422)):
        found = preflight(api, addresses=chosen)
        assert (found["blocked"], check(found, "Addresses")["verdict"]) == (True, "blocked")
        assert api.post("/networks", REQUEST | {"addresses": chosen}).status_code == status


@pytest.mark.parametrize(
    "wish",
    [
        {"name": "Bad Name"},
        {"region": "nowhere"},
        {"availability_zones": 4},
        {"environment": "<b>"},
        {"tags": {"aws:team": "x"}},
        {"tags": {"team": ""}},
    ],
)
def test_a_field_that_breaks_a_rule_is_refused(api: Api, wish: dict[str, Any]) -> None:
    assert api.post("/networks?dry_run=true", REQUEST | wish).status_code == 422


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"name": "Main", "region": REGION}, "bad_name"),
        ({"name": "taken", "region": REGION}, "name_taken"),
        ({"name": "far", "region": "mars-1"}, "invalid"),
        ({"name": "wide", "region": REGION, "availability_zones": 4}, "invalid"),
        ({"name": "range", "region": REGION, "cidr": "10.0.0.0/99"}, "invalid"),
        ({"name": "public", "region": REGION, "cidr": "8.8.0.0/16"}, "invalid"),
        ({"name": "field", "region": REGION, "zones": 2}, "invalid"),
    ],
)
@pytest.mark.usefixtures("taken")
def test_a_network_that_breaks_a_rule_is_refused_with_the_field(
    api: Api, body: dict[str, Any], code: str
) -> None:
    refused = api.post("/networks", body)
    problem = refused.json()
    assert refused.headers["content-type"] == "application/problem+json"
    assert problem["code"] == code
    assert problem["errors"]
    assert problem["request_id"] == refused.headers["X-Request-ID"]


@pytest.mark.usefixtures("taken")
def test_a_networks_tags_are_on_its_stack_and_its_addresses(api: Api, clients: Clients) -> None:
    network = api.settled("/networks/taken")
    region, stack_id = network["region"], network["stack_id"]
    stack = clients.cloudformation(region).describe_stacks(StackName=stack_id)["Stacks"][0]
    ids = [address["allocation_id"] for address in network["addresses"]]
    found = clients.ec2(region).describe_addresses(AllocationIds=ids)["Addresses"]
    assert network["tags"] == TAGS
    assert all(TAGS.items() <= tags_of(tagged).items() for tagged in (stack, *found))
