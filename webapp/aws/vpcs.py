"""A region's availability zones, and the ranges of its VPCs."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from webapp.aws.clients import Clients
from webapp.aws.errors import aws_errors
from webapp.aws.kept import Kept

ZONES_WITHOUT_NAT = frozenset({"use1-az3"})
"""Zones in which AWS creates no NAT gateways and Lambda does not run. By zone id, because the
same zone may have another name in another account. What AWS adds to them, it tells only while it
creates a NAT gateway (`NotAvailableInZone`)."""

ZONES_KEPT_S, RANGES_KEPT_S = 600.0, 60.0
HELD = frozenset({"associating", "associated"})
"""A range in one of these states belongs to its VPC."""
PEERED = ["initiating-request", "pending-acceptance", "provisioning", "active"]
"""A peering in one of these states is there, or may soon be."""


@dataclass(frozen=True)
class AvailabilityZone:
    """`name` is the account's own, such as `eu-central-1a`; `id` is the same in every account."""

    name: str
    id: str

    @property
    def usable(self) -> bool:
        """Whether it has NAT gateways and runs Lambda functions."""
        return self.id not in ZONES_WITHOUT_NAT


class Vpcs:
    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._zones = Kept[list[AvailabilityZone]](ZONES_KEPT_S * clients.keeps)
        self._ranges = Kept[list[str]](RANGES_KEPT_S * clients.keeps)

    def availability_zones(self, region: str) -> list[AvailabilityZone]:
        """The region's zones in the order of their names, also those that are not usable.

        The filter by type leaves out local and wavelength zones.
        """
        return self._zones.get(region, lambda: self._read_zones(region))

    def _read_zones(self, region: str) -> list[AvailabilityZone]:
        with aws_errors("listing the availability zones", region):
            answer = self._clients.ec2(region).describe_availability_zones(
                Filters=[
                    {"Name": "state", "Values": ["available"]},
                    {"Name": "zone-type", "Values": ["availability-zone"]},
                ]
            )
        zones = [
            AvailabilityZone(zone["ZoneName"], zone.get("ZoneId", ""))
            for zone in answer["AvailabilityZones"]
        ]
        return sorted(zones, key=lambda zone: zone.name)

    def cidrs(self, region: str, *, now: bool = True) -> list[str]:
        """The ranges of all VPCs of the region, not only Egret's, and of those they peer with.

        A VPC can have more ranges than its first one. A peer may be in another region or account.
        Without `now`, as they were a short while ago.
        """
        ask = partial(self._read_ranges, region)
        return self._ranges.get(region, ask, still_good=lambda _: not now)

    def _read_ranges(self, region: str) -> list[str]:
        ec2 = self._clients.ec2(region)
        with aws_errors("listing the VPCs", region):
            pages = ec2.get_paginator("describe_vpcs").paginate()
            found = [cidr for page in pages for vpc in page["Vpcs"] for cidr in _ranges(vpc)]
        with aws_errors("listing the peerings", region):
            peerings = ec2.get_paginator("describe_vpc_peering_connections").paginate(
                Filters=[{"Name": "status-code", "Values": PEERED}]
            )
            for peering in (p for page in peerings for p in page["VpcPeeringConnections"]):
                found += _peer_ranges(peering["RequesterVpcInfo"])
                found += _peer_ranges(peering["AccepterVpcInfo"])
        return list(dict.fromkeys(found))


def _ranges(vpc: Any) -> list[str]:
    associations = vpc.get("CidrBlockAssociationSet", [])
    held = [a["CidrBlock"] for a in associations if a["CidrBlockState"]["State"] in HELD]
    return [vpc["CidrBlock"], *held]


def _peer_ranges(peer: Any) -> list[str]:
    """One side of a peering; AWS leaves out the ranges of a VPC of somebody else who is asked."""
    first = [peer["CidrBlock"]] if "CidrBlock" in peer else []
    return first + [block["CidrBlock"] for block in peer.get("CidrBlockSet", [])]
