"""Preflight: what stands in the way of a network, what it would be made of, and what it would cost.

Nothing is made. A quota that is used up half way leaves a half-built network in other tools; here
it is read first, and what blocks comes with what to do about it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from sqlmodel import Session, select

from webapp.aws import Cloud
from webapp.aws.cloudformation.templates import NetworkStack
from webapp.aws.errors import QuotaExceeded
from webapp.aws.quotas import ADDRESSES, INTERNET_GATEWAYS, VPCS, Quota
from webapp.errors import EgretError, Invalid
from webapp.models import MAX_ZONES, Network, Shape
from webapp.models.costs import TRAFFIC_GB, monthly_usd, traffic_usd
from webapp.services import names
from webapp.services.addresses import pool as addresses
from webapp.services.networks import cidrs
from webapp.settings import Settings


class Verdict(StrEnum):
    """*unknown*: AWS would not say."""

    OK = "ok"
    UNKNOWN = "unknown"
    BLOCKED = "blocked"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. `link` is where the remedy is, `used` and `limit` a quota's."""

    name: str
    verdict: Verdict
    detail: str
    remedy: str = ""
    link: str = ""
    used: int | None = None
    limit: int | None = None


@dataclass(frozen=True)
class Cost:
    """US dollars a month when so many gigabytes go through."""

    traffic: str
    traffic_gb: int
    monthly_usd: float


@dataclass(frozen=True)
class Need:
    """How many more of each are needed; one NAT gateway in each of `nat_zones`."""

    addresses: int
    vpcs: int
    nat_zones: list[str]


@dataclass(frozen=True)
class Preflight:
    """`resources`: logical id → type, as the stack would have them."""

    cidr: str
    zones: list[str]
    new_addresses: int
    checks: list[Check]
    costs: list[Cost]
    resources: dict[str, str]

    @property
    def blocked(self) -> bool:
        return any(check.verdict is Verdict.BLOCKED for check in self.checks)


def look(
    session: Session,
    cloud: Cloud,
    settings: Settings,
    *,
    name: str,
    region: str,
    cidr: str,
    shape: Shape,
    address_ids: list[str],
    environment: str = "",
) -> Preflight:
    """Look at everything that a creation with these values would need. Makes nothing."""
    check_wish(settings, name=name, region=region, availability_zones=shape.availability_zones)
    names.check_environment(environment)
    zones = cloud.vpcs.availability_zones(region)
    chosen, range_check = _range(cidr, ranges_in_use(session, cloud, region))
    checks = [_name(session, name), range_check, _zones(region, zones, shape)]
    if address_ids:
        checks.append(_chosen(session, region, shape, address_ids))
    checks += _quotas(cloud, region, _need(zones, shape, addresses_chosen=len(address_ids)))
    checks += _permissions(cloud, region)
    stack = NetworkStack(
        prefix=settings.name_prefix,
        name=name,
        region=region,
        cidr=chosen,
        zones=tuple(zones[: shape.availability_zones]),
        nat=shape.nat.value,
        allocation_ids=(),
        echo_url=settings.echo_origins,
        permissions_boundary_arn=settings.permissions_boundary_arn,
    )
    return Preflight(
        cidr=chosen,
        zones=zones[: shape.availability_zones],
        new_addresses=max(shape.nat_gateways - len(address_ids), 0),
        checks=checks,
        costs=list(_costs(shape)),
        resources=stack.plan().resources,
    )


def check_wish(settings: Settings, *, name: str, region: str, availability_zones: int) -> None:
    """Raises Invalid for what no network can be, wherever it is."""
    names.check_name(name)
    names.check_region(settings, region)
    if not 1 <= availability_zones <= MAX_ZONES:
        raise Invalid(f"A network has 1 to {MAX_ZONES} zones.", field="availability_zones")


def require_room(cloud: Cloud, region: str, shape: Shape, *, addresses_chosen: int) -> None:
    """Raises QuotaExceeded when a quota is known to have no room for such a network."""
    zones = cloud.vpcs.availability_zones(region)
    _require(cloud, region, _need(zones, shape, addresses_chosen=addresses_chosen))


def require_room_to_grow(cloud: Cloud, network: Network, wanted: Shape, *, addresses: int) -> None:
    """Raises QuotaExceeded when there is no room for `addresses` more and their NAT gateways."""
    zones = cloud.vpcs.availability_zones(network.region)
    with_nat = zones[network.nat_gateways : wanted.nat_gateways]
    _require(cloud, network.region, Need(addresses, vpcs=0, nat_zones=with_nat))


def ranges_in_use(session: Session, cloud: Cloud, region: str) -> list[str]:
    """Ranges of the region's VPCs, and of our own networks whose VPC is not there yet."""
    of_rows = session.exec(select(Network.cidr).where(Network.region == region))
    return cloud.vpcs.cidrs(region) + list(of_rows)


def _name(session: Session, name: str) -> Check:
    if session.exec(select(Network).where(Network.name == name)).first():
        said = names.taken("network", name)
        return Check("Name", Verdict.BLOCKED, said.detail, said.remedy)
    return Check("Name", Verdict.OK, f"{name} is free.")


def _chosen(session: Session, region: str, shape: Shape, address_ids: list[str]) -> Check:
    """The addresses that it shall have."""
    try:
        chosen = addresses.chosen(session, region, shape, address_ids)
    except EgretError as error:
        return Check("Addresses", Verdict.BLOCKED, error.detail, error.remedy)
    named = ", ".join(address.public_ip or address.id for address in chosen)
    return Check("Addresses", Verdict.OK, f"{named} of yours, free.")


def _range(cidr: str, taken: list[str]) -> tuple[str, Check]:
    """The range that it would have, and whether that will do."""
    try:
        chosen = cidrs.check(cidr, taken) if cidr.strip() else cidrs.choose(taken)
    except Invalid as error:
        free = cidrs.choose(taken)
        return free, Check("Range", Verdict.BLOCKED, error.detail, f"{free} is free.")
    return chosen, Check("Range", Verdict.OK, f"{chosen} overlaps no VPC of the region.")


def _zones(region: str, zones: list[str], shape: Shape) -> Check:
    offered = f"{region} has {len(zones)} zones for NAT gateways: {', '.join(zones)}."
    if len(zones) < shape.availability_zones:
        remedy = f"Choose {len(zones)} zones, or another region."
        return Check("Zones", Verdict.BLOCKED, offered, remedy)
    return Check("Zones", Verdict.OK, offered)


def _need(zones: list[str], shape: Shape, *, addresses_chosen: int) -> Need:
    addresses = max(shape.nat_gateways - addresses_chosen, 0)
    return Need(addresses, vpcs=1, nat_zones=zones[: shape.nat_gateways])


def _require(cloud: Cloud, region: str, need: Need) -> None:
    for check in _quotas(cloud, region, need):
        if check.verdict is Verdict.BLOCKED:
            raise QuotaExceeded(
                f"{check.detail} Nothing was made.", remedy=f"{check.remedy} {check.link}"
            )


def _quotas(cloud: Cloud, region: str, need: Need) -> list[Check]:
    count = {ADDRESSES: need.addresses, VPCS: need.vpcs, INTERNET_GATEWAYS: need.vpcs}
    found = cloud.quotas.read(region, need.nat_zones)
    return [_quota(quota, count.get(quota.kind, 1)) for quota in found]


def _quota(quota: Quota, needed: int) -> Check:
    name = f"Quota of {quota.what}"
    link = quota.kind.url(quota.region)
    if quota.limit is None:
        detail = f"{quota.used} used, {needed} more needed; the limit may not be read."
        remedy = "Allow servicequotas:GetServiceQuota, or look there:"
        return Check(name, Verdict.UNKNOWN, detail, remedy, link, used=quota.used)
    detail = f"{quota} are used, {needed} more needed."
    if quota.lacks(needed):
        remedy = "Release what is not used, or ask for a higher quota:"
        return Check(name, Verdict.BLOCKED, detail, remedy, link, quota.used, quota.limit)
    return Check(name, Verdict.OK, detail, used=quota.used, limit=quota.limit)


def _permissions(cloud: Cloud, region: str) -> Iterator[Check]:
    """One line for all that are there, one for each that is not."""
    asked = cloud.permissions.dry_run(region)
    allowed = [permission.action for permission in asked if permission.allowed]
    if allowed:
        detail = f"AWS would allow {', '.join(allowed)}. Only EC2 can be asked beforehand."
        yield Check("Permissions", Verdict.OK, detail)
    for permission in asked:
        if permission.allowed is False:
            detail = f"AWS does not allow {permission.action}. {permission.answer}"
            remedy = "Add it to the policy of the dashboard."
            yield Check(f"Permission {permission.action}", Verdict.BLOCKED, detail, remedy)
        elif permission.allowed is None:
            yield Check(f"Permission {permission.action}", Verdict.UNKNOWN, permission.answer)


def _costs(shape: Shape) -> Iterator[Cost]:
    fixed = monthly_usd(nat_gateways=shape.nat_gateways, addresses=shape.nat_gateways)
    for traffic, gb in TRAFFIC_GB.items():
        yield Cost(traffic, gb, round(fixed + traffic_usd(gb), 2))
