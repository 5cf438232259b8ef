"""What people do with a key: upload it, rotate it, go back to the previous version, delete it.

Each checks its rules and commits an intent; `operation` says how row and secret stay in agreement.
"""

import hashlib
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from sqlmodel import Session, select

from webapp.aws.errors import is_transient
from webapp.aws.secrets import CURRENT, PREVIOUS, Secret, Secrets
from webapp.aws.tags import KEY_TAG, MANAGED_TAG
from webapp.errors import Conflict, EgretError, check_all
from webapp.models import Key, KeyVersion, NewKey, NewVersion, SentBy, Status
from webapp.models.key import PENDING
from webapp.partners import KeyKind, Partner, key_kind, keys_of, kind_of, partner
from webapp.partners.key_kinds import checked_name
from webapp.scope import CloudScope
from webapp.services import accounts
from webapp.services.engine import foundation
from webapp.services.engine.leases import LeaseLost, Work
from webapp.services.keys import operation
from webapp.services.keys.details import (
    Loss,
    claims_held,
    functions_with,
    get,
    losses,
    needed,
)
from webapp.services.names import (
    add_named,
    check_environment,
    check_free,
    check_name,
    check_typed,
)

FINGERPRINT_CHARS = 16


def create(scope: CloudScope, new: NewKey) -> Key:
    """Check the secret's claims, store it encrypted, and keep what is not secret about it.

    Raises Invalid with every field's error, Conflict for a taken name.
    """
    session, settings = scope.session, scope.settings
    site = accounts.site_for(session, new.account, settings.home_region)
    kind, sent_as = key_kind(new.kind), new.sent_as.strip()
    adapter = keys_of(kind, sent_as, settings.origin)
    check_fields(kind, adapter, new)
    check_free(session, Key, new.name)
    cloud = scope.cloud_of(site)
    session.commit()  # nothing of the database is held while AWS makes the KMS key
    secret = adapter.normalise(new.secret)
    key = Key(
        name=new.name,
        status=Status.REQUESTED,
        partner=kind.partner,
        sent_by=SentBy(kind.sent_by),
        sent_as=sent_as,
        environment=new.environment,
        note=new.note,
        account_id=site.account_id,
        region=site.region,
        secret_arn="",
        kms_key_arn=foundation.kms_key_arn(cloud, settings),
        fingerprint=_fingerprint(secret),
        claims=adapter.claims(secret).as_json(),
    )
    add_named(session, key)
    version = _version(key, adapter, secret)
    session.add(version)
    scope.record("upload", key, key.fingerprint)
    aws_name, arn = operation.secret_name(settings, key), key.kms_key_arn
    tags = settings.tags | {MANAGED_TAG: "true", KEY_TAG: key.name}
    work = operation.claim(scope, key)
    operation.carry_out(
        scope,
        work,
        key,
        version,
        lambda: cloud.secrets.create(
            key.region, aws_name, secret, token=version.id, kms_key_arn=arn, tags=tags
        ),
    )
    return key


def check_fields(kind: KeyKind, adapter: Partner, new: NewKey) -> None:
    """Raises Invalid with the error of every field that breaks a rule."""
    check_all(
        lambda: check_name(new.name),
        lambda: checked_name(kind, new.sent_as),
        lambda: adapter.claims(adapter.normalise(new.secret)),
        lambda: check_environment(new.environment),
    )


def add_version(scope: CloudScope, name: str, new: NewVersion) -> Key:
    """Store a new secret under the same name. Functions use it within five minutes.

    The secret that is the current one already is not stored again: it would push the previous one
    out. Raises Conflict when a function would lose an address, unless it is wanted *anyway*.
    """
    key = get(scope.session, name)
    adapter = keys_of(kind_of(key.partner, key.sent_by), key.sent_as, scope.settings.origin)
    secret = adapter.normalise(new.secret)
    version = _version(key, adapter, secret)
    with _changing(scope, key) as (work, aws, _):
        current = _labelled(scope.session, key, CURRENT)
        if current and current.fingerprint == version.fingerprint:
            _end(work, key)
            return key
        work.commit()
        with claims_held(scope.session, key.id):
            _check_losses(scope.session, key, version, anyway=new.anyway)
            scope.session.add(version)
            scope.record("rotate", key, version.fingerprint)
            work.commit()
    operation.carry_out(
        scope,
        work,
        key,
        version,
        lambda: aws.put(key.region, key.secret_arn, secret, token=version.id),
    )
    return key


def make_previous_current(
    scope: CloudScope, name: str, *, version_id: str = "", anyway: bool | str = False
) -> Key:
    """Go back to the version before the current one, which becomes the previous one.

    Who names the version may ask again: if it is the current one already, nothing is done. Raises
    Conflict as `add_version` does, and when there is no previous version.
    """
    key = get(scope.session, name)
    with _changing(scope, key) as (work, aws, secret):
        if version_id and secret.versions.get(version_id) == CURRENT:
            _end(work, key)
            return key
        version = _previous(scope.session, key, version_id)
        work.commit()
        with claims_held(scope.session, key.id):
            _check_losses(scope.session, key, version, anyway=anyway)
            version.stage = PENDING
            scope.record("make current", key, version.fingerprint)
            work.commit()
        current = next(id for id, label in secret.versions.items() if label == CURRENT)
    operation.carry_out(
        scope,
        work,
        key,
        version,
        lambda: aws.make_current(key.region, key.secret_arn, version.id, instead_of=current),
    )
    return key


def delete(scope: CloudScope, name: str, *, typed: str) -> None:
    """Schedule the secret's deletion, and delete the key. Refused while a function uses it."""
    key = get(scope.session, name)
    used_by = functions_with(scope.session, key)
    if used_by:
        raise operation.in_use(name, used_by)
    check_typed(typed, name, "deleted")
    work = operation.claim(scope, key)
    with operation.held(key):
        key.status = Status.DELETING
        scope.record("delete", key)
        work.commit()
        try:
            operation.delete(work, scope.cloud_of(key), scope.settings, key)
        except Conflict:
            raise
        except EgretError as error:
            scope.session.rollback()
            scope.session.refresh(key)
            if is_transient(error):
                work.run_again(in_s=operation.AFTER_ERROR_S)
            else:
                operation.keep(work, key)
            raise


@contextmanager
def _changing(scope: CloudScope, key: Key) -> Iterator[tuple[Work, Secrets, Secret]]:
    """The key's lease, and its secret in AWS, for one change; the rows are as AWS has it.

    The lease is given back when the change is refused inside; otherwise it is still held.
    """
    work = operation.claim(scope, key)
    try:
        _check_ready(key)
        cloud = scope.cloud_of(key)
        scope.session.commit()
        secret = operation.find(cloud, scope.settings, key)
        if secret is None:
            raise Conflict(
                f"The secret of the key {key.name} was deleted in AWS.",
                code="secret_gone",
                remedy="Restore it there within 7 days, or upload the key under another name.",
                about=[key],
            )
        operation.write(scope.session, key, secret)
        with operation.held(key):
            yield work, cloud.secrets, secret
    except Exception:
        scope.session.rollback()
        with suppress(LeaseLost):
            _end(work, key)
        raise


def _end(work: Work, key: Key) -> None:
    """Give the lease back; while a version is pending, the background loop looks again."""
    operation.end(work, settled=_labelled(work.session, key, PENDING) is None)


def _check_ready(key: Key) -> None:
    if key.status is not Status.READY:
        doing = "stored" if key.status is Status.REQUESTED else "deleted"
        raise Conflict(
            f"The key {key.name} is just being {doing}.",
            code="key_not_ready",
            remedy="Reload its page in a minute.",
            about=[key],
        )


def _check_losses(session: Session, key: Key, version: KeyVersion, *, anyway: bool | str) -> None:
    lost = losses(session, key, version.claims["cidrs"])
    if not lost or anyway is True or (isinstance(anyway, str) and anyway.strip() == key.name):
        return
    most = partner(key.partner).keys_per_account
    raise Conflict(
        f"This version does not allow {_and(lost)}. The partner would refuse those calls.",
        code="would_lose_address",
        remedy="Create a key in the partner's portal that allows all of "
        f"{', '.join(needed(session, key))}, or upload this one as a separate key. An account has "
        f"at most {most} keys.",
        about=[key],
        errors={"anyway": f"This version does not allow {_and(lost)}."},
    )


def _previous(session: Session, key: Key, version_id: str) -> KeyVersion:
    """The version to go back to. Raises Conflict when it is not the one that is asked for."""
    version = _labelled(session, key, PREVIOUS)
    if version is None or not version.claims:
        raise Conflict(
            f"The key {key.name} has no previous version that Egret knows.",
            code="no_previous_version",
            remedy="Upload the key that you want as a new version.",
            about=[key],
        )
    if version_id not in ("", version.id):
        raise Conflict(
            f"{version_id} is no longer the previous version of {key.name}.",
            code="not_the_previous_version",
            remedy="Reload the key's page to see which one is.",
            about=[key],
        )
    return version


def _and(lost: Sequence[Loss]) -> str:
    """`203.0.113.7, from which pay calls (network shop)`, of each function."""
    return "; ".join(
        f"{', '.join(each.addresses)}, from which {each.function.name} calls "
        f"(network {each.network.name})"
        for each in lost
    )


def _labelled(session: Session, key: Key, stage: str) -> KeyVersion | None:
    query = select(KeyVersion).where(KeyVersion.key_id == key.id, KeyVersion.stage == stage)
    return session.exec(query.limit(1)).first()


def _version(key: Key, adapter: Partner, secret: str) -> KeyVersion:
    """An upload that AWS is about to be asked for. Raises RefusedKey."""
    return KeyVersion(
        id=str(uuid.uuid4()),
        key_id=key.id,
        stage=PENDING,
        fingerprint=_fingerprint(secret),
        claims=adapter.claims(secret).as_json(),
    )


def _fingerprint(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()[:FINGERPRINT_CHARS]
