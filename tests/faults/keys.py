"""What is done with a key while workers are killed, each so that it can be told to do it again."""

import hashlib
from collections.abc import Callable
from typing import Any

from sqlmodel import Session, col, select

from tests.tokens import mint
from webapp.aws.clients import Clients
from webapp.models import Address, Key, KeyVersion, NewKey, NewVersion
from webapp.scope import CloudScope
from webapp.services import keys
from webapp.services.keys.lifecycle import FINGERPRINT_CHARS
from webapp.settings import Settings

NAME = "swept"
FIRST, SECOND = mint(cidrs=["203.0.113.1"]), mint(cidrs=["203.0.113.2"])


def fingerprint(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()[:FINGERPRINT_CHARS]


def _key(session: Session) -> Key | None:
    return session.exec(select(Key).where(Key.name == NAME)).first()


def _upload(scope: CloudScope) -> None:
    if not _key(scope.session):
        keys.create(scope, NewKey(name=NAME, secret=FIRST))


def _upload_for_the_network(scope: CloudScope) -> None:
    """A key that allows all addresses of the network that is there."""
    cidrs = [each.public_ip or "" for each in scope.session.exec(select(Address))]
    keys.create(scope, NewKey(name=NAME, secret=mint(cidrs=cidrs)))


def _rotate(scope: CloudScope) -> None:
    keys.add_version(scope, NAME, NewVersion(secret=SECOND))


def _go_back(scope: CloudScope) -> None:
    """Told again, it asks again for the same version."""
    first = select(KeyVersion.id).where(KeyVersion.fingerprint == fingerprint(FIRST))
    keys.make_previous_current(scope, NAME, version_id=scope.session.exec(first).one())


def _delete(scope: CloudScope) -> None:
    if _key(scope.session):
        keys.delete(scope, NAME, typed=NAME)


BEFORE_FUNCTIONS = {"upload for the network": _upload_for_the_network}
KEY_OPERATIONS: dict[str, Callable[[CloudScope], None]] = {
    "upload": _upload,
    "rotate": _rotate,
    "go back": _go_back,
    "delete key": _delete,
}


def keys_world(session: Session, clients: Clients, settings: Settings) -> dict[str, Any]:
    """`current`: the fingerprint of what functions would read, of each secret that is there."""
    manager = clients.secretsmanager(settings.home_region)
    folder = [{"Key": "name", "Values": [f"{settings.name_prefix}/"]}]
    listed: Any = manager.list_secrets(Filters=folder)["SecretList"]  # type: ignore[arg-type]  # str, no Literal
    versions = session.exec(select(KeyVersion).order_by(col(KeyVersion.created_at))).all()
    return {
        "keys": [
            (key.status.value, key.fingerprint, key.claims["cidrs"])
            for key in session.exec(select(Key))
        ],
        "versions": sorted((version.stage, version.fingerprint) for version in versions),
        "current": [
            fingerprint(manager.get_secret_value(SecretId=each["ARN"])["SecretString"])
            for each in listed
        ],
    }
