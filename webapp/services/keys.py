"""Keys: a partner's API keys. A secret goes straight to Secrets Manager and is not kept here."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from webapp.aws import Cloud
from webapp.aws.secrets import CURRENT
from webapp.errors import Conflict, Invalid, NotFound
from webapp.models import Address, Function, Key, KeyVersion, Network
from webapp.partners import DEFAULT_PARTNER, coverage, partner
from webapp.services import audit
from webapp.services.addresses import pool as addresses
from webapp.services.engine import foundation
from webapp.services.names import NOTE_MAX_CHARS, check_name, check_typed, taken
from webapp.settings import Settings

FINGERPRINT_CHARS = 16


@dataclass(frozen=True)
class Match:
    """Whether a key allows all addresses of a network; `paste` is for the partner's portal."""

    key: Key
    network: Network
    allowed: list[str]
    missing: list[str]
    paste: str

    @property
    def ok(self) -> bool:
        return bool(self.allowed) and not self.missing


@dataclass(frozen=True)
class KeyDetail:
    key: Key
    versions: list[KeyVersion]
    matches: list[Match]
    functions: list[Function]


def list_all(session: Session) -> list[KeyDetail]:
    """All of them, by as many queries as for one."""
    return _details(session, _by_name(session))


def get(session: Session, name: str) -> Key:
    key = session.exec(select(Key).where(Key.name == name)).first()
    if key is None:
        raise NotFound(f"There is no key named {name}.", remedy="It may have been deleted.")
    return key


def detail(session: Session, name: str) -> KeyDetail:
    (found,) = _details(session, [get(session, name)])
    return found


def create(
    session: Session,
    cloud: Cloud,
    settings: Settings,
    *,
    actor: str,
    name: str,
    secret: str,
    environment: str = "",
    note: str = "",
) -> Key:
    """Check the secret's claims, store it encrypted, and keep what may be known of it."""
    check_name(name)
    _check_free(session, name)
    if len(note) > NOTE_MAX_CHARS:
        raise Invalid(f"A note has at most {NOTE_MAX_CHARS} characters.", field="note")
    adapter = partner(DEFAULT_PARTNER)
    secret = adapter.normalise(secret)
    claims = adapter.claims(secret)
    kms_key_arn = foundation.kms_key_arn(cloud, settings)
    key = Key(
        name=name,
        partner=DEFAULT_PARTNER,
        environment=environment,
        note=note,
        region=settings.home_region,
        secret_arn="",
        kms_key_arn=kms_key_arn,
        fingerprint=_fingerprint(secret),
        claims=claims.as_json(),
    )
    key.secret_arn, version_id = cloud.secrets.create(
        key.region,
        f"{settings.name_prefix}/key/{name}-{key.id}",
        secret,
        kms_key_arn=kms_key_arn,
        tags={"egret:managed": "true", "egret:key": name},
    )
    session.add(key)
    session.add(_version(key, version_id))
    audit.record(
        session, actor=actor, action="upload", noun="key", name=name, detail=key.fingerprint
    )
    try:
        session.commit()
    except IntegrityError:
        session.rollback()
        cloud.secrets.delete(key.region, key.secret_arn)
        raise taken("key", name) from None
    return key


def add_version(session: Session, cloud: Cloud, *, actor: str, name: str, secret: str) -> Key:
    """Store a new secret under the same name; functions use it within five minutes."""
    key = get(session, name)
    adapter = partner(key.partner)
    secret = adapter.normalise(secret)
    claims = adapter.claims(secret)
    version_id = cloud.secrets.put(key.region, key.secret_arn, secret)
    key.fingerprint, key.claims = _fingerprint(secret), claims.as_json()
    session.add(_version(key, version_id))
    _refresh_stages(session, cloud, key)
    audit.record(
        session, actor=actor, action="rotate", noun="key", name=name, detail=key.fingerprint
    )
    session.commit()
    return key


def destroy(session: Session, cloud: Cloud, *, actor: str, name: str, typed: str) -> None:
    """Schedule the secret's deletion and forget the key; refused while a function uses it."""
    key = get(session, name)
    used_by = _functions(session, key)
    if used_by:
        raise _in_use(name, ", ".join(function.name for function in used_by))
    check_typed(typed, name, "deleted")
    cloud.secrets.delete(key.region, key.secret_arn)
    audit.record(session, actor=actor, action="delete", noun="key", name=name)
    session.delete(key)
    try:
        session.commit()
    except IntegrityError:  # a function was made with it in the same moment
        session.rollback()
        cloud.secrets.restore(key.region, key.secret_arn)
        raise _in_use(name, "a function that was just made") from None


def match(session: Session, key: Key, network: Network) -> Match:
    """Compare the addresses that the key allows with those that the network calls from."""
    return _match(key, network, addresses.of_network(session, network.id))


def match_all(session: Session, network: Network) -> list[Match]:
    """The same for every key."""
    used = addresses.of_network(session, network.id)
    return [_match(key, network, used) for key in _by_name(session)]


def _match(key: Key, network: Network, used: list[Address]) -> Match:
    found = coverage(key.claims.get("cidrs", []), [a.public_ip for a in used if a.public_ip])
    return Match(key, network, list(found.allowed), list(found.missing), found.paste)


def _by_name(session: Session) -> Sequence[Key]:
    return session.exec(select(Key).order_by(col(Key.name))).all()


def _details(session: Session, keys: Sequence[Key]) -> list[KeyDetail]:
    ids = [key.id for key in keys]
    versions, functions = defaultdict(list), defaultdict(list)
    newest_first = select(KeyVersion).order_by(col(KeyVersion.created_at).desc())
    for version in session.exec(newest_first.where(col(KeyVersion.key_id).in_(ids))):
        versions[version.key_id].append(version)
    for function in session.exec(select(Function).where(col(Function.key_id).in_(ids))):
        functions[function.key_id].append(function)
    networks = session.exec(select(Network).order_by(col(Network.name))).all()
    used = addresses.by_network(session)
    return [
        KeyDetail(
            key=key,
            versions=versions[key.id],
            matches=[_match(key, network, used[network.id]) for network in networks],
            functions=functions[key.id],
        )
        for key in keys
    ]


def _functions(session: Session, key: Key) -> list[Function]:
    return list(session.exec(select(Function).where(Function.key_id == key.id)))


def _version(key: Key, version_id: str) -> KeyVersion:
    return KeyVersion(id=version_id, key_id=key.id, stage=CURRENT, fingerprint=key.fingerprint)


def _refresh_stages(session: Session, cloud: Cloud, key: Key) -> None:
    stages = {v.id: v.stage for v in cloud.secrets.versions(key.region, key.secret_arn)}
    for version in session.exec(select(KeyVersion).where(KeyVersion.key_id == key.id)):
        version.stage = stages.get(version.id, "")


def _in_use(name: str, by: str) -> Conflict:
    return Conflict(
        f"The key {name} is used by: {by}.",
        code="key_in_use",
        remedy="Delete what uses it first.",
    )


def _fingerprint(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()[:FINGERPRINT_CHARS]


def _check_free(session: Session, name: str) -> None:
    if session.exec(select(Key.id).where(Key.name == name)).first():
        raise taken("key", name)
