"""Addresses as pages and the API show them: a row and what depends on it, a page at a time."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, or_

from webapp.database.columns import Raw, among
from webapp.errors import NotFound
from webapp.lists import keyset
from webapp.lists.counts import Count
from webapp.lists.keyset import START, Order, Page, Place
from webapp.lists.listing import Filter, Listing, beginning, beginnings
from webapp.models import Address, AddressStatus, Function, Network
from webapp.services.addresses.allowing import KeyName, keys_allowing

BY_AGE = Order(col(Address.created_at), col(Address.id), datetime.fromisoformat)
BY_ID = Order(col(Address.id))
BY_IP = Order(col(Address.public_ip), col(Address.id))
BY_NAME = Order(col(Address.name), col(Address.id))
IDS: BindParameter[Any] = bindparam("ids", expanding=True)
FUNCTIONS_MAX = 50
"""So many functions of an address are named."""


@dataclass(frozen=True)
class Wanted:
    """Those that begin with `q`, or whose names do; of that status or region; empty is any."""

    q: str = ""
    status: AddressStatus | None = None
    region: str = ""

    @property
    def order(self) -> Order:
        """By what is searched for; oldest first otherwise."""
        if not self.q.strip():
            return BY_AGE
        return BY_IP if self.q.strip()[0].isdigit() else BY_NAME

    def values(self) -> dict[str, Any]:
        """Of the filters that are set."""
        found: dict[str, Any] = beginning("ip" if self.order is BY_IP else "name", self.q)
        found |= {"status": self.status} if self.status else {}
        return found | ({"region": self.region} if self.region else {})


EVERY = Wanted()
FILTERS: dict[str, Filter] = {
    **beginnings("ip", col(Address.public_ip)),
    **beginnings("name", col(Address.name)),
    "status": lambda status: col(Address.status) == status,
    "region": lambda region: col(Address.region) == region,
}
LISTING: Listing[Raw] = Listing(lambda: select(col(Address.id)), FILTERS, tuple)


@dataclass(frozen=True)
class NetworkName:
    id: str
    name: str


@dataclass(frozen=True)
class FunctionName:
    name: str


@dataclass(frozen=True)
class AddressDetail:
    """`functions` call from the address; `keys` allow it, by itself or within a range: of each, at
    most 50, by name."""

    address: Address
    network: NetworkName | None
    functions: Sequence[FunctionName]
    keys: Sequence[KeyName]


def page(
    session: Session,
    wanted: Wanted = EVERY,
    place: Place = START,
    *,
    order: Order | None = None,
) -> Page[AddressDetail]:
    """Oldest first, or in another order. Takes as many statements for one as for many."""
    query = select(Address).where(*LISTING.conditions(wanted.values()))
    found = keyset.page(session, query, order or wanted.order, place)
    return found.of(_details(session, found.rows))


def place_of(session: Session, address_id: str) -> Place:
    """Where a page begins with that address, in the order of age; the first page has the oldest
    ones anyway."""
    address = session.get(Address, address_id)
    oldest = select(col(Address.id)).order_by(*BY_AGE.columns).limit(START.limit)
    if address is None or address_id in session.execute(oldest).scalars().all():
        return START
    return Place(after=BY_AGE.key(address)[:-1])  # only what begins with it is between the two


def count_of(session: Session, wanted: Wanted = EVERY) -> Count:
    return LISTING.count(session, col(Address.id), wanted.values())


def get(session: Session, address_id: str) -> Address:
    address = session.get(Address, address_id)
    if address is None:
        raise NotFound(f"There is no address with the id {address_id}.")
    return address


def detail(session: Session, address_id: str) -> AddressDetail:
    (found,) = _details(session, [get(session, address_id)])
    return found


def _details(session: Session, rows: Sequence[Address]) -> list[AddressDetail]:
    ids = {row.network_id for row in rows if row.network_id}
    found = session.connection().execute(_networks(), {"ids": [*ids]}) if ids else ()
    networks = {id: NetworkName(id, name) for id, name in found}
    functions = _functions(session, ids)
    keys = keys_allowing(session, [row.id for row in rows if row.public_ip])
    return [
        AddressDetail(
            row,
            networks.get(row.network_id or ""),
            functions[row.network_id or ""],
            keys[row.id],
        )
        for row in rows
    ]


def _functions(session: Session, ids: set[str]) -> defaultdict[str, list[FunctionName]]:
    """The first functions of each network, or that are being moved to it, by the network's id."""
    found: defaultdict[str, list[FunctionName]] = defaultdict(list)
    if ids:
        read = session.connection().execute(_first_of_each(), {"ids": [*ids]})
        rows = {(row[0], row[1]) for row in read}
        for network_id, name in sorted(rows):
            if len(found[network_id]) < FUNCTIONS_MAX:
                found[network_id].append(FunctionName(name))
    return found


@cache
def _networks() -> Select[Any]:
    columns: list[Any] = [Network.id, Network.name]
    return select(*columns).where(col(Network.id).in_(IDS))


@cache
def _first_of_each() -> Select[Any]:
    one, other = aliased(Function), aliased(Function)
    columns: list[Any] = [Network.id, Function.name]
    inside = (
        select(col(one.id))
        .where(col(one.network_id) == col(Network.id))
        .order_by(col(one.name))
        .limit(FUNCTIONS_MAX)
        .correlate(Network)
        .scalar_subquery()
    )
    coming = (
        select(col(other.id))
        .where(col(other.next_network_id) == col(Network.id))
        .order_by(col(other.name))
        .limit(FUNCTIONS_MAX)
        .correlate(Network)
        .scalar_subquery()
    )
    query: Select[Any] = (
        select(*columns)
        .join_from(Network, Function, or_(among(Function.id, inside), among(Function.id, coming)))
        .where(col(Network.id).in_(IDS))
    )
    return query
