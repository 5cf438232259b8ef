"""Does a key match a network: does it allow all addresses that the network calls from?

The addresses of a key cannot be edited, so a network whose addresses it lacks needs another one.
Functions of other networks may use the key too: what is advised allows their addresses as well.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from webapp.database.queries import Query
from webapp.lists.keyset import Offer
from webapp.models import Address, Key, KeyVersion, Network
from webapp.models.key import PENDING
from webapp.models.reading import Reading
from webapp.partners import coverage, partner
from webapp.services.addresses import pool
from webapp.services.addresses.allowing import keys_allowing
from webapp.services.keys import uses

Used = Mapping[str, Sequence[Address]]
"""Addresses by the id of their network."""
NOT_KNOWN: Used = MappingProxyType({})
FEW_KEYS = 10
"""So many are compared with a network, whether they concern it or not."""
MATCHED_MAX = 50
"""So many keys are compared with a network, and networks with a key, at a time."""


_IDS: Any = bindparam("ids", expanding=True)
_KEYS = Reading(Key, col(Key.id).in_(_IDS), order_by=col(Key.name))
_NETWORKS = Reading(Network, col(Network.id).in_(_IDS), order_by=col(Network.name))
_ADDRESSES = Reading(Address, col(Address.network_id).in_(_IDS), order_by=col(Address.position))
_VERSIONS = Reading(
    KeyVersion, col(KeyVersion.key_id).in_(_IDS), order_by=col(KeyVersion.created_at).desc()
)


@dataclass(frozen=True)
class Match:
    """Whether a key allows all addresses of a network.

    `paste` is the text for the portal: the network's addresses, and those of the `others`, the
    networks of the functions that use the key. It is empty when no new key should be made: the
    network has no address, or is being deleted. Lost addresses count nowhere. A version that is
    pending may be the current one at any moment: what it does not allow is missing. Of a key that
    does not say which addresses it allows, none is allowed, and none missing: it is `unknown`.
    """

    key: Key
    network: Network
    allowed: list[str]
    missing: list[str]
    paste: str
    others: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return bool(self.allowed) and not self.missing

    @property
    def unknown(self) -> bool:
        """Only a call can tell: the key does not say which addresses it allows."""
        return not names_addresses(self.key)

    @property
    def usable(self) -> bool:
        """Whether nothing speaks against a function with this key in this network."""
        return self.ok or self.unknown

    @property
    def remedy(self) -> str:
        """What to do about a key that is not ok."""
        most = partner(self.key.partner).keys_per_account
        return (
            f"Create a key in the partner's portal that allows: {' '.join(self.paste.split())}, "
            "and upload it as a new version; or create one for this network only, and upload it as "
            f"a separate key. An account has at most {most} keys."
        )


def match(session: Session, key: Key, network: Network) -> Match:
    """Compare the addresses that the key allows with those that the network calls from."""
    (found,) = match_each(session, [key], [network])[key.id]
    return found


def match_keys(session: Session, keys: Sequence[Key], network: Network) -> list[Match]:
    """How each of the keys matches the network."""
    found = match_each(session, keys, [network])
    return [match for key in keys for match in found[key.id]]


def match_all(
    session: Session, network: Network, addresses: Sequence[Address] | None = None
) -> Offer[Match]:
    """How keys of its account match the network, by name: all while there are few, or else those
    that its functions use, or that allow one of its addresses, which may be given."""
    used = pool.read(session, network.id) if addresses is None else addresses
    ids, are_many = _first_of(session, network.account_id)
    if are_many:
        ids = concerned(session, network, used)
    keys = _KEYS.all(session, ids=[*ids])[:MATCHED_MAX] if ids else []
    mine = [key for key in keys if key.account_id == network.account_id]
    found = match_each(session, mine, [network], {network.id: used})
    return Offer([match for key in mine for match in found[key.id]], more=are_many)


def match_each(
    session: Session, keys: Sequence[Key], networks: Sequence[Network], known: Used = NOT_KNOWN
) -> dict[str, list[Match]]:
    """Of each key, by its id, with each of the networks. `known` addresses are not read."""
    versions = versions_of(session, keys)
    needing = uses.networks_of_keys(session, (key.id for key in keys))
    ids = {id for ids in needing.values() for id in ids}
    given = [network for network in networks if network.id in ids]
    others = networks_of(session, ids - {network.id for network in given})
    every = sorted([*given, *others], key=lambda network: network.name)
    unknown = [network for network in [*networks, *others] if network.id not in known]
    used = {**known, **addresses_of(session, unknown)}
    return {
        key.id: _with_each(
            key, versions[key.id], networks, used, [n for n in every if n.id in needing[key.id]]
        )
        for key in keys
    }


def names_addresses(key: Key) -> bool:
    """Whether the key says which addresses it allows."""
    return partner(key.partner).keys_name_addresses


def networks_of(session: Session, ids: Iterable[str]) -> list[Network]:
    """The networks with those ids, by name."""
    wanted = {*ids}
    return _NETWORKS.all(session, ids=[*wanted]) if wanted else []


def addresses_of(session: Session, networks: Iterable[Network]) -> Used:
    """Their addresses, by the network's id."""
    ids, found = [*{network.id for network in networks}], defaultdict(list)
    for address in _ADDRESSES.all(session, ids=ids) if ids else ():
        found[address.network_id or ""].append(address)
    return found


def ips(used: Used, networks: Iterable[Network]) -> list[str]:
    return [each.own_ip for n in networks for each in used.get(n.id, []) if each.own_ip]


def cidrs_of(key: Key) -> list[str]:
    cidrs: list[str] = key.claims.get("cidrs", [])
    return cidrs


def versions_of(session: Session, keys: Sequence[Key]) -> defaultdict[str, list[KeyVersion]]:
    """By the id of their key, newest first."""
    found = defaultdict(list)
    for version in _VERSIONS.all(session, ids=[key.id for key in keys]):
        found[version.key_id].append(version)
    return found


def _with_each(
    key: Key,
    versions: Sequence[KeyVersion],
    networks: Iterable[Network],
    used: Used,
    needing: Sequence[Network],
) -> list[Match]:
    pending = [version.claims.get("cidrs", []) for version in versions if version.stage == PENDING]
    matches = []
    for network in networks:
        own = allowed = tuple(ips(used, [network]))
        for cidrs in (cidrs_of(key), *pending):
            allowed = coverage(cidrs, allowed).allowed
        others = [n for n in needing if n.id != network.id and ips(used, [n])]
        paste = "\n".join(ips(used, [network, *others])) if own and not network.leaving else ""
        missing = [ip for ip in own if ip not in allowed] if names_addresses(key) else []
        names = [other.name for other in others]
        matches.append(Match(key, network, list(allowed), missing, paste, names))
    return matches


def concerned(
    session: Session, network: Network, addresses: Sequence[Address] | None = None
) -> set[str]:
    """The ids of keys that its functions use, or that allow one of its addresses, which may be
    given."""
    addresses = pool.read(session, network.id) if addresses is None else addresses
    found = uses.keys_of_network(session, network.id)
    allowing = keys_allowing(session, [address.id for address in addresses], most=MATCHED_MAX)
    return found | {key.id for keys in allowing.values() for key in keys}


def _first_of(session: Session, account_id: str | None) -> tuple[set[str], bool]:
    """Ids of keys of the account; and whether there are more than FEW_KEYS."""
    values = {"account_id": account_id} if account_id else {}
    found = _some(is_own=not account_id).scalars(session, **values)
    return set(found), len(found) > FEW_KEYS


@cache
def _some(*, is_own: bool) -> Query:
    mine = col(Key.account_id)
    theirs = mine.is_(None) if is_own else mine == bindparam("account_id")
    return Query(select(Key.id).where(theirs).limit(FEW_KEYS + 1))
