"""Orphans: resources in AWS with Egret's tags but without a row. No other page shows them.

They appear after the database was lost, or when a deletion left something behind. An address can be
adopted. A stack cannot, because it does not contain everything about its network or function (the
key, for instance); it can be deleted, and its addresses stay.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from webapp.aws import Cloud
from webapp.aws.cloudformation.templates import FunctionStack, NetworkStack
from webapp.aws.inventory import ADDRESS, NAT_GATEWAY, SECRET, STACK, Found
from webapp.aws.secrets import secret_name
from webapp.aws.tags import ADDRESS_TAG
from webapp.errors import Conflict, EgretError, NotFound
from webapp.models import Address, Function, Key, Network, Site
from webapp.models.costs import SECRET_USD_PER_MONTH, monthly_usd
from webapp.scope import CloudScope
from webapp.services import accounts
from webapp.services.addresses import adoption
from webapp.services.names import check_typed
from webapp.settings import Settings

BATCH = 500


@dataclass(frozen=True)
class Orphan:
    site: Site
    found: Found
    monthly_cost_usd: float

    @property
    def noun(self) -> str:
        return self.found.kind

    @property
    def audit_name(self) -> str:
        return self.found.name

    @property
    def adoptable(self) -> bool:
        return self.found.kind == ADDRESS and not self.found.busy

    @property
    def deletable(self) -> bool:
        return not self.found.busy


@dataclass(frozen=True)
class Orphans:
    """`unread`: the sites that did not answer, as people know them, each with the reason.

    `names` are those of the other accounts, by id.
    """

    orphans: list[Orphan]
    unread: dict[str, str]
    names: dict[str, str]

    @property
    def monthly_cost_usd(self) -> float:
        return round(sum(orphan.monthly_cost_usd for orphan in self.orphans), 2)


def find(scope: CloudScope) -> Orphans:
    """Look for orphans at every site, in parallel."""
    sites = accounts.sites(scope.session, scope.settings)
    names = accounts.names(scope.session, (site.account_id for site in sites))
    clouds = [scope.cloud_of(site) for site in sites]
    with scope.own.threads() as pool:
        answers = list(pool.map(_read, clouds, [site.region for site in sites]))
    orphans: list[Orphan] = []
    unread = {}
    for site, answer in zip(sites, answers, strict=True):
        if isinstance(answer, EgretError):
            unread[site.shown(names)] = answer.detail
        else:
            orphans += _orphans(scope.session, scope.settings, site, answer)
    return Orphans(orphans, unread, names)


def adopt(scope: CloudScope, *, site: Site, id: str) -> Address:
    """Make an orphaned address a free one in the pool."""
    orphan = _get(scope, site=site, kind=ADDRESS, id=id)
    return adoption.adopt(scope, site=site, wanted=orphan.found.id)


def delete(scope: CloudScope, *, site: Site, kind: str, id: str, typed: str) -> None:
    """Delete the orphan, typed exactly. Checks first that it still is one."""
    orphan = _get(scope, site=site, kind=kind, id=id)
    check_typed(typed, orphan.found.name, "deleted")
    if not orphan.deletable:
        raise Conflict(
            f"{orphan.found.name} is in use, or already being deleted.",
            code="orphan_in_use",
            remedy="Delete what uses it first.",
            link=("/orphans", "Scan again"),
        )
    scope.record("delete orphan", orphan, f"{id} in {site.region}")
    cloud = scope.cloud_of(site)
    scope.session.commit()
    cloud.inventory.delete(orphan.found)


def _read(cloud: Cloud, region: str) -> list[Found] | EgretError:
    try:
        return cloud.inventory.read(region)
    except EgretError as error:
        return error


def _get(scope: CloudScope, *, site: Site, kind: str, id: str) -> Orphan:
    is_offered = site.region in scope.settings.region_names
    found = scope.cloud_of(site).inventory.read(site.region) if is_offered else []
    for orphan in _orphans(scope.session, scope.settings, site, found):
        if (orphan.found.kind, orphan.found.id) == (kind, id):
            return orphan
    raise NotFound(
        f"There is no orphan {id} in {site.region}.",
        code="no_orphan",
        remedy="It was deleted, or Egret manages it by now. Reload the page.",
    )


def _orphans(session: Session, settings: Settings, site: Site, found: list[Found]) -> list[Orphan]:
    allocations, of_rows = _known_addresses(session, found)
    known = _known_stacks(session, settings, site, found)
    stacks = {each.name for each in found if each.kind == STACK}
    secrets = _known_secrets(session, settings, found)
    nats = [each for each in found if each.kind == NAT_GATEWAY]

    def is_orphan(each: Found) -> bool:
        if each.kind == ADDRESS:
            return each.id not in allocations and each.tags.get(ADDRESS_TAG) not in of_rows
        if each.kind == STACK:
            return each.name not in known
        if each.kind == SECRET:
            return each.id not in secrets and each.name not in secrets
        return each.stack_name not in stacks | known

    return [_orphan(site, each, nats) for each in found if is_orphan(each)]


def _orphan(site: Site, found: Found, nats: list[Found]) -> Orphan:
    """A stack costs what its NAT gateways cost; they are not listed again."""
    if found.kind == STACK:
        inside = sum(nat.stack_name == found.name for nat in nats)
        return Orphan(site, found, monthly_usd(nat_gateways=inside, addresses=0))
    if found.kind == SECRET:
        return Orphan(site, found, SECRET_USD_PER_MONTH)
    is_nat, is_address = found.kind == NAT_GATEWAY, found.kind == ADDRESS
    cost = monthly_usd(nat_gateways=int(is_nat), addresses=int(is_address))
    return Orphan(site, found, cost)


def _known_addresses(session: Session, found: list[Found]) -> tuple[set[str], set[str]]:
    """Which of the allocations, and of the ids of rows that they are tagged with, have a row."""
    addresses = [each for each in found if each.kind == ADDRESS]
    tagged = [each.tags.get(ADDRESS_TAG, "") for each in addresses]
    allocations = _there(session, col(Address.allocation_id), [each.id for each in addresses])
    return allocations, _there(session, col(Address.id), tagged)


def _known_stacks(session: Session, settings: Settings, site: Site, found: list[Found]) -> set[str]:
    """By name, because the row of a stack that is just being created has no stack id yet."""
    prefix = settings.name_prefix
    names = {each.stack_name or each.name for each in found if each.kind != ADDRESS}
    kinds = (
        (NetworkStack, col(Network.name), site.holds(Network)),
        (
            FunctionStack,
            col(Function.name),
            col(Function.network_id).in_(select(Network.id).where(site.holds(Network))),
        ),
    )
    known: set[str] = set()
    for kind, column, is_here in kinds:
        start = kind.stack_name(prefix, "")
        wanted = [name.removeprefix(start) for name in names if name.startswith(start)]
        there = _there(session, column, wanted, is_here)
        known |= {kind.stack_name(prefix, name) for name in there}
    return known


def _known_secrets(session: Session, settings: Settings, found: list[Found]) -> set[str]:
    """By ARN, and by name, because the row of a key that is just being stored has no ARN yet."""
    secrets = [each for each in found if each.kind == SECRET]
    start = secret_name(settings.name_prefix, "", "").removesuffix("-")
    names = {each.name: each.name.removeprefix(start).rpartition("-")[2] for each in secrets}
    known: set[str] = set()
    for some in _batches([*names.values()]):
        rows = select(Key.id, Key.name).where(col(Key.id).in_(some))
        known |= {
            secret_name(settings.name_prefix, name, id) for id, name in session.exec(rows).all()
        }
    return known | _there(session, col(Key.secret_arn), [each.id for each in secrets])


def _there(
    session: Session, column: Any, values: Sequence[str], *conditions: ColumnElement[bool]
) -> set[str]:
    """Those of the values that rows have."""
    found: set[str] = set()
    for some in _batches(values):
        found |= {*session.exec(select(column).where(column.in_(some), *conditions))}
    return found


def _batches(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """A statement has a limited number of values."""
    for start in range(0, len(values), BATCH):
        yield values[start : start + BATCH]
