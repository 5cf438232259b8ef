"""What a region has that is tagged as ours, whoever knows of it: addresses, stacks and leftovers.

Another dashboard in the same account has another name prefix; what is its is not looked at.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from webapp.aws.clients import Clients
from webapp.aws.errors import translated
from webapp.aws.tags import PREFIX_TAG, STACK_NAME_TAG, tags_of

STACK_NOUNS = ("network", "function")
GONE = "DELETE_COMPLETE"
ALIVE = ["pending", "available", "failed"]
ADDRESS, NAT_GATEWAY, INTERFACE, STACK = "address", "nat_gateway", "interface", "stack"


@dataclass(frozen=True)
class Found:
    """`id` is AWS's, `name` what a person would type; `busy`: it is used, or on its way out."""

    kind: str
    region: str
    id: str
    name: str
    busy: bool = False
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def stack_name(self) -> str:
        """The stack that made it, '' for what no stack made."""
        return self.name if self.kind == STACK else self.tags.get(STACK_NAME_TAG, "")


class Inventory:
    """`prefix` begins the name of all that is ours."""

    def __init__(self, clients: Clients, prefix: str) -> None:
        self._clients, self._prefix = clients, prefix

    def read(self, region: str) -> list[Found]:
        with translated("looking for what is ours", region):
            found = [*self._stacks(region), *self._addresses(region)]
            return [*found, *self._nat_gateways(region), *self._interfaces(region)]

    def delete(self, found: Found) -> None:
        """Ask AWS to delete it. An address goes for ever; what is gone is no error here."""
        ec2 = self._clients.ec2(found.region)
        with translated(f"deleting {found.name}", found.region):
            if found.kind == ADDRESS:
                ec2.release_address(AllocationId=found.id)
            elif found.kind == NAT_GATEWAY:
                ec2.delete_nat_gateway(NatGatewayId=found.id)
            elif found.kind == INTERFACE:
                ec2.delete_network_interface(NetworkInterfaceId=found.id)
            else:
                self._clients.cloudformation(found.region).delete_stack(StackName=found.id)

    def _stacks(self, region: str) -> Iterator[Found]:
        """Networks and functions; the foundation belongs to the installation."""
        pages = self._clients.cloudformation(region).get_paginator("describe_stacks").paginate()
        for stack in (stack for page in pages for stack in page["Stacks"]):
            name, status, tags = stack["StackName"], stack["StackStatus"], tags_of(stack)
            if self._is_ours(name, tags) and status != GONE:
                busy = status == "DELETE_IN_PROGRESS"
                yield Found(STACK, region, stack["StackId"], name, busy, tags)

    def _addresses(self, region: str) -> Iterator[Found]:
        ours = [{"Name": f"tag:{PREFIX_TAG}", "Values": [self._prefix]}]
        ec2: Any = self._clients.ec2(region)
        for raw in ec2.describe_addresses(Filters=ours)["Addresses"]:
            used = bool(raw.get("AssociationId"))
            yield Found(ADDRESS, region, raw["AllocationId"], raw["PublicIp"], used, tags_of(raw))

    def _nat_gateways(self, region: str) -> Iterator[Found]:
        ec2: Any = self._clients.ec2(region)  # the stubs misname the filter
        wanted = [{"Name": "state", "Values": ALIVE}, *self._by_stack()]
        pages = ec2.get_paginator("describe_nat_gateways").paginate(Filter=wanted)
        for raw in (nat for page in pages for nat in page["NatGateways"]):
            nat_id, tags = raw["NatGatewayId"], tags_of(raw)
            if self._is_ours(tags[STACK_NAME_TAG], tags):
                yield Found(NAT_GATEWAY, region, nat_id, nat_id, tags=tags)

    def _interfaces(self, region: str) -> Iterator[Found]:
        ec2: Any = self._clients.ec2(region)
        pages = ec2.get_paginator("describe_network_interfaces").paginate(Filters=self._by_stack())
        for raw in (interface for page in pages for interface in page["NetworkInterfaces"]):
            used, its_id, tags = raw["Status"] == "in-use", raw["NetworkInterfaceId"], tags_of(raw)
            if self._is_ours(tags[STACK_NAME_TAG], tags):
                yield Found(INTERFACE, region, its_id, its_id, used, tags)

    def _is_ours(self, stack_name: str, tags: dict[str, str]) -> bool:
        """By name and tag: the prefix `a` also begins the stacks of the prefix `a-network`."""
        named = {f"{self._prefix}-{noun}-{tags.get(f'egret:{noun}')}" for noun in STACK_NOUNS}
        return stack_name in named

    def _by_stack(self) -> list[dict[str, Any]]:
        """CloudFormation writes the name of its stack on what it makes."""
        names = [f"{self._prefix}-{noun}-*" for noun in STACK_NOUNS]
        return [{"Name": f"tag:{STACK_NAME_TAG}", "Values": names}]
