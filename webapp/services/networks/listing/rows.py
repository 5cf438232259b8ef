"""What lists show of networks: columns as the database gives them, and what they say."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from typing import Any, NamedTuple

from sqlalchemy import JSON, Select, case, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from webapp.database.columns import When, as_json, as_text, as_time, collected, lines
from webapp.models import Account, Address, AddressStatus, Nat, Network, Proof, Status
from webapp.models.network import NetworkFacts
from webapp.services.inspection import health
from webapp.services.inspection.health import Health

IS_BROKEN = case((col(Proof.seen_ip) == col(Proof.expected_ip), 0), else_=1)


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
    status: AddressStatus
    public_ip: str

    @property
    def own_ip(self) -> str:
        """As `Address.own_ip`."""
        return "" if self.status is AddressStatus.LOST else self.public_ip


class _Columns(NamedTuple):
    """`used` has a line for each address, `proven` one for the newest proof of each zone."""

    id: str
    name: str
    status: str
    reason: str
    unwanted: bool
    availability_zones: int
    nat: str
    change: str
    outputs: str
    region: str
    updated_at: When
    account: str | None
    used: str | None
    proven: str | None


ACCOUNT = _Columns._fields.index("account")


class ListedNetwork(_Columns):
    """A row of `selected`, and all that it says."""

    @cached_property
    def network(self) -> NetworkRow:
        return NetworkRow(
            self.id,
            self.name,
            Status(self.status),
            self.reason,
            bool(self.unwanted),
            self.availability_zones,
            Nat(self.nat),
            as_json(self.change),
            as_json(self.outputs),
            self.region,
            as_time(self.updated_at),
            self.account,
        )

    @cached_property
    def addresses(self) -> list[AddressRow]:
        """In the order of its zones."""
        found = lines(self.used)
        return [AddressRow(AddressStatus(status), ip) for _position, status, ip in found]

    @cached_property
    def health(self) -> Health:
        statuses = [address.status for address in self.addresses]
        zones = [broken for (broken,) in lines(self.proven)]
        return health.judged(self.network, statuses, zones.count("1"), len(zones))


def selected() -> list[Any]:
    """The columns of a `ListedNetwork`, in that order; with the table `account` joined."""
    own = [getattr(Network, name) for name in _Columns._fields[:ACCOUNT]]
    own = [as_text(column) if isinstance(column.type, JSON) else column for column in own]
    return [*own, col(Account.name).label("account"), _used(), _proven()]


@cache
def rows_query() -> Select[Any]:
    query: Select[Any] = select(*selected()).select_from(Network)
    return query.outerjoin(Account, col(Account.id) == col(Network.account_id))


def _used() -> Any:
    values = col(Address.position), col(Address.status), col(Address.public_ip)
    mine = select(collected(*values)).where(col(Address.network_id) == col(Network.id))
    return mine.correlate(Network).scalar_subquery().label("used")


def _proven() -> Any:
    newer: Any = aliased(Proof)
    is_old = select(newer.id).where(
        newer.network_id == col(Proof.network_id),
        newer.availability_zone == col(Proof.availability_zone),
        newer.at > col(Proof.at),
    )
    mine = select(collected(IS_BROKEN)).where(
        col(Proof.network_id) == col(Network.id), ~is_old.correlate(Proof).exists()
    )
    return mine.correlate(Network).scalar_subquery().label("proven")
