"""The inventory: what carries this dashboard's tags, and nothing of another one's."""

from typing import Any

from tests.aws.deployment import REGION
from tests.dashboard import wait_for
from tests.sandbox.lab import Lab, unique, vpc
from tests.services.scripted import NOTHING_USED, ScriptedAws
from webapp.aws.addresses import Addresses
from webapp.aws.clients import Clients
from webapp.aws.cloudformation.stacks import Plan
from webapp.aws.inventory import ADDRESS, INTERFACE, STACK, Found, Inventory
from webapp.aws.tags import STACK_NAME_TAG, tag_list

TIMEOUT_S = 30.0


def network_stack(lab: Lab, prefix: str, name: str) -> Plan:
    plan = lab.plan(vpc(), name=f"{prefix}-network-{name}")
    return Plan(REGION, plan.name, plan.body, {}, {"egret:network": name})


def interface(lab: Lab, prefix: str, name: str) -> str:
    """What a stack of that network would leave behind."""
    ec2: Any = lab.clients.ec2(REGION)
    tags = {STACK_NAME_TAG: f"{prefix}-network-{name}", "egret:network": name}
    made: Any = ec2.create_network_interface(
        SubnetId=ec2.describe_subnets()["Subnets"][0]["SubnetId"],
        TagSpecifications=[{"ResourceType": "network-interface", "Tags": tag_list(tags)}],
    )
    return str(made["NetworkInterface"]["NetworkInterfaceId"])


def test_an_address_is_found_by_its_prefix_and_released(clients: Clients) -> None:
    prefix = unique("stock")
    made = Addresses(clients, prefix).ensure(REGION, unique("row"), name="shop")
    inventory = Inventory(clients, prefix)
    (found,) = inventory.read(REGION)
    assert (found.kind, found.id, found.name) == (ADDRESS, made.allocation_id, made.public_ip)
    assert (found.busy, found.stack_name) == (False, "")
    assert Inventory(clients, unique("stock")).read(REGION) == []
    inventory.delete(found)
    assert inventory.read(REGION) == []


def test_a_stack_and_what_another_one_left_are_found_and_deleted(lab: Lab) -> None:
    prefix = unique("stock")
    stack_id = lab.stacks.create(network_stack(lab, prefix, "shop"), token=unique("token"))
    lab.made.append(stack_id)
    lab.settled(stack_id)
    left_behind = interface(lab, prefix, "gone")
    inventory = Inventory(lab.clients, prefix)
    found = {resource.kind: resource for resource in inventory.read(REGION)}
    assert set(found) == {STACK, INTERFACE}
    assert (found[STACK].id, found[STACK].stack_name) == (stack_id, f"{prefix}-network-shop")
    assert found[INTERFACE].id == left_behind
    assert found[INTERFACE].stack_name == f"{prefix}-network-gone"
    for resource in found.values():
        inventory.delete(resource)
    wait_for(lambda: inventory.read(REGION) == [], TIMEOUT_S)


def test_a_longer_prefix_that_begins_alike_is_another_dashboards(lab: Lab) -> None:
    prefix = unique("stock")
    theirs = interface(lab, f"{prefix}-network", "shop")
    assert Inventory(lab.clients, prefix).read(REGION) == []
    (found,) = Inventory(lab.clients, f"{prefix}-network").read(REGION)
    assert isinstance(found, Found)
    assert found.id == theirs
    Inventory(lab.clients, prefix).delete(found)


def test_an_address_of_a_carrier_or_of_none_is_found_too() -> None:
    aws = ScriptedAws()
    found = [{"AllocationId": "eipalloc-1", "CarrierIp": "155.146.1.1"}, {"AllocationId": "x"}]
    aws.answers |= NOTHING_USED | {
        "DescribeAddresses": {"Addresses": found},
        "DescribeStacks": {"Stacks": []},
        "DescribeNetworkInterfaces": {"NetworkInterfaces": []},
        "ListSecrets": {"SecretList": []},
    }
    assert [f.name for f in Inventory(aws.clients, "egret").read(REGION)] == ["155.146.1.1", "x"]
