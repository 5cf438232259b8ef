"""Quotas of what a network is made of: how many the account may have in a region, and has.

A limit comes from Service Quotas: the account's own value, or else AWS's default. Without
permission to read it, the limit is None, and AWS decides when the resource is created.
"""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from webapp.aws.clients import Clients
from webapp.aws.errors import DENIED, QUOTAS, QuotaKind, aws_errors, code_of

PARALLEL_CALLS = 8
NO_OWN_VALUE = "NoSuchResourceException"
"""The answer of GetServiceQuota while the account has AWS's default."""
COUNTED_STATES = ["pending", "available", "deleting"]
"""A NAT gateway in one of these states counts against the quota; failed and deleted ones do not."""

ADDRESSES = QUOTAS["AddressLimitExceeded"]
VPCS = QUOTAS["VpcLimitExceeded"]
INTERNET_GATEWAYS = QUOTAS["InternetGatewayLimitExceeded"]
NAT_GATEWAYS = QUOTAS["NatGatewayLimitExceeded"]


@dataclass(frozen=True)
class Quota:
    """One quota of a region, or of a zone (NAT gateways)."""

    kind: QuotaKind
    region: str
    used: int
    limit: int | None
    zone: str = ""

    @property
    def what(self) -> str:
        return f"NAT gateways in {self.zone}" if self.zone else self.kind.what

    def __str__(self) -> str:
        """`5 of 5 VPCs in eu-central-1`; without the limit when it is not known."""
        limit = "" if self.limit is None else f" of {self.limit}"
        return f"{self.used}{limit} {self.what}{'' if self.zone else f' in {self.region}'}"

    def exceeded_by(self, count: int) -> bool:
        """Whether `count` more would be too many; False when the limit is not known."""
        return self.limit is not None and self.used + count > self.limit


class Quotas:
    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def read(self, region: str, zones: list[str]) -> list[Quota]:
        """The quotas of addresses, VPCs, internet gateways, and of NAT gateways in each zone."""
        with ThreadPoolExecutor(PARALLEL_CALLS) as pool:
            kinds = (ADDRESSES, VPCS, INTERNET_GATEWAYS, NAT_GATEWAYS)
            limits = {kind: pool.submit(self._limit, region, kind) for kind in kinds}
            used = {
                ADDRESSES: pool.submit(self._addresses, region),
                VPCS: pool.submit(self._vpcs, region),
                INTERNET_GATEWAYS: pool.submit(self._internet_gateways, region),
            }
            used_in_zones = pool.submit(self._nat_gateways, region)
        of_region = [
            Quota(kind, region, count.result(), limits[kind].result())
            for kind, count in used.items()
        ]
        in_zone, limit = used_in_zones.result(), limits[NAT_GATEWAYS].result()
        of_zones = [Quota(NAT_GATEWAYS, region, in_zone[zone], limit, zone) for zone in zones]
        return of_region + of_zones

    def _limit(self, region: str, kind: QuotaKind) -> int | None:
        client = self._clients.service_quotas(region)
        which = {"ServiceCode": kind.service, "QuotaCode": kind.code}
        with aws_errors(f"reading the quota of {kind.what}", region):
            try:
                return _value(client.get_service_quota, which)
            except ClientError as error:
                if code_of(error) in DENIED:
                    return None
                if code_of(error) != NO_OWN_VALUE:
                    raise
            return _value(client.get_aws_default_service_quota, which)

    def _addresses(self, region: str) -> int:
        with aws_errors("counting the addresses", region):
            return len(self._clients.ec2(region).describe_addresses()["Addresses"])

    def _vpcs(self, region: str) -> int:
        with aws_errors("counting the VPCs", region):
            pages = self._clients.ec2(region).get_paginator("describe_vpcs").paginate()
            return sum(len(page["Vpcs"]) for page in pages)

    def _internet_gateways(self, region: str) -> int:
        with aws_errors("counting the internet gateways", region):
            pages = self._clients.ec2(region).get_paginator("describe_internet_gateways").paginate()
            return sum(len(page["InternetGateways"]) for page in pages)

    def _nat_gateways(self, region: str) -> Counter[str]:
        """How many there are in each zone, which EC2 tells only of a NAT gateway's subnet."""
        ec2: Any = self._clients.ec2(region)  # the stubs misname the filter
        alive = [{"Name": "state", "Values": COUNTED_STATES}]
        with aws_errors("counting the NAT gateways", region):
            nats = ec2.get_paginator("describe_nat_gateways").paginate(Filter=alive)
            subnet_ids = [nat["SubnetId"] for page in nats for nat in page["NatGateways"]]
            if not subnet_ids:
                return Counter()
            subnets = ec2.get_paginator("describe_subnets").paginate(
                Filters=[{"Name": "subnet-id", "Values": sorted(set(subnet_ids))}]
            )
            zones = {s["SubnetId"]: s["AvailabilityZone"] for p in subnets for s in p["Subnets"]}
        return Counter(zones[subnet_id] for subnet_id in subnet_ids if subnet_id in zones)


def _value(ask: Any, which: dict[str, str]) -> int:
    return int(ask(**which)["Quota"]["Value"])
