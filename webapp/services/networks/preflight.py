"""Preflight: what blocks the creation of a network, what it would consist of, what it would cost.

Nothing is created. A quota that runs out half way would leave a half-built network, so quotas are
read first, and each check that blocks says what to do about it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from sqlmodel import Session, select

from webapp.aws import Cloud
from webapp.aws.cloudformation.templates import NetworkStack
from webapp.aws.errors import QuotaExceeded
from webapp.aws.public_access import MAY_NOT_READ
from webapp.aws.quotas import ADDRESSES, INTERNET_GATEWAYS, VPCS, Quota
from webapp.errors import Conflict, EgretError, Invalid, check_all
from webapp.models import MAX_ZONES, Network, NewNetwork, Shape
from webapp.models.costs import TRAFFIC_GB, monthly_usd, traffic_usd
from webapp.services import names
from webapp.services.addresses import pool
from webapp.services.networks import cidrs
from webapp.services.scope import CloudScope
from webapp.settings import Settings


class Verdict(StrEnum):
    """*unknown*: AWS would not say."""

    OK = "ok"
    UNKNOWN = "unknown"
    BLOCKED = "blocked"


@dataclass(frozen=True)
class Check:
    """One check. `link` is where to apply the remedy; `used` and `limit` are those of a quota."""

    name: str
    verdict: Verdict
    detail: str
    remedy: str = ""
    link: str = ""
    used: int | None = None
    limit: int | None = None


@dataclass(frozen=True)
class Cost:
    """US dollars a month for a network that carries `traffic_gb`."""

    traffic: str
    traffic_gb: int
    monthly_usd: float


@dataclass(frozen=True)
class Need:
    """How many more of each are needed, and one NAT gateway in each of `nat_zones`."""

    addresses: int
    vpcs: int
    nat_zones: list[str]


@dataclass(frozen=True)
class Preflight:
    """`resources` maps the logical ids that the stack would have to their types."""

    cidr: str
    zones: list[str]
    new_addresses: int
    checks: list[Check]
    costs: list[Cost]
    resources: dict[str, str]

    @property
    def blocked(self) -> bool:
        return any(check.verdict is Verdict.BLOCKED for check in self.checks)


def check(scope: CloudScope, new: NewNetwork) -> Preflight:
    """Check everything that creating this network would need. Creates nothing.

    Raises Invalid for fields that break a rule; what blocks the creation is one of the checks.
    """
    session, cloud, settings, region = scope.session, scope.cloud, scope.settings, new.region
    check_basics(settings, new)
    zones = cloud.vpcs.availability_zones(region)
    cidr, range_check = _range(new.cidr, ranges_in_use(session, cloud, region))
    checks = [_name(session, new.name), range_check, _zones(region, zones, new.shape)]
    if new.addresses:
        checks.append(_addresses(session, new))
    checks += _quotas(cloud, region, _need(zones, new))
    checks.append(_public_access(cloud, region))
    checks += _permissions(cloud, region, settings.tags | new.tags)
    stack = NetworkStack(
        prefix=settings.name_prefix,
        name=new.name,
        region=region,
        cidr=cidr,
        zones=tuple(zones[: new.availability_zones]),
        nat=new.nat.value,
        allocation_ids=(),
        echo_url=settings.echo_origins,
        permissions_boundary_arn=settings.permissions_boundary_arn,
    )
    return Preflight(
        cidr=cidr,
        zones=zones[: new.availability_zones],
        new_addresses=_need(zones, new).addresses,
        checks=checks,
        costs=list(_costs(new.shape)),
        resources=stack.plan().resources,
    )


def check_basics(settings: Settings, new: NewNetwork) -> None:
    """Raises Invalid, with every field's error, if a field makes all checks meaningless.

    A wrong range or choice of addresses alone does not: it is one of the checks.
    """
    try:
        check_all(*_basic_rules(settings, new))
    except Invalid:
        check_fields(settings, new)


def check_fields(settings: Settings, new: NewNetwork) -> None:
    """Raises Invalid with the error of every field that breaks a rule."""
    check_all(
        *_basic_rules(settings, new),
        lambda: cidrs.parse(new.cidr) if new.cidr.strip() else None,
        lambda: pool.check_count(new),
    )


def check_rules(session: Session, settings: Settings, new: NewNetwork) -> None:
    """What can be known without AWS. Raises Invalid with every field's error, or Conflict."""
    check_fields(settings, new)
    names.check_free(session, Network, new.name)
    pool.chosen(session, new)


def check_zones(availability_zones: int) -> None:
    if not 1 <= availability_zones <= MAX_ZONES:
        raise Invalid(f"A network has 1 to {MAX_ZONES} zones.", field="availability_zones")


def require_room(cloud: Cloud, new: NewNetwork) -> None:
    """Raises QuotaExceeded when a quota is known to have no room for the network."""
    zones = cloud.vpcs.availability_zones(new.region)
    _require(cloud, new.region, _need(zones, new))


def require_room_for_change(
    cloud: Cloud, network: Network, wanted: Shape, *, new_addresses: int
) -> None:
    """Raises QuotaExceeded when there is no room for the change's addresses and NAT gateways."""
    zones = cloud.vpcs.availability_zones(network.region)
    with_nat = zones[network.nat_gateways : wanted.nat_gateways]
    _require(cloud, network.region, Need(new_addresses, vpcs=0, nat_zones=with_nat))


def ranges_in_use(session: Session, cloud: Cloud, region: str) -> list[str]:
    """Ranges of the region's VPCs, and of networks here whose VPC does not exist yet."""
    of_rows = session.exec(select(Network.cidr).where(Network.region == region))
    return cloud.vpcs.cidrs(region) + list(of_rows)


def _basic_rules(settings: Settings, new: NewNetwork) -> list[Callable[[], object]]:
    return [
        lambda: names.check_name(new.name),
        lambda: names.check_region(settings, new.region),
        lambda: check_zones(new.availability_zones),
        lambda: names.check_environment(new.environment),
        lambda: names.check_tags(settings, new.tags),
    ]


def _name(session: Session, name: str) -> Check:
    try:
        names.check_free(session, Network, name)
    except Conflict as error:
        return Check("Name", Verdict.BLOCKED, error.detail, error.remedy)
    return Check("Name", Verdict.OK, f"{name} is free.")


def _addresses(session: Session, new: NewNetwork) -> Check:
    """The free addresses that were chosen for it."""
    try:
        pool.check_count(new)
        chosen = pool.chosen(session, new)
    except EgretError as error:
        return Check("Addresses", Verdict.BLOCKED, error.detail, error.remedy)
    named = ", ".join(address.public_ip or address.id for address in chosen)
    return Check("Addresses", Verdict.OK, f"{named}: yours, and free.")


def _range(cidr: str, taken: list[str]) -> tuple[str, Check]:
    """The range that the network would have, and whether it can."""
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


def _need(zones: list[str], new: NewNetwork) -> Need:
    nat_gateways = new.shape.nat_gateways
    new_addresses = max(nat_gateways - len(new.addresses), 0)
    return Need(new_addresses, vpcs=1, nat_zones=zones[:nat_gateways])


def _require(cloud: Cloud, region: str, need: Need) -> None:
    for check in _quotas(cloud, region, need):
        if check.verdict is Verdict.BLOCKED:
            raise QuotaExceeded(
                f"{check.detail} Nothing was created.", remedy=f"{check.remedy} {check.link}"
            )


def _quotas(cloud: Cloud, region: str, need: Need) -> list[Check]:
    count = {ADDRESSES: need.addresses, VPCS: need.vpcs, INTERNET_GATEWAYS: need.vpcs}
    found = cloud.quotas.read(region, need.nat_zones)
    return [_quota(quota, count.get(quota.kind, 1)) for quota in found]


def _quota(quota: Quota, needed: int) -> Check:
    name = f"Quota of {quota.what}"
    link = quota.kind.url(quota.region)
    if quota.limit is None:
        detail = f"{quota.used} used, {needed} more needed; the limit could not be read."
        remedy = "Allow servicequotas:GetServiceQuota, or check it here:"
        return Check(name, Verdict.UNKNOWN, detail, remedy, link, used=quota.used)
    detail = f"{quota} are used, {needed} more needed."
    if quota.exceeded_by(needed):
        remedy = "Release what is not used, or request a higher quota:"
        return Check(name, Verdict.BLOCKED, detail, remedy, link, quota.used, quota.limit)
    return Check(name, Verdict.OK, detail, used=quota.used, limit=quota.limit)


def _public_access(cloud: Cloud, region: str) -> Check:
    """Whether the account lets anything out through internet gateways."""
    name, found = "VPC Block Public Access", cloud.public_access.read(region)
    if not found.readable:
        return Check(name, Verdict.UNKNOWN, MAY_NOT_READ)
    if found.closes():
        detail = f"It is on in both directions in {region}: no call would get out."
        return Check(name, Verdict.BLOCKED, detail, found.repair("the network's VPC, once made"))
    return Check(name, Verdict.OK, f"It is {found.mode} in {region}: NAT gateways get out.")


def _permissions(cloud: Cloud, region: str, tags: dict[str, str]) -> Iterator[Check]:
    """One check for all permissions that are there, and one for each that is not."""
    asked = cloud.permissions.dry_run(region, tags=tags)
    allowed = [permission.action for permission in asked if permission.allowed]
    if allowed:
        detail = f"AWS would allow {', '.join(allowed)}. Only EC2 can be asked in advance."
        yield Check("Permissions", Verdict.OK, detail)
    for permission in asked:
        if permission.allowed is False:
            detail = f"AWS does not allow {permission.action}. {permission.answer}"
            remedy = "Add it to the dashboard's policy."
            yield Check(f"Permission {permission.action}", Verdict.BLOCKED, detail, remedy)
        elif permission.allowed is None:
            yield Check(f"Permission {permission.action}", Verdict.UNKNOWN, permission.answer)


def _costs(shape: Shape) -> Iterator[Cost]:
    fixed = monthly_usd(nat_gateways=shape.nat_gateways, addresses=shape.nat_gateways)
    for traffic, gb in TRAFFIC_GB.items():
        yield Cost(traffic, gb, round(fixed + traffic_usd(gb), 2))
