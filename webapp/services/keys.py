"""Keys: partners' API keys. A secret goes straight to Secrets Manager and is not stored here."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from webapp.aws import Cloud
from webapp.aws.secrets import CURRENT
from webapp.aws.tags import KEY_TAG, MANAGED_TAG
from webapp.errors import Conflict, NotFound, check_all
from webapp.models import Address, Function, Key, KeyVersion, Network, NewKey, NewVersion
from webapp.partners import DEFAULT_PARTNER, Partner, coverage, partner
from webapp.services.addresses import pool
from webapp.services.engine import foundation
from webapp.services.names import (
    check_environment,
    check_free,
    check_name,
    check_note,
    check_typed,
    taken,
)
from webapp.services.scope import CloudScope

FINGERPRINT_CHARS = 16


@dataclass(frozen=True)
class Match:
    """Whether a key allows all addresses of a network. `paste` is the text for the portal."""

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


def create(scope: CloudScope, new: NewKey) -> Key:
    """Check the secret's claims, store it encrypted, and keep what is not secret about it.

    Raises Invalid with every field's error, Conflict for a taken name.
    """
    session, settings = scope.session, scope.settings
    adapter = partner(DEFAULT_PARTNER, settings.origin)
    check_fields(adapter, new)
    check_free(session, Key, new.name)
    secret = adapter.normalise(new.secret)
    key = Key(
        name=new.name,
        partner=DEFAULT_PARTNER,
        environment=new.environment,
        note=new.note,
        region=settings.home_region,
        secret_arn="",
        kms_key_arn=foundation.kms_key_arn(scope.cloud, settings),
        fingerprint=_fingerprint(secret),
        claims=adapter.claims(secret).as_json(),
    )
    key.secret_arn, version_id = scope.cloud.secrets.create(
        key.region,
        f"{settings.name_prefix}/key/{key.name}-{key.id}",
        secret,
        kms_key_arn=key.kms_key_arn,
        tags={MANAGED_TAG: "true", KEY_TAG: key.name},
    )
    session.add(key)
    session.add(_version(key, version_id))
    scope.record("upload", key, key.fingerprint)
    try:
        session.commit()
    except IntegrityError:  # another request took the name at the same moment
        session.rollback()
        scope.cloud.secrets.delete(key.region, key.secret_arn)
        raise taken("key", new.name) from None
    return key


def check_fields(adapter: Partner, new: NewKey) -> None:
    """Raises Invalid with the error of every field that breaks a rule."""
    check_all(
        lambda: check_name(new.name),
        lambda: adapter.claims(adapter.normalise(new.secret)),
        lambda: check_environment(new.environment),
        lambda: check_note(new.note),
    )


def add_version(scope: CloudScope, name: str, new: NewVersion) -> Key:
    """Store a new secret under the same name. Functions use it within five minutes."""
    key = get(scope.session, name)
    adapter = partner(key.partner, scope.settings.origin)
    secret = adapter.normalise(new.secret)
    claims = adapter.claims(secret)
    version_id = scope.cloud.secrets.put(key.region, key.secret_arn, secret)
    key.fingerprint, key.claims = _fingerprint(secret), claims.as_json()
    scope.session.add(_version(key, version_id))
    _update_stages(scope.session, scope.cloud, key)
    scope.record("rotate", key, key.fingerprint)
    scope.session.commit()
    return key


def delete(scope: CloudScope, name: str, *, typed: str) -> None:
    """Schedule the secret's deletion, and delete the key. Refused while a function uses it."""
    key = get(scope.session, name)
    used_by = _functions(scope.session, key)
    if used_by:
        raise _in_use(name, ", ".join(function.name for function in used_by))
    check_typed(typed, name, "deleted")
    scope.cloud.secrets.delete(key.region, key.secret_arn)
    scope.record("delete", key)
    scope.session.delete(key)
    try:
        scope.session.commit()
    except IntegrityError:  # a function was created with it at the same moment
        scope.session.rollback()
        scope.cloud.secrets.restore(key.region, key.secret_arn)
        raise _in_use(name, "a function that was just created") from None


def match(session: Session, key: Key, network: Network) -> Match:
    """Compare the addresses that the key allows with those that the network calls from."""
    return _match(key, network, pool.of_network(session, network.id))


def match_all(session: Session, network: Network) -> list[Match]:
    """How every key matches the network."""
    used = pool.of_network(session, network.id)
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
    used = pool.by_network(session)
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


def _update_stages(session: Session, cloud: Cloud, key: Key) -> None:
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
