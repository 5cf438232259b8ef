"""Everything in a region that carries this dashboard's tags, whether or not a row knows of it.

Another dashboard in the same account has another name prefix, so its resources are never listed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from webapp.aws.addresses import ip_of
from webapp.aws.clients import Clients
from webapp.aws.cloudformation.templates import FunctionStack, NetworkStack
from webapp.aws.errors import aws_errors
from webapp.aws.secrets import KEY_FOLDER, Secrets
from webapp.aws.tags import (
    FUNCTION_TAG,
    KEY_TAG,
    NETWORK_TAG,
    PREFIX_TAG,
    STACK_NAME_TAG,
    tags_of,
)

STACKS: dict[str, type[NetworkStack | FunctionStack]] = {
    NETWORK_TAG: NetworkStack,
    FUNCTION_TAG: FunctionStack,
}
"""By the tag that holds the name of what a stack is for."""
GONE = "DELETE_COMPLETE"
NAT_STATES = ["pending", "available", "failed"]
"""AWS lists a deleted NAT gateway for about an hour more; those are left out."""
ADDRESS, NAT_GATEWAY, INTERFACE, STACK = "address", "nat_gateway", "interface", "stack"
SECRET = "secret"  # noqa: S105 - the kind of a thing


@dataclass(frozen=True)
class Found:
    """`id` is AWS's, `name` what a person would type; `busy`: in use, or already being deleted."""

    kind: str
    region: str
    id: str
    name: str
    busy: bool = False
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def stack_name(self) -> str:
        """The stack that made it; '' when none did."""
        return self.name if self.kind == STACK else self.tags.get(STACK_NAME_TAG, "")


class Inventory:
    """`prefix` begins the name of everything that this dashboard makes."""

    def __init__(self, clients: Clients, prefix: str) -> None:
        self._clients, self._prefix = clients, prefix

    def read(self, region: str) -> list[Found]:
        with aws_errors("listing what Egret made", region):
            found = [*self._stacks(region), *self._addresses(region)]
            found += [*self._nat_gateways(region), *self._interfaces(region)]
            return [*found, *self._secrets(region)]

    def delete(self, found: Found) -> None:
        """Ask AWS to delete it; an address is released for good, a secret can be restored."""
        ec2 = self._clients.ec2(found.region)
        if found.kind == SECRET:
            Secrets(self._clients).delete(found.region, found.id)
            return
        with aws_errors(f"deleting {found.name}", found.region):
            if found.kind == ADDRESS:
                ec2.release_address(AllocationId=found.id)
            elif found.kind == NAT_GATEWAY:
                ec2.delete_nat_gateway(NatGatewayId=found.id)
            elif found.kind == INTERFACE:
                ec2.delete_network_interface(NetworkInterfaceId=found.id)
            else:
                self._clients.cloudformation(found.region).delete_stack(StackName=found.id)

    def _stacks(self, region: str) -> Iterator[Found]:
        """Of networks and functions, not the foundation: the whole installation needs it."""
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
            used, id = bool(raw.get("AssociationId")), raw["AllocationId"]
            yield Found(ADDRESS, region, id, ip_of(raw) or id, used, tags_of(raw))

    def _nat_gateways(self, region: str) -> Iterator[Found]:
        ec2: Any = self._clients.ec2(region)  # the stubs misname the filter
        wanted = [{"Name": "state", "Values": NAT_STATES}, *self._by_stack()]
        pages = ec2.get_paginator("describe_nat_gateways").paginate(Filter=wanted)
        for raw in (nat for page in pages for nat in page["NatGateways"]):
            nat_id, tags = raw["NatGatewayId"], tags_of(raw)
            if self._is_ours(tags[STACK_NAME_TAG], tags):
                yield Found(NAT_GATEWAY, region, nat_id, nat_id, tags=tags)

    def _interfaces(self, region: str) -> Iterator[Found]:
        ec2: Any = self._clients.ec2(region)
        pages = ec2.get_paginator("describe_network_interfaces").paginate(Filters=self._by_stack())
        for raw in (interface for page in pages for interface in page["NetworkInterfaces"]):
            interface_id, tags = raw["NetworkInterfaceId"], tags_of(raw)
            if self._is_ours(tags[STACK_NAME_TAG], tags):
                used = raw["Status"] == "in-use"
                yield Found(INTERFACE, region, interface_id, interface_id, used, tags)

    def _secrets(self, region: str) -> Iterator[Found]:
        """Of keys, and not those whose deletion is scheduled: nothing is to be done about them."""
        ours: Any = [{"Key": "name", "Values": [f"{self._prefix}/{KEY_FOLDER}/"]}]
        client = self._clients.secretsmanager(region)
        pages = client.get_paginator("list_secrets").paginate(Filters=ours)
        for raw in (secret for page in pages for secret in page["SecretList"]):
            if KEY_TAG in (tags := tags_of(raw)):
                yield Found(SECRET, region, raw["ARN"], raw["Name"], tags=tags)

    def _is_ours(self, stack_name: str, tags: dict[str, str]) -> bool:
        """By name and tag. The beginning of a name would also match another dashboard with a longer
        prefix: `a-network-` begins the stacks of the prefix `a-network` too.
        """
        names = {stack.stack_name(self._prefix, tags.get(tag, "")) for tag, stack in STACKS.items()}
        return stack_name in names

    def _by_stack(self) -> list[dict[str, Any]]:
        """The filter for what our stacks made: CloudFormation tags it with their names."""
        names = [stack.stack_name(self._prefix, "*") for stack in STACKS.values()]
        return [{"Name": f"tag:{STACK_NAME_TAG}", "Values": names}]
