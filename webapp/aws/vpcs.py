"""A region's availability zones, and the ranges of its VPCs."""

from webapp.aws.clients import Clients
from webapp.aws.errors import aws_errors

ZONES_WITHOUT_NAT = frozenset({"use1-az3"})
"""Zones in which AWS creates no NAT gateways and Lambda does not run. By zone id, because the
same zone may have another name in another account."""


class Vpcs:
    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def availability_zones(self, region: str) -> list[str]:
        """The names of the zones that can have a NAT gateway, in order: `eu-central-1a`, …

        The filter by type leaves out local and wavelength zones.
        """
        with aws_errors("listing the availability zones", region):
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

    def cidrs(self, region: str) -> list[str]:
        """The ranges of all VPCs of the region, not only Egret's."""
        with aws_errors("listing the VPCs", region):
            pages = self._clients.ec2(region).get_paginator("describe_vpcs").paginate()
            return [vpc["CidrBlock"] for page in pages for vpc in page["Vpcs"]]
