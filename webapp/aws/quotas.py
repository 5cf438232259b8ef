"""Quotas of what a network is made of: how many the account may have in a region, and has.

A limit comes from Service Quotas: the account's own value, or else AWS's default. Without
permission to read it, the limit is None, and AWS decides when the resource is created.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from webapp.aws.answers.quota_kinds import QUOTAS, QuotaKind
from webapp.aws.clients import Clients
from webapp.aws.errors import DENIED, aws_errors, code_of
from webapp.aws.kept import Kept
from webapp.aws.tags import ADDRESS_TAG, STACK_NAME_TAG, tags_of

NO_OWN_VALUE = "NoSuchResourceException"
"""The answer of GetServiceQuota while the account has AWS's default."""
AMAZON_POOL = "amazon"
"""The pool of an address that belongs to AWS; others are of ranges that a customer brought."""
NOT_COUNTED = ("ServiceManaged", "CustomerOwnedIp", "CustomerOwnedIpv4Pool", "CarrierIp")
"""An address with one of these fields counts against another quota, or none."""
COUNTED_STATES = ["pending", "available", "deleting"]
"""A NAT gateway in one of these states counts against the quota; failed and deleted ones do not."""

LIMITS_KEPT_S = 600.0
ROOM = 3
"""As much as a network needs of any quota."""
READINGS_KEPT_S = 60.0
"""From a preflight to the creation, and for many networks that are created at once."""

ADDRESSES = QUOTAS["AddressLimitExceeded"]
VPCS = QUOTAS["VpcLimitExceeded"]
INTERNET_GATEWAYS = QUOTAS["InternetGatewayLimitExceeded"]
NAT_GATEWAYS = QUOTAS["NatGatewayLimitExceeded"]
GATEWAY_ENDPOINTS = QUOTAS["VpcEndpointLimitExceeded"]


@dataclass(frozen=True)
class Quota:
    """One quota of a region, or of a zone (NAT gateways).

    `used` is AWS's figure. It includes what `owners` have: the ids of addresses' rows, or the names
    of stacks. `under_way` is what AWS does not count yet.
    """

    kind: QuotaKind
    region: str
    used: int
    limit: int | None
    zone: str = ""
    owners: frozenset[str] = frozenset()
    under_way: int = 0

    @property
    def what(self) -> str:
        return f"NAT gateways in {self.zone}" if self.zone else self.kind.what

    def __str__(self) -> str:
        """`5 of 5 VPCs in eu-central-1`; without the limit when it is not known."""
        limit = "" if self.limit is None else f" of {self.limit}"
        where = "" if self.zone else f" in {self.region}"
        return f"{self.used + self.under_way}{limit} {self.what}{where}"

    def exceeded_by(self, count: int) -> bool:
        """Whether `count` more would be too many; False when the limit is not known."""
        if self.limit is None or not count:
            return False
        return self.used + self.under_way + count > self.limit


class Quotas:
    """`readings` is for the services, which note more with the figures of AWS."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._limits = Kept[int | None](LIMITS_KEPT_S * clients.keeps)
        self.readings = Kept[Any](READINGS_KEPT_S * clients.keeps)

    def read(self, region: str, kinds: Sequence[QuotaKind], zones: list[str]) -> list[Quota]:
        """The quotas of these kinds, in this order; of NAT gateways, in each of the zones."""
        with self._clients.threads() as pool:
            found = [pool.submit(self._read, kind, region, zones) for kind in kinds]
        return [quota for each in found for quota in each.result()]

    def _read(self, kind: QuotaKind, region: str, zones: list[str]) -> list[Quota]:
        """One quota; of NAT gateways, one for each zone."""
        if kind is NAT_GATEWAYS:
            in_zone = self._nat_gateways(region)
            used = max((len(in_zone[zone]) for zone in zones), default=0)
            limit = self._limit(region, kind, used)
            return [_quota(kind, region, in_zone[zone], limit, zone) for zone in zones]
        count = {
            ADDRESSES: self._addresses,
            VPCS: self._vpcs,
            INTERNET_GATEWAYS: self._internet_gateways,
            GATEWAY_ENDPOINTS: self._gateway_endpoints,
        }[kind]
        found = count(region)
        return [_quota(kind, region, found, self._limit(region, kind, len(found)))]

    def _limit(self, region: str, kind: QuotaKind, used: int) -> int | None:
        """Read anew when it may soon be reached: somebody may have had it raised."""

        def has_room(limit: int | None) -> bool:
            return limit is not None and used + ROOM <= limit

        ask = partial(self._read_limit, region, kind)
        return self._limits.get((region, kind), ask, still_good=has_room)

    def _read_limit(self, region: str, kind: QuotaKind) -> int | None:
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

    def _addresses(self, region: str) -> list[str]:
        """By the id of its row, or ''. Neither a customer's own addresses nor those that another
        service manages or that are of an Outpost or a carrier count against the quota."""
        with aws_errors("counting the addresses", region):
            found = self._clients.ec2(region).describe_addresses()["Addresses"]
        return [tags_of(raw).get(ADDRESS_TAG, "") for raw in found if _is_counted(raw)]

    def _vpcs(self, region: str) -> list[str]:
        with aws_errors("counting the VPCs", region):
            pages = self._clients.ec2(region).get_paginator("describe_vpcs").paginate()
            return self._stacks_of(region, (vpc for page in pages for vpc in page["Vpcs"]))

    def _internet_gateways(self, region: str) -> list[str]:
        with aws_errors("counting the internet gateways", region):
            pages = self._clients.ec2(region).get_paginator("describe_internet_gateways").paginate()
            found = (gateway for page in pages for gateway in page["InternetGateways"])
            return self._stacks_of(region, found)

    def _gateway_endpoints(self, region: str) -> list[str]:
        with aws_errors("counting the gateway VPC endpoints", region):
            pages = self._clients.ec2(region).get_paginator("describe_vpc_endpoints").paginate()
            found = (endpoint for page in pages for endpoint in page["VpcEndpoints"])
            return self._stacks_of(region, (each for each in found if _is_gateway(each)))

    def _stacks_of(self, region: str, found: Iterable[Any]) -> list[str]:
        """The names of the stacks that made these, or ''; without what another account shares."""
        account = self._clients.account_id(region)
        return [_stack_of(raw) for raw in found if raw.get("OwnerId", account) == account]

    def _nat_gateways(self, region: str) -> defaultdict[str, list[str]]:
        """By zone, which EC2 tells only of a NAT gateway's subnet; each by its stack's name, or ''.

        One in a subnet that another account shares with this one is not this account's. A regional
        one is in no subnet, and so counts in no zone.
        """
        ec2: Any = self._clients.ec2(region)  # the stubs misname the filter
        alive = [{"Name": "state", "Values": COUNTED_STATES}]
        with aws_errors("counting the NAT gateways", region):
            nats = ec2.get_paginator("describe_nat_gateways").paginate(Filter=alive)
            stacks = [
                (nat["SubnetId"], _stack_of(nat))
                for page in nats
                for nat in page["NatGateways"]
                if nat.get("SubnetId")
            ]
            if not stacks:
                return defaultdict(list)
            ids = sorted({subnet_id for subnet_id, _ in stacks})
            subnets = ec2.get_paginator("describe_subnets").paginate(
                Filters=[{"Name": "subnet-id", "Values": ids}]
            )
            account = self._clients.account_id(region)
            zones = {
                subnet["SubnetId"]: subnet["AvailabilityZone"]
                for page in subnets
                for subnet in page["Subnets"]
                if subnet.get("OwnerId", account) == account
            }
        in_zone = defaultdict(list)
        for subnet_id, stack in stacks:
            if subnet_id in zones:
                in_zone[zones[subnet_id]].append(stack)
        return in_zone


def _quota(
    kind: QuotaKind, region: str, found: list[str], limit: int | None, zone: str = ""
) -> Quota:
    return Quota(kind, region, len(found), limit, zone, frozenset(filter(None, found)))


def _stack_of(raw: Any) -> str:
    return tags_of(raw).get(STACK_NAME_TAG, "")


def _is_counted(address: Any) -> bool:
    pool = address.get("PublicIpv4Pool", AMAZON_POOL)
    return pool == AMAZON_POOL and not any(map(address.get, NOT_COUNTED))


def _is_gateway(endpoint: Any) -> bool:
    return bool(endpoint.get("VpcEndpointType") == "Gateway" and endpoint["State"] != "deleted")


def _value(ask: Any, which: dict[str, str]) -> int:
    return int(ask(**which)["Quota"]["Value"])
