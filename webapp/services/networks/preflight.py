"""Preflight: what blocks the creation of a network, what it would consist of, what it would cost.

Nothing is created. A quota that runs out half way would leave a half-built network, so quotas are
read first, and each check that blocks says what to do about it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlmodel import Session

from webapp.aws import Cloud
from webapp.aws.answers import understand
from webapp.aws.cloudformation.templates import NetworkStack
from webapp.aws.public_access import MAY_NOT_READ
from webapp.aws.quotas import Quota
from webapp.errors import Conflict, EgretError, Invalid, check_all
from webapp.models import Network, NewNetwork, Shape, Site
from webapp.models.costs import TRAFFIC_GB, monthly_usd, traffic_usd
from webapp.scope import CloudScope
from webapp.services import accounts, names
from webapp.services.addresses import capacity, pool
from webapp.services.addresses.capacity import Need
from webapp.services.networks import cidrs, zones
from webapp.settings import Settings

EXAMPLE = "10.0.0.0/16"
"""Stands for the range in what a network would consist of, when none is free."""


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


NO_BOUNDARY = Check(
    "Permissions boundary",
    Verdict.UNKNOWN,
    "EGRET_PERMISSIONS_BOUNDARY_ARN is not set, and the policies that egret policy prints let "
    "Egret make roles only with their boundary.",
    "Set it to the ARN that egret policy --apply printed, unless the dashboard has other policies.",
)
"""IAM has no dry run, so a creation would find out only at its first role."""


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
    session, settings, region = scope.session, scope.settings, new.region
    check_basics(settings, new)
    site = accounts.site_for(session, new.account, region)
    cloud = scope.cloud_of(site)
    chosen, zone_check = _zones(cloud, new)
    need = need_of(new, chosen)
    reading = capacity.read(scope, site, need, now=True)
    in_aws = cloud.vpcs.cidrs(region, now=bool(new.cidr.strip()))
    taken = in_aws + cidrs.of_rows(session, site, typed=new.cidr)
    free = cidrs.first_free(in_aws + cidrs.of_rows(session, site))
    cidr, range_check = _range(new, taken, free)
    checks = [_name(session, new.name), range_check, zone_check]
    if new.addresses:
        checks.append(_addresses(session, new, site))
    checks += [_quota(quota, need) for quota in capacity.fill(session, settings, reading)]
    checks.append(_public_access(cloud, region))
    checks += _permissions(cloud, region, settings.tags | new.tags)
    if not settings.permissions_boundary_arn:
        checks.append(NO_BOUNDARY)
    stack = NetworkStack(
        prefix=settings.name_prefix,
        name=new.name,
        region=region,
        cidr=cidr,
        zones=tuple(chosen),
        nat=new.nat.value,
        allocation_ids=(),
        echo_url=settings.echo_origins,
        permissions_boundary_arn=cloud.here(settings.permissions_boundary_arn),
    )
    return Preflight(
        cidr=cidr,
        zones=chosen,
        new_addresses=need.addresses,
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
        lambda: _check_range(new) if new.cidr.strip() else None,
        lambda: pool.check_count(new),
    )


def check_rules(session: Session, settings: Settings, new: NewNetwork) -> Site:
    """What can be known without AWS. Gives where the network is to be. Raises Invalid with every
    field's error, or Conflict."""
    check_fields(settings, new)
    site = accounts.site_for(session, new.account, new.region)
    names.check_free(session, Network, new.name)
    pool.chosen(session, new, site)
    return site


def choose_zones(cloud: Cloud, new: NewNetwork) -> list[str]:
    """The zones that the network will have. Raises Invalid when the region has too few."""
    offered = cloud.vpcs.availability_zones(new.region)
    return zones.choose(new.region, offered, new.availability_zones, chosen=new.zones)


def need_of(new: NewNetwork, zones: Sequence[str]) -> Need:
    """What the network needs of the account's quotas."""
    nat_gateways = new.shape.nat_gateways
    missing = max(nat_gateways - len(new.addresses), 0)
    return Need(addresses=missing, vpcs=1, nat_zones=zones[:nat_gateways])


def _basic_rules(settings: Settings, new: NewNetwork) -> list[Callable[[], object]]:
    return [
        lambda: names.check_name(new.name),
        lambda: names.check_region(settings, new.region),
        lambda: zones.check_count(new.availability_zones),
        lambda: zones.check_choice(new.zones, new.availability_zones),
        lambda: names.check_environment(new.environment),
        lambda: names.check_tags(settings, new.tags),
    ]


def _check_range(new: NewNetwork) -> None:
    cidrs.check_room(str(cidrs.parse(new.cidr)), new.availability_zones)


def _name(session: Session, name: str) -> Check:
    try:
        names.check_free(session, Network, name)
    except Conflict as error:
        return Check("Name", Verdict.BLOCKED, error.detail, error.remedy)
    return Check("Name", Verdict.OK, f"{name} is free.")


def _addresses(session: Session, new: NewNetwork, site: Site) -> Check:
    """The free addresses that were chosen for it."""
    try:
        pool.check_count(new)
        chosen = pool.chosen(session, new, site)
    except EgretError as error:
        return Check("Addresses", Verdict.BLOCKED, error.detail, error.remedy)
    named = ", ".join(address.public_ip or address.id for address in chosen)
    return Check("Addresses", Verdict.OK, f"{named}: available.")


def _range(new: NewNetwork, taken: list[str], free: str) -> tuple[str, Check]:
    """The range that the network would have, or an example of one, and whether it can."""
    try:
        chosen = cidrs.check(new.cidr, taken) if new.cidr.strip() else cidrs.choose(taken)
        cidrs.check_room(chosen, new.availability_zones)
    except Invalid as error:
        remedy = f"{free} is free." if free else ""
        return free or EXAMPLE, Check("Range", Verdict.BLOCKED, error.detail, remedy)
    detail = f"{chosen} overlaps no VPC of the region, and no peer of one."
    return chosen, Check("Range", Verdict.OK, detail)


def _zones(cloud: Cloud, new: NewNetwork) -> tuple[list[str], Check]:
    """The zones that the network would have, or as many as can be, and whether that is enough."""
    offered = cloud.vpcs.availability_zones(new.region)
    told = zones.told(new.region, offered)
    try:
        chosen = zones.choose(new.region, offered, new.availability_zones, chosen=new.zones)
    except Invalid as error:
        usable = [zone.name for zone in offered if zone.usable][: new.availability_zones]
        remedy = error.remedy or told
        return usable, Check("Zones", Verdict.BLOCKED, error.detail, remedy)
    return chosen, Check("Zones", Verdict.OK, told)


def _quota(quota: Quota, need: Need) -> Check:
    name = f"Quota of {quota.what}"
    link = quota.kind.url(quota.region)
    detail, used = capacity.shortage(quota, need), quota.used + quota.under_way
    if quota.limit is None:
        detail += " The limit could not be read."
        remedy = "Allow servicequotas:GetServiceQuota, or check it here:"
        return Check(name, Verdict.UNKNOWN, detail, remedy, link, used=used)
    if quota.exceeded_by(need.of(quota)):
        remedy = "Release unused ones, or request a higher quota:"
        return Check(name, Verdict.BLOCKED, detail, remedy, link, used, quota.limit)
    return Check(name, Verdict.OK, detail, used=used, limit=quota.limit)


def _public_access(cloud: Cloud, region: str) -> Check:
    """Whether the account lets anything out through internet gateways."""
    name, found = "VPC Block Public Access", cloud.public_access.read(region)
    if not found.readable:
        return Check(name, Verdict.UNKNOWN, MAY_NOT_READ)
    if found.closes():
        detail = f"It is on in both directions in {region}: all egress would be blocked."
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
            operation = permission.action.partition(":")[2]
            answer = understand(permission.answer, region, operation=operation)
            remedy = answer.remedy() if answer.is_refusal else "Check the dashboard's credentials."
            yield Check(f"Permission {permission.action}", Verdict.BLOCKED, detail, remedy)
        elif permission.allowed is None:
            yield Check(f"Permission {permission.action}", Verdict.UNKNOWN, permission.answer)


def _costs(shape: Shape) -> Iterator[Cost]:
    fixed = monthly_usd(nat_gateways=shape.nat_gateways, addresses=shape.nat_gateways)
    for traffic, gb in TRAFFIC_GB.items():
        yield Cost(traffic, gb, round(fixed + traffic_usd(gb), 2))
