"""What a region has: its availability zones, and the ranges that its VPCs use."""

from typing import Any

from webapp.aws.clients import Clients
from webapp.aws.errors import translated

ZONES_WITHOUT_NAT = frozenset({"use1-az3"})
"""Zones, by their account-independent ids, in which AWS makes no NAT gateway any more; Lambda does
not run there either."""


class Vpcs:
    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def availability_zones(self, region: str) -> list[str]:
        """Names of the zones that can have a NAT gateway, in order: `eu-central-1a`, …"""
        with translated("listing the availability zones", region):
            answer = self._clients.ec2(region).describe_availability_zones(
                Filters=[
                    {"Name": "state", "Values": ["available"]},
                    {"Name": "zone-type", "Values": ["availability-zone"]},
                ]
            )
        return sorted(
            zone["ZoneName"]
            for zone in answer["AvailabilityZones"]
            if zone.get("ZoneId") not in ZONES_WITHOUT_NAT
        )

    def lambda_interfaces(self, region: str, vpc_id: str) -> list[str]:
        """The network interfaces that Lambda still has in the VPC, also of deleted functions."""
        if not vpc_id:
            return []
        filters: Any = [
            {"Name": "vpc-id", "Values": [vpc_id]},
            {"Name": "description", "Values": ["AWS Lambda VPC ENI*"]},
        ]
        with translated("listing Lambda's network interfaces", region):
            pages = self._clients.ec2(region).get_paginator("describe_network_interfaces")
            found = [
                i for page in pages.paginate(Filters=filters) for i in page["NetworkInterfaces"]
            ]
        return [interface["NetworkInterfaceId"] for interface in found]

    def cidrs(self, region: str) -> list[str]:
        """The ranges of all VPCs of the region, ours and others'."""
        with translated("listing the VPCs", region):
            pages = self._clients.ec2(region).get_paginator("describe_vpcs").paginate()
            return [vpc["CidrBlock"] for page in pages for vpc in page["Vpcs"]]
