"""What there is, in the database and in AWS, in a form that two runs can be compared by."""

from typing import Any

from sqlmodel import Session, select

from webapp.aws.clients import Clients
from webapp.models import Address, AddressStatus, Network
from webapp.settings import Settings

ALIVE = ("pending", "available")


def allocations(clients: Clients, region: str) -> set[str]:
    """Every Elastic IP of the region: the sandbox is the test's own."""
    found = clients.ec2(region).describe_addresses()["Addresses"]
    return {address["AllocationId"] for address in found}


def world(session: Session, clients: Clients, settings: Settings) -> dict[str, Any]:
    """Rows, stacks and what is in them. `agree`: each address of the one is one of the other."""
    region = settings.home_region
    network = session.exec(select(Network)).first()
    addresses = session.exec(select(Address)).all()
    ec2: Any = clients.ec2(region)
    nats = [n for n in ec2.describe_nat_gateways()["NatGateways"] if n["State"] in ALIVE]
    vpcs = [v for v in ec2.describe_vpcs()["Vpcs"] if not v.get("IsDefault")]
    return {
        "network": _network(network) if network else None,
        "addresses": sorted(
            ((a.status.value, a.network_id is not None, a.position) for a in addresses), key=str
        ),
        "agree": {a.allocation_id for a in addresses if a.allocation_id}
        == allocations(clients, region),
        "stacks": _stacks(clients, region, settings.name_prefix),
        "nat_gateways": len(nats),
        "nat_addresses_are_ours": {
            held["AllocationId"] for nat in nats for held in nat["NatGatewayAddresses"]
        }
        <= {a.allocation_id for a in addresses if a.status is AddressStatus.IN_USE},
        "vpcs": len(vpcs),
    }


def _network(network: Network) -> tuple[Any, ...]:
    return (
        network.status.value,
        network.availability_zones,
        network.nat.value,
        network.change,
        network.reason,
        network.resource_count,
    )


def _stacks(clients: Clients, region: str, prefix: str) -> list[tuple[str, str]]:
    pages = clients.cloudformation(region).get_paginator("describe_stacks").paginate()
    found = [stack for page in pages for stack in page["Stacks"]]
    return sorted(
        (stack["StackName"].removeprefix(prefix), stack["StackStatus"])
        for stack in found
        if stack["StackName"].startswith(f"{prefix}-")
    )
