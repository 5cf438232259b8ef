"""Keys as pages and the API show them: a row with all that belongs to it, and what it must allow.

The addresses of a key cannot be edited, so a network whose addresses it lacks needs another one.
Functions of other networks may use the key too: what is advised allows their addresses as well.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session, col, select

from webapp.aws.secrets import CURRENT, PREVIOUS
from webapp.errors import NotFound
from webapp.models import Address, Function, Key, KeyVersion, Network, Status
from webapp.partners import coverage
from webapp.services.addresses import pool

Used = dict[str, list[Address]]


@dataclass(frozen=True)
class Match:
    """Whether a key allows all addresses of a network.

    `paste` is the text for the portal: the network's addresses, and those of the `others`, the
    networks of the functions that use the key.
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


@dataclass(frozen=True)
class KeyDetail:
    """`needed`: all addresses that its functions call from. `same_secret`: the names of the other
    keys with the same fingerprint.
    """

    key: Key
    versions: list[KeyVersion]
    matches: list[Match]
    functions: list[Function]
    needed: list[str]
    same_secret: list[str]

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
    return list(session.exec(select(Function).where(Function.key_id == key.id)))


def match(session: Session, key: Key, network: Network) -> Match:
    """Compare the addresses that the key allows with those that the network calls from."""
    (found,) = _matches(session, [key], [network])[key.id]
    return found


def match_all(session: Session, network: Network) -> list[Match]:
    """How every key matches the network."""
    keys = _by_name(session)
    found = _matches(session, keys, [network])
    return [match for key in keys for match in found[key.id]]


def needed(session: Session, key: Key) -> list[str]:
    """All addresses that the functions which use the key call from."""
    used = pool.by_network(session)
    return _ips(used, _needing(_networks(session), functions_with(session, key)))


def losses(session: Session, key: Key, cidrs: Sequence[str]) -> list[Loss]:
    """What functions lose when the key allows `cidrs` instead of what it allows now."""
    used, networks = pool.by_network(session), {n.id: n for n in _networks(session)}
    found = []
    for function in functions_with(session, key):
        if function.status is not Status.DELETING:
            network = networks[function.network_id]
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
    return {
        key.id: [_match(key, n, used, _needing(every, functions[key.id])) for n in networks]
        for key in keys
    }


def _match(key: Key, network: Network, used: Used, needing: Sequence[Network]) -> Match:
    others = [other for other in needing if other.id != network.id and used[other.id]]
    found = coverage(_cidrs(key), _ips(used, [network]))
    paste = "\n".join(_ips(used, [network, *others])) if found.paste else ""
    names = [other.name for other in others]
    return Match(key, network, list(found.allowed), list(found.missing), paste, names)


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
        details.append(
            KeyDetail(
                key=key,
                versions=versions[key.id],
                matches=[_match(key, network, used, needing) for network in networks],
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
    of_these = col(Function.key_id).in_([key.id for key in keys])
    for function in session.exec(select(Function).where(of_these).order_by(col(Function.name))):
        found[function.key_id].append(function)
    return found


def _needing(networks: Iterable[Network], functions: Iterable[Function]) -> list[Network]:
    """Those of the networks that the functions are in; functions being deleted need nothing."""
    ids = {each.network_id for each in functions if each.status is not Status.DELETING}
    return [network for network in networks if network.id in ids]


def _ips(used: Used, networks: Iterable[Network]) -> list[str]:
    return [each.public_ip for n in networks for each in used.get(n.id, []) if each.public_ip]


def _cidrs(key: Key) -> list[str]:
    cidrs: list[str] = key.claims.get("cidrs", [])
    return cidrs
