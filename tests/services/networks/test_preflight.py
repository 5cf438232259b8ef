"""The preflight: every rule at once, then what the account has room for; nothing is created."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.services.rows import REGION, ZONES, a_network, add, an_address
from tests.services.scripted import NOTHING_USED, ScriptedAws, refusal
from webapp.aws.tags import tags_of
from webapp.errors import Conflict, Invalid
from webapp.models import Nat, NewNetwork, Site, Status
from webapp.scope import CloudScope
from webapp.services.networks import cidrs, preflight, zones
from webapp.services.networks.preflight import Check, Verdict

LIMIT = 2
MADE = (
    "AllocateAddress",
    "CreateVpc",
    "CreateInternetGateway",
    "CreateSubnet",
    "CreateRouteTable",
    "CreateSecurityGroup",
    "CreateNatGateway",
)


def wanted(**fields: Any) -> NewNetwork:
    return NewNetwork(**{"name": "net", "region": REGION} | fields)


@pytest.fixture
def account(aws: ScriptedAws) -> ScriptedAws:
    """An account in which nothing is used, with quotas of two of each."""
    allowed = refusal("DryRunOperation")
    zones = [{"ZoneName": name, "ZoneId": name} for name in ZONES]
    aws.answers |= NOTHING_USED
    aws.answers["DescribeVpcBlockPublicAccessOptions"] = {"VpcBlockPublicAccessOptions": {}}
    aws.answers["DescribeAvailabilityZones"] = {"AvailabilityZones": zones}
    aws.answers |= dict.fromkeys(MADE, allowed)
    return aws


def use_up_addresses(aws: ScriptedAws) -> None:
    taken = [{"AllocationId": str(n), "PublicIp": f"198.51.100.{n}"} for n in range(LIMIT)]
    aws.answers["DescribeAddresses"] = {"Addresses": taken}


def blocking(scope: CloudScope, **fields: Any) -> list[Check]:
    checks = preflight.check(scope, wanted(**fields)).checks
    return [check for check in checks if check.verdict is Verdict.BLOCKED]


@pytest.mark.usefixtures("account")
def test_a_network_that_fits_passes_with_its_range_zones_and_costs(scripted: CloudScope) -> None:
    found = preflight.check(scripted, wanted())
    assert not found.blocked
    assert (found.cidr, found.zones, found.new_addresses) == ("10.0.0.0/16", list(ZONES), 1)
    assert found.resources["Vpc"] == "AWS::EC2::VPC"
    assert [cost.monthly_usd for cost in found.costs] == [36.54, 38.75, 81.5]


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("boundary", ["", "arn:aws:iam::111122223333:policy/egret-boundary"])
def test_a_boundary_that_is_not_set_is_told_and_blocks_nothing(
    scripted: CloudScope, boundary: str
) -> None:
    settings = scripted.settings.model_copy(update={"permissions_boundary_arn": boundary})
    found = preflight.check(replace(scripted, settings=settings), wanted())
    assert not found.blocked
    assert (preflight.NO_BOUNDARY in found.checks) is not bool(boundary)


@pytest.mark.usefixtures("account")
def test_a_chosen_address_needs_no_new_one(scripted: CloudScope) -> None:
    free = an_address()
    add(scripted.session, free)
    found = preflight.check(scripted, wanted(addresses=[free.id]))
    assert (found.blocked, found.new_addresses) == (False, 0)


@pytest.mark.usefixtures("account")
def test_permissions_are_asked_for_with_the_tags_that_everything_gets(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    settings = scripted.settings.model_copy(update={"tags": {"team": "pay"}})
    preflight.check(replace(scripted, settings=settings), wanted(tags={"env": "x"}))
    for call, kind in (("AllocateAddress", "elastic-ip"), ("CreateVpc", "vpc")):
        (request,) = aws.calls(call)
        (specification,) = request["TagSpecifications"]
        assert specification["ResourceType"] == kind
        assert {"team": "pay", "env": "x"}.items() <= tags_of(specification).items()


# --- What breaks a rule -----------------------------------------------------------------------


def test_all_fields_that_break_a_rule_are_reported_before_aws_is_asked(
    offline: CloudScope,
) -> None:
    new = wanted(
        name="Not A Name",
        region="mars-1",
        cidr="10.0.0.0/8",
        availability_zones=9,
        addresses=["a", "a"],
        environment="Über",
    )
    for ask in (
        lambda: preflight.check(offline, new),
        lambda: preflight.check_rules(offline.session, offline.settings, new),
    ):
        with pytest.raises(Invalid) as refused:
            ask()
        assert set(refused.value.errors) == {
            "name",
            "region",
            "cidr",
            "availability_zones",
            "addresses",
            "environment",
        }


@pytest.mark.parametrize("count", [0, 4])
def test_a_network_has_one_to_three_zones(count: int) -> None:
    with pytest.raises(Invalid) as refused:
        zones.check_count(count)
    assert list(refused.value.errors) == ["availability_zones"]


def test_a_name_and_an_address_that_are_taken_are_a_conflict(offline: CloudScope) -> None:
    add(offline.session, a_network("taken"))
    for new in (wanted(name="taken"), wanted(addresses=["unknown"])):
        with pytest.raises(Conflict):
            preflight.check_rules(offline.session, offline.settings, new)


# --- What blocks it ---------------------------------------------------------------------------


@pytest.mark.usefixtures("account")
def test_each_thing_that_blocks_a_network_is_a_check_with_a_remedy(scripted: CloudScope) -> None:
    add(scripted.session, a_network("taken"))
    blocked = blocking(
        scripted, name="taken", cidr="10.0.0.0/20", availability_zones=3, addresses=["unknown"]
    )
    assert [check.name for check in blocked] == ["Name", "Range", "Zones", "Addresses"]
    assert all(check.remedy for check in blocked)


def test_a_quota_that_is_used_up_links_to_where_a_higher_one_is_requested(
    scripted: CloudScope, account: ScriptedAws
) -> None:
    use_up_addresses(account)
    (check,) = blocking(scripted)
    assert (check.name, check.used, check.limit) == ("Quota of Elastic IP addresses", 2, 2)
    assert check.link.startswith("https://")


def test_a_limit_that_cannot_be_read_blocks_nothing(
    scripted: CloudScope, account: ScriptedAws
) -> None:
    use_up_addresses(account)
    account.answers["GetServiceQuota"] = refusal("AccessDeniedException")
    verdicts = {check.verdict for check in preflight.check(scripted, wanted()).checks}
    assert verdicts == {Verdict.OK, Verdict.UNKNOWN}


def test_a_permission_that_is_missing_blocks_and_one_that_is_not_told_does_not(
    scripted: CloudScope, account: ScriptedAws
) -> None:
    account.answers["CreateVpc"] = refusal("UnauthorizedOperation", "no")
    account.answers["AllocateAddress"] = refusal("AddressLimitExceeded", "full")
    found = {check.name: check.verdict for check in preflight.check(scripted, wanted()).checks}
    assert found["Permission ec2:CreateVpc"] is Verdict.BLOCKED
    assert found["Permission ec2:AllocateAddress"] is Verdict.UNKNOWN


# --- Room -------------------------------------------------------------------------------------


def test_what_is_under_way_is_counted_with_what_aws_has(
    scripted: CloudScope, account: ScriptedAws
) -> None:
    under_way = a_network("under-way", cidr="10.9.0.0/16", status=Status.REQUESTED)
    add(scripted.session, under_way)
    account.answers["DescribeVpcs"] = {"Vpcs": [{"CidrBlock": "172.31.0.0/16"}]}
    (check,) = blocking(scripted)
    assert (check.name, check.used, check.limit) == ("Quota of VPCs", 2, 2)
    assert "(1 pending)" in check.detail


def test_a_region_without_room_in_one_zone_blocks_a_nat_gateway_there(
    scripted: CloudScope, account: ScriptedAws
) -> None:
    full(account, ZONES[1])
    assert not blocking(scripted)
    (check,) = blocking(scripted, nat=Nat.PER_AZ)
    assert check.name == f"Quota of NAT gateways in {ZONES[1]}"


def full(aws: ScriptedAws, zone: str) -> None:
    """As many NAT gateways in the zone as the account may have."""
    subnet: Mapping[str, str] = {
        "SubnetId": "subnet-1",
        "AvailabilityZone": zone,
        "VpcId": "vpc-1",
        "CidrBlock": "10.9.0.0/20",
    }
    aws.answers["DescribeNatGateways"] = {"NatGateways": [{"SubnetId": "subnet-1"}] * LIMIT}
    aws.answers["DescribeSubnets"] = {"Subnets": [subnet]}


def test_ranges_of_networks_that_are_only_rows_yet_are_taken(scripted: CloudScope) -> None:
    add(scripted.session, a_network(cidr="10.1.0.0/16"), a_network("far", region="us-east-1"))
    assert cidrs.of_rows(scripted.session, Site(None, REGION)) == ["10.1.0.0/16"]


@pytest.mark.parametrize("cidr", ["", "10.0.0.0/16"])
def test_without_any_free_range_the_check_says_so(
    scripted: CloudScope, account: ScriptedAws, cidr: str
) -> None:
    ranges = ("10.0.0.0/8", "172.16.0.0/12", "100.64.0.0/10")
    account.answers["DescribeVpcs"] = {"Vpcs": [{"CidrBlock": each} for each in ranges]}
    add(scripted.session, a_network(cidr="192.168.0.0/16"))
    (check,) = [c for c in blocking(scripted, cidr=cidr) if c.name == "Range"]
    assert "overlaps" in check.detail
    assert check.remedy == ""
