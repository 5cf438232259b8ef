"""Elastic IP addresses. AllocateAddress has no client token, so a tag looked up first makes it
repeatable: the tag is our row's id, written with the allocation itself. botocore must not repeat
it: when only the answer was lost, that would be a second address."""

from dataclasses import dataclass
from typing import Any

from webapp.aws.clients import Clients
from webapp.aws.errors import ignoring, translated
from webapp.aws.tags import ADDRESS_TAG, MANAGED_TAG, NAME_TAG, PREFIX_TAG, tag_list, tags_of

RELEASED_ALREADY = "InvalidAllocationID.NotFound"


@dataclass(frozen=True)
class Allocation:
    """`associated` is true while a NAT gateway (or anything else) uses it; `name` is its tag."""

    allocation_id: str
    public_ip: str
    associated: bool
    name: str = ""


class Addresses:
    """`prefix` tells this dashboard's addresses from another one's in the same account."""

    def __init__(self, clients: Clients, prefix: str) -> None:
        self._clients, self._prefix = clients, prefix

    def ensure(self, region: str, address_id: str, *, name: str) -> Allocation:
        """The allocation tagged with `address_id`; allocated now if there is none."""
        with translated("allocating an address", region):
            return self._find(region, address_id) or self._allocate(region, address_id, name)

    def recover(self, region: str, address_id: str, public_ip: str, *, name: str) -> Allocation:
        """Have an address again that was released, while nobody else has it.

        EC2's AllocateAddress with `Address` gives it back "if it is available"; it says
        InvalidAddress.NotFound otherwise.
        """
        with translated(f"asking for {public_ip} again", region):
            return self._find(region, address_id) or self._allocate(
                region, address_id, name, Address=public_ip
            )

    def every(self, region: str) -> list[Allocation]:
        """All of the account's allocations in the region, ours and others'."""
        with translated("listing the addresses", region):
            answer = self._clients.ec2(region).describe_addresses()
        return [_allocation(raw) for raw in answer["Addresses"]]

    def adopt(self, region: str, allocation_id: str, address_id: str, *, name: str) -> None:
        """Tag an allocation that exists as the one of `address_id`."""
        tags = self._tags(address_id, name)
        with translated("tagging an address", region):
            self._clients.ec2(region).create_tags(Resources=[allocation_id], Tags=tags)

    def rename(self, region: str, allocation_id: str, name: str) -> None:
        """Give it another tag `Name`, which AWS's console shows."""
        tags = tag_list({NAME_TAG: name})
        with translated("naming an address", region):
            self._clients.ec2(region).create_tags(Resources=[allocation_id], Tags=tags)

    def release(self, region: str, allocation_id: str) -> None:
        """Give the address back to AWS for ever; harmless when it is gone."""
        with translated("releasing an address", region), ignoring({RELEASED_ALREADY}):
            self._clients.ec2(region).release_address(AllocationId=allocation_id)

    def find(self, region: str, address_id: str) -> Allocation | None:
        """The allocation tagged with `address_id`."""
        with translated("looking for an address", region):
            return self._find(region, address_id)

    def _find(self, region: str, address_id: str) -> Allocation | None:
        answer = self._clients.ec2(region).describe_addresses(
            Filters=[{"Name": f"tag:{ADDRESS_TAG}", "Values": [address_id]}]
        )
        found = answer["Addresses"]
        return _allocation(found[0]) if found else None

    def _allocate(self, region: str, address_id: str, name: str, **wanted: str) -> Allocation:
        tags = self._tags(address_id, name)
        return _allocation(
            self._clients.ec2_once(region).allocate_address(
                Domain="vpc",
                TagSpecifications=[{"ResourceType": "elastic-ip", "Tags": tags}],
                **wanted,  # type: ignore[arg-type]  # the stubs know no such call
            )
        )

    def _tags(self, address_id: str, name: str) -> list[Any]:
        return tag_list(
            {
                ADDRESS_TAG: address_id,
                MANAGED_TAG: "true",
                NAME_TAG: name,
                PREFIX_TAG: self._prefix,
            }
        )


def _allocation(raw: Any) -> Allocation:
    return Allocation(
        raw["AllocationId"],
        raw["PublicIp"],
        associated=bool(raw.get("AssociationId")),
        name=tags_of(raw).get(NAME_TAG, ""),
    )
