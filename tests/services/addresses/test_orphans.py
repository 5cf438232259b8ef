"""Orphans: what is tagged as Egret's and has no row is found, priced, adopted or deleted."""

from typing import Any

import pytest

from tests.services.rows import a_network, add
from tests.services.scripted import ScriptedAws
from webapp.errors import Conflict, Invalid, NotFound
from webapp.models import Address, AddressStatus, Site
from webapp.scope import CloudScope
from webapp.services.addresses import orphans
from webapp.services.addresses.orphans import Orphans
from webapp.services.audit import list_after
from webapp.settings import Settings

REGION = "eu-west-1"
IP = "198.51.100.1"
STACK = "egret-network-lost"
NAT_KIND = "nat_gateway"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"regions": REGION})


@pytest.fixture(autouse=True)
def empty(aws: ScriptedAws) -> None:
    show(aws)


def show(
    aws: ScriptedAws,
    *,
    stacks: tuple[dict[str, Any], ...] = (),
    addresses: tuple[dict[str, Any], ...] = (),
    nats: tuple[dict[str, Any], ...] = (),
) -> None:
    aws.answers |= {
        "DescribeStacks": {"Stacks": list(stacks)},
        "DescribeAddresses": {"Addresses": list(addresses)},
        "DescribeNatGateways": {"NatGateways": list(nats)},
        "DescribeNetworkInterfaces": {"NetworkInterfaces": []},
        "ListSecrets": {"SecretList": []},
    }


def a_stack(status: str = "CREATE_COMPLETE") -> dict[str, Any]:
    tags = [{"Key": "egret:network", "Value": "lost"}]
    return {"StackName": STACK, "StackId": "arn:lost", "StackStatus": status, "Tags": tags}


def an_allocation(address_id: str = "forgotten", **more: str) -> dict[str, Any]:
    tags = [{"Key": "egret:address", "Value": address_id}]
    return {"AllocationId": "eipalloc-1", "PublicIp": IP, "Tags": tags} | more


def a_nat(stack: str = STACK) -> dict[str, Any]:
    tags = {"aws:cloudformation:stack-name": stack, "egret:network": stack.rpartition("-")[2]}
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    return {"NatGatewayId": "nat-1", "Tags": listed}


def kinds(found: Orphans) -> list[tuple[str, float]]:
    return [(orphan.found.kind, orphan.monthly_cost_usd) for orphan in found.orphans]


def test_a_stack_without_a_row_costs_what_its_nat_gateways_cost(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    show(aws, stacks=(a_stack(),), nats=(a_nat(),), addresses=(an_allocation(),))
    found = orphans.find(scripted)
    assert kinds(found) == [("stack", 32.85), ("address", 3.65)]
    assert found.monthly_cost_usd == 36.5


def test_a_nat_gateway_that_its_stack_left_behind_is_listed_by_itself(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    show(aws, nats=(a_nat(),))
    assert kinds(orphans.find(scripted)) == [(NAT_KIND, 32.85)]


def test_what_a_row_knows_is_not_an_orphan(scripted: CloudScope, aws: ScriptedAws) -> None:
    row = Address(region=REGION)
    add(scripted.session, row, a_network("lost", region=REGION))
    show(aws, stacks=(a_stack(),), nats=(a_nat(),), addresses=(an_allocation(row.id),))
    assert orphans.find(scripted).orphans == []


def test_a_network_of_the_same_name_in_another_region_does_not_count(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    add(scripted.session, a_network("lost", region="us-east-1"))
    show(aws, stacks=(a_stack(),))
    assert kinds(orphans.find(scripted)) == [("stack", 0)]


def test_a_region_that_does_not_answer_is_named_with_the_reason(offline: CloudScope) -> None:
    found = orphans.find(offline)
    assert found.orphans == []
    assert f"listing what Egret made in {REGION}" in found.unread[REGION]


def test_an_orphaned_address_is_adopted(scripted: CloudScope, aws: ScriptedAws) -> None:
    show(aws, addresses=(an_allocation(),))
    aws.answers["CreateTags"] = {}
    row = orphans.adopt(scripted, site=Site(None, REGION), id="eipalloc-1")
    assert (row.public_ip, row.status) == (IP, AddressStatus.FREE)
    assert orphans.find(scripted).orphans == []


def test_a_stack_is_deleted_when_its_name_is_typed(scripted: CloudScope, aws: ScriptedAws) -> None:
    show(aws, stacks=(a_stack(),))
    aws.answers["DeleteStack"] = {}
    orphans.delete(scripted, site=Site(None, REGION), kind="stack", id="arn:lost", typed=STACK)
    assert aws.calls("DeleteStack") == [{"StackName": "arn:lost"}]
    (event,) = list_after(scripted.session, 0, limit=10)
    assert (event.action, event.noun, event.name) == ("delete orphan", "stack", STACK)


def test_nothing_is_deleted_when_something_else_is_typed(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    show(aws, stacks=(a_stack(),))
    with pytest.raises(Invalid, match="Nothing was deleted"):
        orphans.delete(scripted, site=Site(None, REGION), kind="stack", id="arn:lost", typed="lost")
    assert not aws.calls("DeleteStack")


def test_what_is_in_use_is_neither_adopted_nor_deleted(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    show(aws, addresses=(an_allocation(AssociationId="eipassoc-1"),))
    (orphan,) = orphans.find(scripted).orphans
    assert (orphan.adoptable, orphan.deletable) == (False, False)
    with pytest.raises(Conflict, match="is in use"):
        orphans.delete(scripted, site=Site(None, REGION), kind="address", id="eipalloc-1", typed=IP)
    with pytest.raises(Conflict):
        orphans.adopt(scripted, site=Site(None, REGION), id="eipalloc-1")


@pytest.mark.parametrize("region", [REGION, "us-gov-west-1"])
def test_what_is_not_an_orphan_any_more_is_not_found(scripted: CloudScope, region: str) -> None:
    with pytest.raises(NotFound, match="There is no orphan"):
        orphans.delete(scripted, site=Site(None, region), kind="stack", id="arn:lost", typed=STACK)
