"""Capacity: what is under way is counted with AWS's figure, once."""

from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import Session

from tests.clouds import connected
from tests.services.scripted import NOTHING_USED, ScriptedAws
from webapp.aws import Cloud
from webapp.aws.errors import QuotaExceeded
from webapp.aws.quotas import ADDRESSES, NAT_GATEWAYS, VPCS, Quota
from webapp.models import Address, AddressStatus, Nat, Network, Site, Status
from webapp.scope import CloudScope
from webapp.services.addresses import capacity
from webapp.services.addresses.capacity import Need, Reading
from webapp.settings import Settings

REGION = "eu-west-1"
ZONES = [f"{REGION}a", f"{REGION}b"]


def add(session: Session, name: str, status: Status, **values: Any) -> Network:
    network = Network(
        name=name,
        region=values.pop("region", REGION),
        cidr="10.0.0.0/16",
        availability_zones=2,
        nat=Nat.PER_AZ,
        zones=ZONES,
        status=status,
        **values,
    )
    session.add(network)
    session.flush()
    return network


def used(session: Session, settings: Settings, quota: Quota, **covered: Any) -> int:
    (found,) = capacity.fill(session, settings, Reading(Site(None, REGION), [quota], **covered))
    return found.used + found.under_way


def quota(kind: Any = VPCS, *owners: str, zone: str = "") -> Quota:
    return Quota(kind, REGION, len(owners), 5, zone, frozenset(owners))


@pytest.mark.parametrize(
    ("status", "count"),
    [
        (Status.REQUESTED, 1),
        (Status.CREATING, 1),
        (Status.READY, 1),
        (Status.FAILED, 0),
        (Status.DELETING, 0),
    ],
)
def test_a_network_is_counted_until_aws_counts_it(
    session: Session, settings: Settings, status: Status, count: int
) -> None:
    network = add(session, "one", status)
    assert used(session, settings, quota()) == count
    assert used(session, settings, quota(VPCS, "egret-network-one")) == 1
    assert used(session, settings, quota(), networks=frozenset({network.id})) == 0


def test_a_network_of_another_region_is_not_counted(session: Session, settings: Settings) -> None:
    add(session, "far", Status.REQUESTED, region="us-east-1")
    assert used(session, settings, quota()) == 0


def test_nat_gateways_are_counted_in_the_zones_that_get_one(
    session: Session, settings: Settings
) -> None:
    add(session, "one", Status.UNPARKING)
    add(session, "parked", Status.PARKED)
    growing = add(session, "growing", Status.UPDATING)
    growing.zones, growing.availability_zones = ZONES[:1], 1
    growing.change = {"availability_zones": 2, "nat": "per_az", "zones": ZONES, "preview": []}
    session.flush()
    in_zone = quota(NAT_GATEWAYS, "egret-network-growing", zone=ZONES[0])
    assert used(session, settings, in_zone) == 2
    assert used(session, settings, quota(NAT_GATEWAYS, zone=ZONES[1])) == 2
    assert used(session, settings, quota(NAT_GATEWAYS, zone=f"{REGION}c")) == 0


@pytest.mark.parametrize("status", [Status.READY, Status.UPDATING])
def test_the_nat_gateways_of_a_change_are_counted_from_its_creation_until_aws_counts_them(
    session: Session, settings: Settings, status: Status
) -> None:
    growing = add(session, "growing", status)
    growing.zones, growing.availability_zones = ZONES[:1], 1
    growing.change = {"availability_zones": 2, "nat": "per_az", "zones": ZONES, "preview": []}
    session.commit()
    scope = CloudScope(session, "tests", an_aws_with(2), settings)
    reading = capacity.read(scope, Site(None, REGION), Need(nat_zones=ZONES))
    found = capacity.fill(session, settings, reading)
    assert [q.under_way for q in found if q.zone] == [0, 1], "the old one exists, AWS counts it"
    mine = capacity.fill(session, settings, reading, asks=growing.id)
    assert [q.under_way for q in mine if q.zone] == [0, 0]


def an_aws_with(quota: int) -> Cloud:
    aws = ScriptedAws()
    aws.answers |= NOTHING_USED | {"GetServiceQuota": {"Quota": {"Value": quota}}}
    return aws.cloud


def test_an_address_is_counted_until_aws_counts_it(session: Session, settings: Settings) -> None:
    failed = add(session, "failed", Status.FAILED)
    new, allocated, lost, of_failed = rows = (
        Address(region=REGION),
        Address(region=REGION, status=AddressStatus.FREE, allocation_id="eipalloc-1"),
        Address(region=REGION, status=AddressStatus.LOST, allocation_id="eipalloc-2"),
        Address(region=REGION, network_id=failed.id, position=0),
    )
    session.add_all(rows)
    session.flush()
    assert used(session, settings, quota(ADDRESSES)) == 2, "the new one, the allocated one"
    assert used(session, settings, quota(ADDRESSES, new.id)) == 2
    covered = frozenset({"eipalloc-1"})
    assert used(session, settings, quota(ADDRESSES), allocations=covered) == 1
    assert (lost.allocation_id, of_failed.allocation_id) == ("eipalloc-2", None)
    assert allocated.id


def test_who_does_not_fit_is_told_what_is_under_way_and_where_to_ask_for_more() -> None:
    full = Quota(VPCS, REGION, used=3, limit=5, under_way=2)
    capacity.require([full], Need(addresses=1))
    with pytest.raises(QuotaExceeded) as refused:
        capacity.require([full], Need(vpcs=1))
    assert refused.value.detail == (
        "5 of 5 VPCs in eu-west-1 in use (2 pending), 1 more needed. Nothing was created."
    )
    assert "servicequotas" in refused.value.remedy


def test_what_a_failed_network_still_has_it_need_not_have_again() -> None:
    full = Quota(VPCS, REGION, used=5, limit=5, owners=frozenset({"egret-network-one"}))
    capacity.require([full], Need(vpcs=1), has="egret-network-one")
    with pytest.raises(QuotaExceeded):
        capacity.require([full], Need(vpcs=1), has="egret-network-two")


@pytest.mark.parametrize(
    ("need", "asked"),
    [
        (Need(), set()),
        (Need(addresses=1), {"DescribeAddresses"}),
        (Need(nat_zones=ZONES), {"DescribeNatGateways"}),
        (
            Need(vpcs=1),
            {"DescribeInternetGateways", "DescribeVpcEndpoints", "DescribeVpcs"},
        ),
    ],
)
def test_aws_is_asked_only_for_what_is_needed(
    scripted: CloudScope, aws: ScriptedAws, need: Need, asked: set[str]
) -> None:
    aws.answers |= NOTHING_USED
    capacity.read(scripted, Site(None, REGION), need)
    names = {name for name, _ in aws.asked}
    assert {name for name in names if name.startswith("Describe")} == asked


@pytest.fixture
def keeping(scripted: CloudScope, aws: ScriptedAws) -> CloudScope:
    """As the dashboard does, whose answers of AWS serve for a while."""
    aws.answers |= NOTHING_USED
    aws.clients.keeps = True
    made = replace(scripted, own=connected(aws.clients))
    aws.clients.keeps = False
    return made


def test_many_that_ask_at_once_share_what_aws_says_while_there_is_room(
    keeping: CloudScope, aws: ScriptedAws
) -> None:
    """Two are allowed; what was accepted since is counted by its row."""
    site, need, session = Site(None, REGION), Need(vpcs=1), keeping.session
    for number in range(2):
        reading = capacity.read(keeping, site, need)
        with capacity.one_at_a_time(session, site):
            capacity.require(capacity.fill(session, keeping.settings, reading), need)
            add(session, f"new-{number}", Status.REQUESTED)
            session.commit()
    assert len(aws.calls("DescribeVpcs")) == 1
    reading = capacity.read(keeping, site, need)
    assert len(aws.calls("DescribeVpcs")) == 2, "somebody may have made room"
    with pytest.raises(QuotaExceeded):
        capacity.require(capacity.fill(session, keeping.settings, reading), need)


def test_a_limit_is_read_again_only_when_it_is_nearly_reached(
    keeping: CloudScope, aws: ScriptedAws
) -> None:
    aws.answers["GetServiceQuota"] = {"Quota": {"Value": 4}}
    quotas = keeping.own.quotas
    for _ in range(3):
        quotas.read(REGION, [VPCS], [])
    assert len(aws.calls("GetServiceQuota")) == 1
    vpc = {"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}
    aws.answers["DescribeVpcs"] = {"Vpcs": [vpc, vpc]}
    aws.answers["GetServiceQuota"] = {"Quota": {"Value": 9}}
    (found,) = quotas.read(REGION, [VPCS], [])
    assert (found.used, found.limit) == (2, 9)
