"""Keys: a partner's API keys. A secret goes straight to Secrets Manager and is not kept here."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from webapp.aws import Cloud
from webapp.aws.secrets import CURRENT
from webapp.errors import Conflict, Invalid, NotFound
from webapp.models import Function, Key, KeyVersion, Network
from webapp.partners import allows, partner
from webapp.services import addresses, audit, foundation
from webapp.services.names import NOTE_MAX_CHARS, check_name, check_typed, taken
from webapp.settings import Settings

FINGERPRINT_CHARS = 16
DEFAULT_PARTNER = "clash_of_clans"


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
    return [_detail(session, key) for key in session.exec(select(Key).order_by(col(Key.name)))]


def get(session: Session, name: str) -> Key:
    key = session.exec(select(Key).where(Key.name == name)).first()
    if key is None:
        raise NotFound(f"There is no key named {name}.", remedy="It may have been deleted.")
    return key


def detail(session: Session, name: str) -> KeyDetail:
    return _detail(session, get(session, name))


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
        names = ", ".join(function.name for function in used_by)
        raise Conflict(
            f"The key {name} is used by: {names}.",
            code="key_in_use",
            remedy="Delete these functions first.",
        )
    check_typed(typed, name, "deleted")
    cloud.secrets.delete(key.region, key.secret_arn)
    audit.record(session, actor=actor, action="delete", noun="key", name=name)
    session.delete(key)
    session.commit()


def match(session: Session, key: Key, network: Network) -> Match:
    """Compare the addresses that the key allows with those that the network calls from."""
    ips = [a.public_ip for a in addresses.of_network(session, network.id) if a.public_ip]
    found = allows(key.claims.get("cidrs", []), ips)
    return Match(key, network, list(found.allowed), list(found.missing), found.paste)


def matches(session: Session, keys: Sequence[Key], networks: Sequence[Network]) -> list[Match]:
    return [match(session, key, network) for key in keys for network in networks]


def _detail(session: Session, key: Key) -> KeyDetail:
    versions = select(KeyVersion).where(KeyVersion.key_id == key.id)
    networks = session.exec(select(Network).order_by(col(Network.name))).all()
    return KeyDetail(
        key=key,
        versions=list(session.exec(versions.order_by(col(KeyVersion.created_at).desc()))),
        matches=matches(session, [key], networks),
        functions=_functions(session, key),
    )


def _functions(session: Session, key: Key) -> list[Function]:
    return list(session.exec(select(Function).where(Function.key_id == key.id)))


def _version(key: Key, version_id: str) -> KeyVersion:
    return KeyVersion(id=version_id, key_id=key.id, stage=CURRENT, fingerprint=key.fingerprint)


def _refresh_stages(session: Session, cloud: Cloud, key: Key) -> None:
    stages = {v.id: v.stage for v in cloud.secrets.versions(key.region, key.secret_arn)}
    for version in session.exec(select(KeyVersion).where(KeyVersion.key_id == key.id)):
        version.stage = stages.get(version.id, "")


def _fingerprint(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()[:FINGERPRINT_CHARS]


def _check_free(session: Session, name: str) -> None:
    if session.exec(select(Key.id).where(Key.name == name)).first():
        raise taken("key", name)
