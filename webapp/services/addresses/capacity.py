"""Capacity: whether the account's quotas have room for what is about to be made.

AWS counts only what exists. A network that was accepted a second ago has its row, but no VPC yet,
so rows are counted with AWS's figure. That is exact, although AWS and the database are not asked at
the same moment: `read` notes which rows AWS's figure already covers, then asks AWS for the figure
and for the rows that it covers by then; `fill` counts the other rows. Whoever is counted is
committed under the same lock, so that of two requests for the last place one is refused.

    reading = read(scope, site, need)                    # asks AWS, holds nothing
    with one_at_a_time(session, site):                   # asks only the database
        require(fill(session, settings, reading), need)
        …add rows, commit…
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sqlmodel import Session, select

from webapp.aws.answers.quota_kinds import QuotaKind
from webapp.aws.cloudformation.templates import NetworkStack
from webapp.aws.errors import QuotaExceeded
from webapp.aws.quotas import (
    ADDRESSES,
    GATEWAY_ENDPOINTS,
    INTERNET_GATEWAYS,
    NAT_GATEWAYS,
    VPCS,
    Quota,
)
from webapp.db import lock
from webapp.models import Address, AddressStatus, Network, Site, Status
from webapp.scope import CloudScope
from webapp.settings import Settings

WITHOUT_PARTS = (Status.FAILED, Status.DELETING)
"""A network in one of these statuses makes nothing; what it still has, AWS counts."""
BEING_MADE = (Status.REQUESTED, Status.CREATING)
WITHOUT_NAT = (*WITHOUT_PARTS, Status.PARKING, Status.PARKED)
WITH_NAT = (Status.READY, Status.UPDATING)
ALLOCATED = (AddressStatus.FREE, AddressStatus.IN_USE)


@dataclass(frozen=True)
class Need:
    """How many more of each are needed, and one NAT gateway in each of `nat_zones`."""

    addresses: int = 0
    vpcs: int = 0
    nat_zones: Sequence[str] = ()

    def of(self, quota: Quota) -> int:
        if quota.kind is ADDRESSES:
            return self.addresses
        return int(quota.zone in self.nat_zones) if quota.zone else self.vpcs

    @property
    def kinds(self) -> list[QuotaKind]:
        """The quotas that matter."""
        kinds = [ADDRESSES] if self.addresses else []
        kinds += [VPCS, INTERNET_GATEWAYS, GATEWAY_ENDPOINTS] if self.vpcs else []
        return kinds + ([NAT_GATEWAYS] if self.nat_zones else [])


@dataclass(frozen=True)
class Reading:
    """AWS's figures; and what of the rows existed in AWS before they were asked for.

    `nats` are the NAT gateways: each by its network's id and its zone.
    """

    site: Site
    quotas: list[Quota]
    allocations: frozenset[str] = frozenset()
    networks: frozenset[str] = frozenset()
    nats: frozenset[tuple[str, str]] = frozenset()


def read(scope: CloudScope, site: Site, need: Need, *, now: bool = False) -> Reading:
    """Ask AWS for the quotas that matter to what is needed, unless somebody has just done that and
    there is room by it. With `now`, AWS is always asked. Commits the session."""
    session, quotas, zones = scope.session, scope.cloud_of(site).quotas, list(need.nat_zones)

    def ask() -> Reading:
        reading = _covered(session, site)
        found = quotas.read(site.region, need.kinds, zones) if need.kinds else []
        return replace(reading, quotas=found)

    def has_room(reading: Reading) -> bool:
        if now:
            return False
        filled = fill(session, scope.settings, reading)
        session.commit()
        return not any(quota.exceeded_by(need.of(quota)) for quota in filled)

    session.commit()  # it may wait for who asks just now
    kept: Reading = quotas.readings.get((site, *need.kinds, *zones), ask, still_good=has_room)
    return kept


def _covered(session: Session, site: Site) -> Reading:
    """What AWS will count, asked after this; its figures are still missing."""
    made = [a.allocation_id for a in _addresses(session, site) if a.status in ALLOCATED]
    networks = _networks(session, site)
    none = (*BEING_MADE, *WITHOUT_PARTS)
    reading = Reading(
        site,
        [],
        frozenset(filter(None, made)),
        frozenset(n.id for n in networks if n.status not in none),
        frozenset((n.id, zone) for n in networks if n.status in WITH_NAT for zone in _made(n)),
    )
    session.commit()
    return reading


@contextmanager
def one_at_a_time(session: Session, site: Site) -> Iterator[None]:
    """One request at a time, of all replicas, may ask for room at the site until it commits."""
    session.commit()
    try:
        lock(session, f"capacity of {site}")
        yield
    except BaseException:
        session.rollback()
        raise


def fill(session: Session, settings: Settings, reading: Reading, *, asks: str = "") -> list[Quota]:
    """The quotas with what is under way, and so in no figure of AWS yet, added.

    `asks` is the id of a network whose own change is not counted: it is what is asked for.
    """
    site, prefix = reading.site, settings.name_prefix
    networks = {network.id: network for network in _networks(session, site)}
    stacks = {n.id: NetworkStack.stack_name(prefix, n.name) for n in networks.values()}

    def under_way(quota: Quota) -> int:
        if quota.kind is ADDRESSES:
            rows = _addresses(session, site)
            return sum(_is_being_allocated(a, networks, reading, quota) for a in rows)
        others = [n for n in networks.values() if stacks[n.id] not in quota.owners]
        if quota.kind is NAT_GATEWAYS:
            return sum(
                quota.zone in (_made(network) if network.id == asks else network.nat_zones)
                and (network.id, quota.zone) not in reading.nats
                for network in others
                if network.status not in WITHOUT_NAT
            )
        return sum(
            network.status not in WITHOUT_PARTS and network.id not in reading.networks
            for network in others
        )

    return [replace(quota, under_way=under_way(quota)) for quota in reading.quotas]


def require(quotas: Sequence[Quota], need: Need, *, has: str = "") -> None:
    """Raises QuotaExceeded when a quota is known to have no room.

    What the stack named `has` still has, it need not have once more.
    """
    for quota in quotas:
        if not (has and has in quota.owners) and quota.exceeded_by(need.of(quota)):
            raise QuotaExceeded(
                f"{shortage(quota, need)} Nothing was created.",
                remedy="Release unused ones, or request a higher quota: "
                f"{quota.kind.url(quota.region)}",
            )


def shortage(quota: Quota, need: Need) -> str:
    """How much is used and needed, whether or not that is too much."""
    pending = f" ({quota.under_way} pending)" if quota.under_way else ""
    return f"{quota} in use{pending}, {need.of(quota)} more needed."


def _is_being_allocated(
    address: Address, networks: dict[str, Network], reading: Reading, quota: Quota
) -> bool:
    """Whether AWS's figure does not cover it, but soon would."""
    if address.id in quota.owners or address.allocation_id in reading.allocations:
        return False
    if address.allocation_id:
        return address.status in ALLOCATED
    network = networks.get(address.network_id or "")
    return network is None or network.status not in WITHOUT_PARTS


def _made(network: Network) -> list[str]:
    """The zones that have a NAT gateway before a pending change."""
    return network.planned_zones[: network.nat_gateways]


def _addresses(session: Session, site: Site) -> list[Address]:
    mine = select(Address).where(site.holds(Address))
    return list(session.exec(mine.execution_options(populate_existing=True)).all())


def _networks(session: Session, site: Site) -> list[Network]:
    mine = select(Network).where(site.holds(Network))
    return list(session.exec(mine.execution_options(populate_existing=True)).all())
