"""What lists show of networks, read as columns: a list needs a third of a row, and no object that
could be changed."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, case, func, select, tuple_
from sqlmodel import Session, col

from webapp.models import Account, Address, AddressStatus, Nat, Network, Proof, Status
from webapp.models.network import NetworkFacts
from webapp.services.inspection import health
from webapp.services.inspection.health import Health

IDS: BindParameter[Any] = bindparam("ids", expanding=True)
"""Statements are made once, and executed with ids: making one takes as long as executing it."""
COLUMNS = (
    "id",
    "name",
    "status",
    "reason",
    "unwanted",
    "availability_zones",
    "nat",
    "change",
    "outputs",
    "region",
    "updated_at",
)


@dataclass(frozen=True)
class NetworkRow(NetworkFacts):
    """Some columns of a network, and the name of its account, if it is not the own one."""

    id: str
    name: str
    status: Status
    reason: str
    unwanted: bool
    availability_zones: int
    nat: Nat
    change: dict[str, Any]
    outputs: dict[str, str]
    region: str
    updated_at: datetime
    account: str | None

    @property
    def where(self) -> str:
        """As `InAccount.where`."""
        return f"{self.region} ({self.account})" if self.account else self.region


@dataclass(frozen=True)
class AddressRow:
    network_id: str
    status: AddressStatus
    public_ip: str | None

    @property
    def own_ip(self) -> str:
        """As `Address.own_ip`."""
        return (self.status is not AddressStatus.LOST and self.public_ip) or ""


@dataclass(frozen=True)
class ListedNetwork:
    """`zones` counts those that were proven, `broken` those whose newest proof is not good."""

    network: NetworkRow
    addresses: list[AddressRow]
    zones: int = 0
    broken: int = 0

    @cached_property
    def health(self) -> Health:
        statuses = [address.status for address in self.addresses]
        return health.judged(self.network, statuses, self.broken, self.zones)


@cache
def rows_query() -> Select[Any]:
    """Selects what a `NetworkRow` has, in that order."""
    columns = [getattr(Network, name) for name in COLUMNS]
    query: Select[Any] = select(*columns, col(Account.name)).select_from(Network)
    return query.outerjoin(Account, col(Account.id) == col(Network.account_id))


@cache
def _by_id() -> Select[Any]:
    return rows_query().where(col(Network.id).in_(IDS))


def listed(session: Session, rows: Iterable[Any]) -> list[ListedNetwork]:
    """What `rows_query` has found, with addresses and what was proven."""
    networks = [NetworkRow(*row) for row in rows]
    ids = [network.id for network in networks]
    used, proven = _addresses(session, ids), _proven(session, ids)
    return [
        ListedNetwork(network, used[network.id], *proven.get(network.id, (0, 0)))
        for network in networks
    ]


def by_id(session: Session, ids: Iterable[str]) -> dict[str, ListedNetwork]:
    """The networks with those ids."""
    wanted = [*{*ids}]
    found = session.connection().execute(_by_id(), {"ids": wanted}) if wanted else ()
    return {each.network.id: each for each in listed(session, found)}


def _addresses(session: Session, ids: Sequence[str]) -> defaultdict[str, list[AddressRow]]:
    found = defaultdict(list)
    for row in session.connection().execute(_of_networks(), {"ids": ids}) if ids else ():
        found[row[0]].append(AddressRow(*row))
    return found


def _proven(session: Session, ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """How many zones of each were proven, and how many of these are broken."""
    found = session.connection().execute(_newest_proofs(), {"ids": ids}) if ids else ()
    return {row[0]: (row[1], row[2]) for row in found}


@cache
def _of_networks() -> Select[Any]:
    columns: list[Any] = [col(Address.network_id), col(Address.status), col(Address.public_ip)]
    return select(*columns).where(columns[0].in_(IDS)).order_by(col(Address.position))


@cache
def _newest_proofs() -> Select[Any]:
    zone: list[Any] = [col(Proof.network_id), col(Proof.availability_zone)]
    newest = select(*zone, func.max(Proof.at)).where(zone[0].in_(IDS)).group_by(*zone)
    bad = case((col(Proof.seen_ip) == col(Proof.expected_ip), 0), else_=1)
    columns: list[Any] = [zone[0], func.count(), func.sum(bad)]
    return select(*columns).where(tuple_(*zone, col(Proof.at)).in_(newest)).group_by(zone[0])
