"""Internet gateways: what needs one that is attached, and what keeps it attached."""

from typing import Any

from ministack.services import ec2

from webapp.sandbox.embedded_aws.actions import Ec2Error

PREFIX = "igw-"
HELD = ("pending", "available", "deleting")
"""The states of a NAT gateway in which its address is mapped."""


def is_attached(vpc_id: str) -> bool:
    """Whether the VPC has an internet gateway."""
    gateways = ec2._internet_gateways.values()
    return any(vpc_id in _vpcs_of(gateway) for gateway in gateways)


def check_route(table_id: str, gateway_id: str) -> None:
    """A route leads to a gateway of its own VPC only. Raises Ec2Error."""
    if not gateway_id.startswith(PREFIX):
        return
    gateway, table = ec2._internet_gateways.get(gateway_id), ec2._route_tables.get(table_id)
    if gateway is None:
        raise Ec2Error(
            "InvalidInternetGatewayID.NotFound",
            f"The internetGateway ID '{gateway_id}' does not exist",
        )
    if table and table["VpcId"] not in _vpcs_of(gateway):
        raise Ec2Error(
            "InvalidParameterValue",
            f"route table {table_id} and network gateway {gateway_id} belong to different networks",
        )


def check_detachment(gateway_id: str, vpc_id: str) -> None:
    """Raises Ec2Error while something in the VPC has a public address."""
    gateway = ec2._internet_gateways.get(gateway_id)
    if gateway and vpc_id not in _vpcs_of(gateway):
        raise Ec2Error(
            "Gateway.NotAttached", f"resource {gateway_id} is not attached to network {vpc_id}"
        )
    check_unmapped(vpc_id)


def check_unmapped(vpc_id: str) -> None:
    if _has_nat_gateway(vpc_id) or _has_mapped_interface(vpc_id):
        raise Ec2Error(
            "DependencyViolation",
            f"Network {vpc_id} has some mapped public address(es). Please unmap those public "
            "address(es) before detaching the gateway.",
        )


def _vpcs_of(gateway: dict[str, Any]) -> list[str]:
    return [attachment["VpcId"] for attachment in gateway.get("Attachments") or ()]


def _has_nat_gateway(vpc_id: str) -> bool:
    nats: list[dict[str, Any]] = list(ec2._nat_gateways.values())
    return any(nat["VpcId"] == vpc_id and nat["State"] in HELD for nat in nats)


def _has_mapped_interface(vpc_id: str) -> bool:
    """Whether an Elastic IP is on an instance or a network interface in the VPC."""
    held: list[dict[str, Any]] = [a for a in ec2._addresses.values() if a["AssociationId"]]
    on = [
        ec2._network_interfaces.get(address["NetworkInterfaceId"])
        or ec2._instances.get(address["InstanceId"])
        or {}
        for address in held
    ]
    return any(thing.get("VpcId") == vpc_id for thing in on)
