"""Pages of keys, in the order of their names, with the networks that each matches."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from webapp.lists import counts, keyset
from webapp.lists.counts import Count
from webapp.lists.keyset import START, Order, Page, Place
from webapp.models import Account, Address, Key, KeyRange, KeyVersion, Network, Status
from webapp.models.address import AddressStatus
from webapp.models.key import PENDING
from webapp.partners import coverage, partner
from webapp.services.keys.details import KeyDetail, details_of, names_by_fingerprint

BY_NAME = Order(col(Key.name))
RANGES_MAX = 20
"""So many ranges of a key are searched for networks that it matches, and …"""
NETWORKS_MAX = 10
"""… so many networks of each. A page names no more of them either."""


@dataclass(frozen=True)
class Wanted:
    """Those whose names begin with `q`, of that status, in the account with that id (None is the
    own one); empty is any."""

    q: str = ""
    status: Status | None = None
    account: tuple[str | None, ...] = ()

    def conditions(self) -> list[ColumnElement[bool]]:
        found = keyset.begins(col(Key.name), self.q.lower())
        found += [col(Key.status) == self.status] if self.status else []
        return found + [col(Key.account_id) == each for each in self.account]


EVERY = Wanted()


@dataclass(frozen=True)
class KeyRow:
    """Some columns of a key, and the name of its account, if it is not the own one."""

    id: str
    name: str
    status: Status
    partner: str
    fingerprint: str
    claims: dict[str, Any]
    created_at: datetime
    account_id: str | None
    account: str | None


@dataclass(frozen=True)
class ListedKey:
    """`matching`: names of networks of which it allows every address, NETWORKS_MAX at most.
    `same_secret`: the other keys with the same fingerprint."""

    key: KeyRow
    uploaded_at: datetime
    same_secret: list[str]
    matching: list[str] = field(default_factory=list)

    @property
    def names_addresses(self) -> bool:
        return partner(self.key.partner).keys_name_addresses


def page(session: Session, wanted: Wanted = EVERY, place: Place = START) -> Page[ListedKey]:
    """With what a list shows. Takes as many statements for one key as for many."""
    found = keyset.page(session, _rows_query().where(*wanted.conditions()), BY_NAME, place)
    keys = [KeyRow(*row) for row in found.rows]
    ids = [key.id for key in keys]
    uploaded = _uploaded(session, ids)
    same = names_by_fingerprint(session, {key.fingerprint for key in keys})
    matching = _matching(session, keys)
    return found.of(
        [
            ListedKey(
                key,
                uploaded.get(key.id, key.created_at),
                [name for name in same[key.fingerprint] if name != key.name],
                sorted(matching[key.id])[:NETWORKS_MAX],
            )
            for key in keys
        ]
    )


def details_page(session: Session, wanted: Wanted = EVERY, place: Place = START) -> Page[KeyDetail]:
    """The same with all that belongs to them, but how they match."""
    query = select(Key).where(*wanted.conditions())
    found = keyset.page(session, query, BY_NAME, place)
    return found.of(details_of(session, found.rows))


def count_of(session: Session, wanted: Wanted = EVERY) -> Count:
    return counts.count(session, col(Key.name), *wanted.conditions())


def _rows_query() -> Select[Any]:
    columns = (
        "id",
        "name",
        "status",
        "partner",
        "fingerprint",
        "claims",
        "created_at",
        "account_id",
    )
    query: Select[Any] = select(*(getattr(Key, name) for name in columns), col(Account.name))
    return query.select_from(Key).outerjoin(Account, col(Account.id) == col(Key.account_id))


def _uploaded(session: Session, ids: Sequence[str]) -> dict[str, datetime]:
    """When the newest version of each was uploaded."""
    of = col(KeyVersion.key_id)
    newest = select(of, func.max(KeyVersion.created_at)).where(of.in_(ids)).group_by(of)
    return {row[0]: row[1] for row in (session.execute(newest) if ids else ())}


def _matching(session: Session, keys: Sequence[KeyRow]) -> defaultdict[str, list[str]]:
    """By the key's id, the names of networks of which it allows every address."""
    candidates = _candidates(session, [key.id for key in keys])
    networks = {network_id for ids in candidates.values() for network_id in ids}
    staying, used = _staying(session, networks), addresses_of(session, networks)
    found: defaultdict[str, list[str]] = defaultdict(list)
    pending = pending_of(session, [*candidates])
    for key in keys:
        for network_id in candidates.get(key.id, ()):
            allowed = own = tuple(used.get(network_id, ()))
            for cidrs in (key.claims.get("cidrs", []), *pending[key.id]):
                allowed = coverage(cidrs, allowed).allowed
            name, account_id = staying.get(network_id, ("", None))
            if name and account_id == key.account_id and own and allowed == own:
                found[key.id].append(name)
    return found


def _candidates(session: Session, ids: Sequence[str]) -> dict[str, set[str]]:
    """By the key's id: networks with an address in one of its ranges."""
    found: dict[str, set[str]] = {}
    for key_id, network_id in session.connection().execute(_near(), {"ids": ids}) if ids else ():
        found.setdefault(key_id, set()).add(network_id)
    return found


@cache
def _near() -> Select[Any]:
    one: Any = aliased(KeyRange)
    there: Any = aliased(Address)
    first_ranges = (
        select(col(one.id))
        .where(one.key_id == Key.id)
        .order_by(one.id)
        .limit(RANGES_MAX)
        .correlate(Key)
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
    )
    columns: list[Any] = [col(Key.id), col(Address.network_id)]
    return (
        select(*columns)
        .join_from(Key, KeyRange, col(KeyRange.id).in_(first_ranges))
        .join(Address, col(Address.id).in_(first_addresses))
        .where(col(Key.id).in_(bindparam("ids", expanding=True)))
    )


def _staying(session: Session, ids: set[str]) -> dict[str, tuple[str, str | None]]:
    """The names and accounts of those of the networks that are not being deleted, by id."""
    query = select(col(Network.id), col(Network.name), col(Network.account_id)).where(
        col(Network.id).in_(ids),
        col(Network.status) != Status.DELETING,
        col(Network.unwanted).is_(False),
    )
    return {row[0]: (row[1], row[2]) for row in (session.execute(query) if ids else ())}


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
