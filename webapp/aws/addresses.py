"""Elastic IP addresses.

AllocateAddress has no client token, so a repeated call would allocate a second address. Instead the
allocation is tagged with the id of its row, in the same call, and that tag is looked up before
anything is allocated. Two processes that look at the same moment would still allocate twice, so
callers let only one at a time work on a row.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from botocore.exceptions import ClientError

from webapp.aws.clients import Clients
from webapp.aws.errors import PERMISSION_MISSING, aws_errors, code_of, ignoring
from webapp.aws.tags import ADDRESS_TAG, MANAGED_TAG, NAME_TAG, PREFIX_TAG, tag_list, tags_of

NO_TAGS: Mapping[str, str] = MappingProxyType({})
RELEASED_ALREADY = "InvalidAllocationID.NotFound"


@dataclass(frozen=True)
class Allocation:
    """`associated`: a NAT gateway (or anything else) uses it. `name` is its Name tag.

    `border_group` is where the address is announced: the region, or the group of a Local Zone.
    `managed_by` is the AWS service that allocated it for itself, such as `alb`. `outpost`: it is of
    a pool that is used only on premises. `carrier`: it is of a telephone company's network. An
    address of a range that the customer brought is as good as any other.
    """

    allocation_id: str
    public_ip: str
    associated: bool
    name: str = ""
    border_group: str = ""
    managed_by: str = ""
    outpost: bool = False
    carrier: bool = False
    association_id: str = ""
    interface_id: str = ""


@dataclass(frozen=True)
class Use:
    """What uses an address: a NAT gateway, an instance, or any other interface.

    `removable`: it can be disassociated. A NAT gateway keeps its first address for life, and nobody
    but AWS changes an interface that one of its services made. `what` is that interface's
    description.
    """

    kind: str
    id: str
    removable: bool
    what: str = ""


NAT_GATEWAY, INSTANCE, INTERFACE = "NAT gateway", "instance", "interface"
HOLDING_STATES = ["pending", "available", "deleting"]
"""A NAT gateway in one of these states holds its addresses."""


class Addresses:
    """`prefix` is the dashboard's name prefix, kept in a tag of each address.

    Each address gets `tags` (EGRET_TAGS), and those that a call names besides.
    """

    def __init__(self, clients: Clients, prefix: str, *, tags: Mapping[str, str] = NO_TAGS) -> None:
        self._clients, self._prefix, self._every = clients, prefix, tags

    def ensure(
        self, region: str, address_id: str, *, name: str, tags: Mapping[str, str] = NO_TAGS
    ) -> Allocation:
        """The allocation tagged with `address_id`; allocates one if there is none."""
        with aws_errors("allocating an address", region):
            wanted = self._tags(address_id, name, tags)
            return self._find(region, address_id) or self._allocate(region, name, wanted)

    def recover(
        self,
        region: str,
        address_id: str,
        public_ip: str,
        *,
        name: str,
        tags: Mapping[str, str] = NO_TAGS,
    ) -> Allocation:
        """Allocate an address that was released again.

        AWS gives it back while no other account has been given it ("Recover an Elastic IP address",
        VPC user guide). Raises AwsError with InvalidAddress.NotFound otherwise.
        """
        with aws_errors(f"asking for {public_ip} again", region):
            wanted = self._tags(address_id, name, tags)
            return self._find(region, address_id) or self._allocate(
                region, name, wanted, Address=public_ip
            )

    def list_all(self, region: str) -> list[Allocation]:
        """All of the account's allocations in the region, not only Egret's."""
        with aws_errors("listing the addresses", region):
            answer = self._clients.ec2(region).describe_addresses()
        return [_allocation(raw) for raw in answer["Addresses"]]

    def use_of(self, region: str, allocation: Allocation) -> Use:
        """What uses an associated address."""
        ec2: Any = self._clients.ec2(region)  # the stubs misname the filter of NAT gateways
        with aws_errors(f"looking for what uses {allocation.public_ip}", region):
            alive = [{"Name": "state", "Values": HOLDING_STATES}]
            pages = ec2.get_paginator("describe_nat_gateways").paginate(Filter=alive)
            for nat in (nat for page in pages for nat in page["NatGateways"]):
                for held in nat.get("NatGatewayAddresses", []):
                    if held.get("AllocationId") == allocation.allocation_id:
                        removable = not held.get("IsPrimary", True)
                        return Use(NAT_GATEWAY, nat["NatGatewayId"], removable)
            return _use_of_interface(ec2, allocation.interface_id)

    def adopt(self, region: str, allocation_id: str, address_id: str, *, name: str) -> None:
        """Tag an existing allocation as the one of `address_id`."""
        tags = self._tags(address_id, name)
        with aws_errors("tagging an address", region):
            self._clients.ec2(region).create_tags(Resources=[allocation_id], Tags=tags)

    def rename(self, region: str, allocation_id: str, name: str) -> None:
        """Change its Name tag, which AWS's console shows."""
        tags = tag_list({NAME_TAG: name})
        with aws_errors("naming an address", region):
            self._clients.ec2(region).create_tags(Resources=[allocation_id], Tags=tags)

    def tag(self, region: str, allocation_id: str, tags: Mapping[str, str]) -> None:
        """Add the tags. Does no harm to one that was released."""
        with aws_errors("tagging an address", region), ignoring({RELEASED_ALREADY}):
            client = self._clients.ec2(region)
            client.create_tags(Resources=[allocation_id], Tags=tag_list(dict(tags)))

    def untag(self, region: str, allocation_id: str, tags: Mapping[str, str]) -> None:
        """Take a network's tags off; those of EGRET_TAGS that they had replaced come back."""
        gone: Any = [{"Key": key} for key in tags if key not in self._every]
        back = {key: self._every[key] for key in tags if key in self._every}
        with aws_errors("untagging an address", region), self._unless_gone(region, allocation_id):
            client = self._clients.ec2(region)
            if gone:
                client.delete_tags(Resources=[allocation_id], Tags=gone)
            if back:
                client.create_tags(Resources=[allocation_id], Tags=tag_list(back))

    def release(self, region: str, allocation_id: str) -> None:
        """Give the address back to AWS, for good. Does no harm when that was done already."""
        with aws_errors("releasing an address", region), self._unless_gone(region, allocation_id):
            self._clients.ec2(region).release_address(AllocationId=allocation_id)

    def find(self, region: str, address_id: str) -> Allocation | None:
        """The allocation tagged with `address_id`."""
        with aws_errors("looking for an address", region):
            return self._find(region, address_id)

    @contextmanager
    def _unless_gone(self, region: str, allocation_id: str) -> Iterator[None]:
        """Ignores that the address is gone.

        AWS then says so only to whom it allows the action on any address. A policy that asks for a
        tag does not: what is gone has none.
        """
        try:
            with ignoring({RELEASED_ALREADY}):
                yield
        except ClientError as error:
            here = [{"Name": "allocation-id", "Values": [allocation_id]}]
            is_denied = code_of(error) in PERMISSION_MISSING
            ec2: Any = self._clients.ec2(region)
            if not is_denied or ec2.describe_addresses(Filters=here)["Addresses"]:
                raise

    def _find(self, region: str, address_id: str) -> Allocation | None:
        answer = self._clients.ec2(region).describe_addresses(
            Filters=[{"Name": f"tag:{ADDRESS_TAG}", "Values": [address_id]}]
        )
        found = answer["Addresses"]
        return _allocation(found[0]) if found else None

    def _allocate(self, region: str, name: str, tags: list[Any], **wanted: str) -> Allocation:
        made = self._clients.ec2_without_retries(region).allocate_address(
            Domain="vpc",
            TagSpecifications=[{"ResourceType": "elastic-ip", "Tags": tags}],
            **wanted,  # type: ignore[arg-type]  # mypy tries each parameter
        )
        # The answer has no tags, although the address has them by now.
        return Allocation(made["AllocationId"], made["PublicIp"], associated=False, name=name)

    def _tags(self, address_id: str, name: str, others: Mapping[str, str] = NO_TAGS) -> list[Any]:
        return tag_list(
            {
                **self._every,
                **others,
                ADDRESS_TAG: address_id,
                MANAGED_TAG: "true",
                NAME_TAG: name,
                PREFIX_TAG: self._prefix,
            }
        )


def ip_of(raw: Any) -> str:
    """The address itself, under whichever name AWS has it; '' if it tells none."""
    return raw.get("PublicIp") or raw.get("CarrierIp") or raw.get("CustomerOwnedIp") or ""


def _allocation(raw: Any) -> Allocation:
    return Allocation(
        raw.get("AllocationId", ""),
        ip_of(raw),
        associated=bool(raw.get("AssociationId")),
        name=tags_of(raw).get(NAME_TAG, ""),
        border_group=raw.get("NetworkBorderGroup", ""),
        managed_by=raw.get("ServiceManaged", ""),
        outpost=bool(raw.get("CustomerOwnedIpv4Pool") or raw.get("CustomerOwnedIp")),
        carrier=bool(raw.get("CarrierIp")),
        association_id=raw.get("AssociationId", ""),
        interface_id=raw.get("NetworkInterfaceId", ""),
    )


def _use_of_interface(ec2: Any, interface_id: str) -> Use:
    if not interface_id:
        return Use(INTERFACE, "", removable=True)
    answer = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface_id])
    interface = answer["NetworkInterfaces"][0]
    instance_id = interface.get("Attachment", {}).get("InstanceId")
    if instance_id:
        return Use(INSTANCE, instance_id, removable=True)
    removable = not interface.get("RequesterManaged", False)
    return Use(INTERFACE, interface_id, removable, interface.get("Description", ""))
