"""Pages of keys, in the order of their names, with the networks that each matches."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from webapp.database.columns import When, among, as_json, as_text, as_time, collected, lines
from webapp.lists import keyset
from webapp.lists.counts import Count
from webapp.lists.keyset import START, Order, Page, Place
from webapp.lists.listing import Filter, Listing, beginning, beginnings
from webapp.models import Account, Address, Key, KeyRange, KeyVersion, Network, Status
from webapp.models.address import AddressStatus
from webapp.models.key import PENDING
from webapp.partners import coverage, partner
from webapp.services.keys.details import KeyDetail, details_of

BY_NAME = Order(col(Key.name))
RANGES_MAX = 20
"""So many ranges of a key are searched for networks that it matches, and …"""
NETWORKS_MAX = 10
"""… so many networks of each. A page names no more of them either."""
SAME_MAX = 100
"""So many keys with the same secret are read for each."""


@dataclass(frozen=True)
class Wanted:
    """Those whose names begin with `q`, of that status, in the account with that id (None is the
    own one); empty is any."""

    q: str = ""
    status: Status | None = None
    account: tuple[str | None, ...] = ()

    def values(self) -> dict[str, Any]:
        """Of the filters that are set."""
        found: dict[str, Any] = beginning("name", self.q.lower())
        found |= {"status": self.status} if self.status else {}
        for account_id in self.account:
            found |= {"account": account_id} if account_id else {"own": True}
        return found


EVERY = Wanted()


class _Columns(NamedTuple):
    """`same` has a line for each other key with that fingerprint, `near` one for each network with
    an address in one of its ranges, `pending` one with the claims of each pending version."""

    id: str
    name: str
    status: str
    partner: str
    fingerprint: str
    claims: str
    created_at: When
    account: str | None
    uploaded: When | None
    same: str | None
    near: str | None
    pending: str | None


ACCOUNT = _Columns._fields.index("account")


class ListedKey(_Columns):
    """A row of `_rows_query`, and all that it says."""

    @property
    def names_addresses(self) -> bool:
        return partner(self.partner).keys_name_addresses

    @cached_property
    def cidrs(self) -> list[str]:
        """What it allows, as far as it says so."""
        cidrs: list[str] = as_json(self.claims).get("cidrs", [])
        return cidrs

    @property
    def uploaded_at(self) -> datetime:
        return as_time(self.uploaded or self.created_at)

    @property
    def same_secret(self) -> list[str]:
        """The other keys with the same fingerprint."""
        return [name for (name,) in lines(self.same)]

    @cached_property
    def matching(self) -> list[str]:
        """Names of networks of which it allows every address, NETWORKS_MAX at most."""
        pending = [as_json(claims).get("cidrs", []) for (claims,) in lines(self.pending)]
        found = set()
        for name, ips in lines(self.near):
            own = allowed = tuple(filter(None, ips.split(",")))
            for cidrs in (self.cidrs, *pending):
                allowed = coverage(cidrs, allowed).allowed
            found |= {name} if own and allowed == own else set()
        return sorted(found)[:NETWORKS_MAX]

    @property
    def may_match_more(self) -> bool:
        return len(self.matching) == NETWORKS_MAX


def page(session: Session, wanted: Wanted = EVERY, place: Place = START) -> Page[ListedKey]:
    """With what a list shows, by one statement."""
    return LISTING.page(session, BY_NAME, wanted.values(), place)


def details_page(session: Session, wanted: Wanted = EVERY, place: Place = START) -> Page[KeyDetail]:
    """The same with all that belongs to them, but how they match."""
    query = select(Key).where(*LISTING.conditions(wanted.values()))
    found = keyset.page(session, query, BY_NAME, place)
    return found.of(details_of(session, found.rows))


def count_of(session: Session, wanted: Wanted = EVERY) -> Count:
    return LISTING.count(session, col(Key.name), wanted.values())


@cache
def _rows_query() -> Select[Any]:
    own = [getattr(Key, name) for name in _Columns._fields[:ACCOUNT]]
    own[own.index(Key.claims)] = as_text(col(Key.claims))
    belonging = _uploaded(), _same(), _near(), _pending()
    query: Select[Any] = select(*own, col(Account.name), *belonging).select_from(Key)
    return query.outerjoin(Account, col(Account.id) == col(Key.account_id))


def _uploaded() -> Any:
    """When its newest version was."""
    newest = select(func.max(KeyVersion.created_at)).where(col(KeyVersion.key_id) == col(Key.id))
    return newest.correlate(Key).scalar_subquery()


def _same() -> Any:
    one, other = aliased(Key), aliased(Key)
    some = (
        select(col(one.id))
        .where(col(one.fingerprint) == col(Key.fingerprint), col(one.id) != col(Key.id))
        .limit(SAME_MAX)
        .correlate(Key)
        .scalar_subquery()
    )
    named = select(collected(col(other.name))).where(among(other.id, some))
    return named.correlate(Key).scalar_subquery()


def _pending() -> Any:
    claims = select(collected(as_text(col(KeyVersion.claims)))).where(
        col(KeyVersion.key_id) == col(Key.id), col(KeyVersion.stage) == PENDING
    )
    return claims.correlate(Key).scalar_subquery()


def _near() -> Any:
    one: Any = aliased(KeyRange)
    there: Any = aliased(Address)
    first_ranges = (
        select(col(one.id))
        .where(one.key_id == Key.id)
        .order_by(one.id)
        .limit(RANGES_MAX)
        .correlate(Key)
        .scalar_subquery()
    )
    first_addresses = (
        select(col(there.id))
        .where(
            col(there.ip_number).between(KeyRange.first, KeyRange.last),
            col(there.network_id).is_not(None),
        )
        .order_by(col(there.ip_number))
        .limit(NETWORKS_MAX)
        .correlate(KeyRange)
        .scalar_subquery()
    )
    networks = (
        select(collected(col(Network.name), _ips_of_network()))
        .join_from(KeyRange, Address, among(Address.id, first_addresses))
        .join(Network, col(Network.id) == col(Address.network_id))
        .where(
            among(KeyRange.id, first_ranges),
            col(Network.status) != Status.DELETING,
            col(Network.unwanted).is_(False),
            func.coalesce(Network.account_id, "") == func.coalesce(Key.account_id, ""),
        )
    )
    return networks.correlate(Key).scalar_subquery()


def _ips_of_network() -> Any:
    """The addresses that it calls from, with commas between them."""
    its: Any = aliased(Address)
    own = select(func.aggregate_strings(its.public_ip, ",")).where(
        its.network_id == col(Network.id),
        its.status != AddressStatus.LOST,
        its.public_ip.is_not(None),
    )
    return own.correlate(Network).scalar_subquery()


def addresses_of(session: Session, ids: set[str]) -> defaultdict[str, list[str]]:
    """The addresses that the networks call from, by the network's id."""
    found = defaultdict(list)
    query = select(col(Address.network_id), col(Address.public_ip)).where(
        col(Address.network_id).in_(ids),
        col(Address.status) != AddressStatus.LOST,
        col(Address.public_ip).is_not(None),
    )
    for network_id, ip in session.execute(query.order_by(col(Address.position))) if ids else ():
        found[network_id].append(ip)
    return found


def pending_of(session: Session, ids: Sequence[str]) -> defaultdict[str, list[list[str]]]:
    """What the pending versions of the keys allow, by the key's id."""
    found = defaultdict(list)
    query = select(col(KeyVersion.key_id), col(KeyVersion.claims)).where(
        col(KeyVersion.key_id).in_(ids), col(KeyVersion.stage) == PENDING
    )
    for key_id, claims in session.execute(query) if ids else ():
        found[key_id].append(claims.get("cidrs", []))
    return found


FILTERS: dict[str, Filter] = {
    **beginnings("name", col(Key.name)),
    "status": lambda status: col(Key.status) == status,
    "account": lambda id: col(Key.account_id) == id,
    "own": lambda _: col(Key.account_id).is_(None),
}
LISTING = Listing(_rows_query, FILTERS, ListedKey._make)
