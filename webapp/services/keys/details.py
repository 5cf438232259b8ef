"""Keys as pages and the API show them: a row with all that belongs to it."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from sqlmodel import Session, col, select

from webapp.aws.secrets import CURRENT, PREVIOUS
from webapp.db import lock
from webapp.errors import NotFound
from webapp.lists import keyset
from webapp.lists.keyset import START, Order, Page, Place
from webapp.models import Function, Key, KeyVersion, Network, Status
from webapp.models.function import in_networks, with_keys
from webapp.partners import KeyKind, coverage, kind_of
from webapp.services.keys import uses
from webapp.services.keys.matching import (
    Match,
    addresses_of,
    cidrs_of,
    ips,
    match_each,
    names_addresses,
    networks_of,
    versions_of,
)

SAME_MAX = 1000
"""So many names of keys with the same secrets are read for a page."""


@dataclass(frozen=True)
class KeyDetail:
    """`functions` use the key, or are being given it: the first by name. `matches`: with a page of
    the networks of its account that stay; empty in a list. `needed`: all addresses that its
    functions call from. `same_secret`: the names of the other keys with the
    same fingerprint.
    """

    key: Key
    versions: list[KeyVersion]
    functions: uses.Users
    needed: list[str]
    same_secret: list[str]
    matches: Page[Match] = field(default_factory=Page)

    @property
    def kind(self) -> KeyKind:
        return kind_of(self.key.partner, self.key.sent_by)

    @property
    def names_addresses(self) -> bool:
        return names_addresses(self.key)

    def is_one_of(self, kinds: Collection[str]) -> bool:
        """Whether a template of these kinds can send it; without any, it can send all."""
        return not kinds or self.kind.name in kinds

    @property
    def previous(self) -> KeyVersion | None:
        """What can be made current again."""
        return next((version for version in self.versions if version.stage == PREVIOUS), None)

    @property
    def has_current(self) -> bool:
        """False when the current version was stored outside Egret."""
        return any(version.stage == CURRENT for version in self.versions)


@dataclass(frozen=True)
class Loss:
    """The addresses from which a function calls, and which its key would not allow any more."""

    function: Function
    network: Network
    addresses: list[str]


def get(session: Session, name: str) -> Key:
    key = session.exec(select(Key).where(Key.name == name)).first()
    if key is None:
        raise NotFound(f"There is no key named {name}.", remedy="It may have been deleted.")
    return key


def detail(session: Session, name: str, place: Place = START) -> KeyDetail:
    """With how it matches a page of the networks of its account that stay, by name."""
    key = get(session, name)
    (found,) = details_of(session, [key])
    page = _staying(session, key, place)
    return replace(found, matches=page.of(match_each(session, [key], page.rows)[key.id]))


def functions_with(session: Session, key: Key) -> list[Function]:
    """The first of them by name."""
    return uses.rows_of(session, uses.with_keys(session, [key.id])[key.id])


@contextmanager
def claims_held(session: Session, key_id: str) -> Iterator[Key]:
    """Until the session commits, nobody else makes a version of the key pending, or uses the key.

    Nothing may be uncommitted. Raises NotFound if the key was just deleted.
    """
    session.commit()
    try:
        lock(session, f"claims of the key {key_id}")
        session.expire_all()
        key = session.get(Key, key_id)
        if key is None:
            raise NotFound("There is no such key.", remedy="It was just deleted.")
        yield key
    except BaseException:
        session.rollback()
        raise


def needed(session: Session, key: Key) -> list[str]:
    """All addresses that the functions which use the key call from."""
    networks = networks_of(session, uses.networks_of_keys(session, [key.id])[key.id])
    return ips(addresses_of(session, networks), networks)


def losses(session: Session, key: Key, cidrs: Sequence[str]) -> list[Loss]:
    """What the first functions lose when the key allows `cidrs` instead of what it says it allows
    now."""
    networks = networks_of(session, uses.networks_of_keys(session, [key.id])[key.id])
    used = addresses_of(session, networks)
    lost = {}
    for network in networks:
        now = coverage(cidrs_of(key), ips(used, [network])).allowed
        if missing := coverage(cidrs, now).missing:
            lost[network.id] = network, list(missing)
    losing = select(Function).where(with_keys([key.id]), in_networks(lost))
    losing = losing.where(Function.status != Status.DELETING).order_by(col(Function.name))
    return [
        Loss(function, *lost[id])
        for function in (session.exec(losing.limit(uses.NAMED_MAX)) if lost else ())
        for id in sorted(function.network_ids & {*lost})
    ]


def details_of(session: Session, keys: Sequence[Key]) -> list[KeyDetail]:
    """Without matches. Takes as many queries as for one key."""
    ids = [key.id for key in keys]
    functions, versions = uses.with_keys(session, ids), versions_of(session, keys)
    same = names_by_fingerprint(session, [key.fingerprint for key in keys])
    places = uses.networks_of_keys(session, ids)
    networks = networks_of(session, {id for found in places.values() for id in found})
    used = addresses_of(session, networks)
    return [
        KeyDetail(
            key=key,
            versions=versions[key.id],
            functions=functions[key.id],
            needed=ips(used, (network for network in networks if network.id in places[key.id])),
            same_secret=[name for name in same[key.fingerprint] if name != key.name],
        )
        for key in keys
    ]


def names_by_fingerprint(
    session: Session, fingerprints: Collection[str]
) -> defaultdict[str, list[str]]:
    """The first names of the keys with each of them."""
    found = defaultdict(list)
    columns = select(Key.fingerprint, Key.name).where(col(Key.fingerprint).in_(fingerprints))
    for fingerprint, name in session.exec(columns.order_by(Key.name).limit(SAME_MAX)):
        found[fingerprint].append(name)
    return found


def _staying(session: Session, key: Key, place: Place) -> Page[Network]:
    """A page of the networks of its account, without those that are being deleted."""
    mine = select(Network).where(
        Network.account_id == key.account_id,
        Network.status != Status.DELETING,
        col(Network.unwanted).is_(False),
    )
    return keyset.page(session, mine, Order(col(Network.name)), place)
