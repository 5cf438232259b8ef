"""Keys as pages and the API show them: a row with all that belongs to it, and what it must allow.

The addresses of a key cannot be edited, so a network whose addresses it lacks needs another one.
Functions of other networks may use the key too: what is advised allows their addresses as well.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlmodel import Session, col, select

from webapp.aws.secrets import CURRENT, PREVIOUS
from webapp.db import lock
from webapp.errors import NotFound
from webapp.models import Address, Function, Key, KeyVersion, Network, Status
from webapp.models.function import with_keys
from webapp.models.key import PENDING
from webapp.partners import KeyKind, coverage, kind_of, partner
from webapp.services.addresses import pool

Used = dict[str, list[Address]]


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


@dataclass(frozen=True)
class KeyDetail:
    """`matches`: with the networks of its account that stay. `needed`: all addresses that its
    functions call from. `same_secret`: the names of the other keys with the same fingerprint.
    """

    key: Key
    versions: list[KeyVersion]
    matches: list[Match]
    functions: list[Function]
    needed: list[str]
    same_secret: list[str]

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


def list_all(session: Session) -> list[KeyDetail]:
    """By name. Takes as many queries as for one key."""
    return _details(session, _by_name(session))


def get(session: Session, name: str) -> Key:
    key = session.exec(select(Key).where(Key.name == name)).first()
    if key is None:
        raise NotFound(f"There is no key named {name}.", remedy="It may have been deleted.")
    return key


def detail(session: Session, name: str) -> KeyDetail:
    (found,) = _details(session, [get(session, name)])
    return found


def functions_with(session: Session, key: Key) -> list[Function]:
    return list(session.exec(select(Function).where(with_keys([key.id]))))


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


def match(session: Session, key: Key, network: Network) -> Match:
    """Compare the addresses that the key allows with those that the network calls from."""
    (found,) = _matches(session, [key], [network])[key.id]
    return found


def match_all(session: Session, network: Network) -> list[Match]:
    """How every key of its account matches the network."""
    keys = [key for key in _by_name(session) if key.account_id == network.account_id]
    found = _matches(session, keys, [network])
    return [match for key in keys for match in found[key.id]]


def needed(session: Session, key: Key) -> list[str]:
    """All addresses that the functions which use the key call from."""
    used = pool.by_network(session)
    return _ips(used, _needing(_networks(session), functions_with(session, key)))


def names_addresses(key: Key) -> bool:
    """Whether the key says which addresses it allows."""
    return partner(key.partner).keys_name_addresses


def losses(session: Session, key: Key, cidrs: Sequence[str]) -> list[Loss]:
    """What functions lose when the key allows `cidrs` instead of what it says it allows now."""
    used, networks = pool.by_network(session), {n.id: n for n in _networks(session)}
    found = []
    for function in functions_with(session, key):
        staying = function.status is not Status.DELETING
        for network in [networks[id] for id in sorted(function.network_ids) if staying]:
            now = coverage(_cidrs(key), _ips(used, [network])).allowed
            lost = coverage(cidrs, now).missing
            if lost:
                found.append(Loss(function, network, list(lost)))
    return found


def _matches(
    session: Session, keys: Sequence[Key], networks: Sequence[Network]
) -> dict[str, list[Match]]:
    """Of each key, by its id, with each of the networks."""
    used, every, functions = pool.by_network(session), _networks(session), _functions(session, keys)
    versions = _versions(session, keys)
    return {
        key.id: _match_each(
            key, versions[key.id], networks, used, _needing(every, functions[key.id])
        )
        for key in keys
    }


def _match_each(
    key: Key,
    versions: Sequence[KeyVersion],
    networks: Iterable[Network],
    used: Used,
    needing: Sequence[Network],
) -> list[Match]:
    pending = [version.claims.get("cidrs", []) for version in versions if version.stage == PENDING]
    matches = []
    for network in networks:
        ips = allowed = tuple(_ips(used, [network]))
        for cidrs in (_cidrs(key), *pending):
            allowed = coverage(cidrs, allowed).allowed
        others = [n for n in needing if n.id != network.id and _ips(used, [n])]
        paste = "\n".join(_ips(used, [network, *others])) if ips and not network.leaving else ""
        missing = [ip for ip in ips if ip not in allowed] if names_addresses(key) else []
        names = [other.name for other in others]
        matches.append(Match(key, network, list(allowed), missing, paste, names))
    return matches


def _details(session: Session, keys: Sequence[Key]) -> list[KeyDetail]:
    used, networks, functions = (
        pool.by_network(session),
        _networks(session),
        _functions(session, keys),
    )
    versions, same = _versions(session, keys), _names_by_fingerprint(session)
    details = []
    for key in keys:
        needing = _needing(networks, functions[key.id])
        staying = [n for n in networks if n.account_id == key.account_id and not n.leaving]
        details.append(
            KeyDetail(
                key=key,
                versions=versions[key.id],
                matches=_match_each(key, versions[key.id], staying, used, needing),
                functions=functions[key.id],
                needed=_ips(used, needing),
                same_secret=[name for name in same[key.fingerprint] if name != key.name],
            )
        )
    return details


def _versions(session: Session, keys: Sequence[Key]) -> dict[str, list[KeyVersion]]:
    """By the id of their key, newest first."""
    found = defaultdict(list)
    of_these = col(KeyVersion.key_id).in_([key.id for key in keys])
    newest_first = select(KeyVersion).order_by(col(KeyVersion.created_at).desc())
    for version in session.exec(newest_first.where(of_these)):
        found[version.key_id].append(version)
    return found


def _names_by_fingerprint(session: Session) -> dict[str, list[str]]:
    found = defaultdict(list)
    for fingerprint, name in session.exec(select(Key.fingerprint, Key.name).order_by(Key.name)):
        found[fingerprint].append(name)
    return found


def _by_name(session: Session) -> Sequence[Key]:
    return session.exec(select(Key).order_by(col(Key.name))).all()


def _networks(session: Session) -> Sequence[Network]:
    return session.exec(select(Network).order_by(col(Network.name))).all()


def _functions(session: Session, keys: Sequence[Key]) -> dict[str, list[Function]]:
    """By the id of their key."""
    found = defaultdict(list)
    of_these = with_keys(key.id for key in keys)
    for function in session.exec(select(Function).where(of_these).order_by(col(Function.name))):
        for key_id in function.key_ids:
            found[key_id].append(function)
    return found


def _needing(networks: Iterable[Network], functions: Iterable[Function]) -> list[Network]:
    """Those of the networks that the functions are in; functions being deleted need nothing."""
    staying = (each for each in functions if each.status is not Status.DELETING)
    ids = {network_id for each in staying for network_id in each.network_ids}
    return [network for network in networks if network.id in ids]


def _ips(used: Used, networks: Iterable[Network]) -> list[str]:
    return [each.own_ip for n in networks for each in used.get(n.id, []) if each.own_ip]


def _cidrs(key: Key) -> list[str]:
    cidrs: list[str] = key.claims.get("cidrs", [])
    return cidrs
