"""Pages of addresses: each with its network and how that is, its functions, and the keys that allow
it."""

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Select, null, or_, select
from sqlmodel import Session, col

from webapp.database.columns import Raw, When, among, as_time, collected, lines
from webapp.lists.keyset import START, Page, Place
from webapp.lists.listing import Listing
from webapp.models import Account, Address, AddressStatus, Function, Key, KeyRange, Network
from webapp.models.address import monthly_cost_usd
from webapp.services.addresses.allowing import NAMED_MAX, ranges_around, sizes_of_ranges
from webapp.services.addresses.details import EVERY, FILTERS, FUNCTIONS_MAX, Wanted
from webapp.services.networks.listing.rows import ListedNetwork
from webapp.services.networks.listing.rows import selected as network_columns

LISTINGS_KEPT = 64


class Named(NamedTuple):
    name: str


class _Columns(NamedTuple):
    """`calling` has a line for each function that calls from it, `coming` for each one that is
    being moved to its network, `allowing` for each range of a key with it; `in_network` has the
    columns of its network, all empty without one."""

    id: str
    name: str
    status: str
    region: str
    public_ip: str | None
    allocation_id: str | None
    made_at: When
    account: str | None
    calling: str | None
    coming: str | None
    allowing: str | None
    in_network: Raw


OWN = _Columns._fields.index("in_network")


class ListedAddress(_Columns):
    """A row of `_rows_query`, and all that it says."""

    @property
    def created_at(self) -> datetime:
        return as_time(self.made_at)

    @property
    def where(self) -> str:
        """As `InAccount.where`."""
        return f"{self.region} ({self.account})" if self.account else self.region

    @property
    def monthly_cost_usd(self) -> float:
        return monthly_cost_usd(AddressStatus(self.status))

    @cached_property
    def network(self) -> ListedNetwork | None:
        return ListedNetwork._make(self.in_network) if self.in_network[0] else None

    @property
    def is_in_alarm(self) -> bool:
        """Whether it is used by a network that has a problem."""
        in_use = self.status == AddressStatus.IN_USE
        return in_use and self.network is not None and not self.network.health.ok

    @property
    def functions(self) -> Sequence[Named]:
        """Those that call from it, and of those that are being moved to its network."""
        return _names(self.calling, self.coming)[:FUNCTIONS_MAX]

    @property
    def keys(self) -> Sequence[Named]:
        """Those that allow it, by itself or within a range."""
        return _names(self.allowing)[:NAMED_MAX]


def page(session: Session, wanted: Wanted = EVERY, place: Place = START) -> Page[ListedAddress]:
    """Oldest first, or in the order of what is searched for; by two statements."""
    listing = _listing(tuple(sizes_of_ranges(session)))
    return listing.page(session, wanted.order, wanted.values(), place)


@lru_cache(LISTINGS_KEPT)
def _listing(sizes: tuple[int, ...]) -> Listing[ListedAddress]:
    return Listing(lambda: _rows_query(sizes), FILTERS, _read)


def _read(row: Raw) -> ListedAddress:
    return ListedAddress._make((*row[:OWN], row[OWN:]))


def _names(*texts: str | None) -> list[Named]:
    return sorted({Named(name) for text in texts for (name,) in lines(text)})


def _rows_query(sizes: Sequence[int]) -> Select[Any]:
    names = ("id", "name", "status", "region", "public_ip", "allocation_id", "created_at")
    own = [getattr(Address, name) for name in names]
    account: Any = col(Account.name).label("its_account")
    calling = (
        _first(Function.network_id, "calling"),
        _first(Function.next_network_id, "coming"),
    )
    columns = [*own, account, *calling, _allowing(sizes), *network_columns()]
    return (
        select(*columns)
        .select_from(Address)
        .outerjoin(Network, col(Network.id) == col(Address.network_id))
        .outerjoin(Account, col(Account.id) == col(Address.account_id))
    )


def _first(network_id: Any, label: str) -> Any:
    """Names of the first functions with that network."""
    mine = select(col(Function.name)).where(network_id == Address.network_id)
    first = mine.order_by(Function.name).limit(FUNCTIONS_MAX).correlate(Address).subquery()
    return select(collected(first.c.name)).scalar_subquery().label(label)


def _allowing(sizes: Sequence[int]) -> Any:
    if not sizes:
        return null().label("allowing")
    around = [among(KeyRange.id, ranges_around(size, NAMED_MAX)) for size in sizes]
    names = select(collected(col(Key.name)))
    mine = names.join_from(KeyRange, Key, col(Key.id) == col(KeyRange.key_id)).where(or_(*around))
    return mine.correlate(Address).scalar_subquery().label("allowing")
