"""How a key's row and its secret stay in agreement, whatever is killed when.

1. **Intent.** What is asked of AWS is in the database first: a key that is *requested* or
   *deleting*, a version that is *pending*, to be stored or to be current again. Its id is the
   request's token.
2. **Lease.** Whoever asks holds the key's lease, so no two requests change one secret at once.
3. **Result.** The row is written from what AWS says that it has, not from what was asked. If the
   answer is lost, or the process killed, the background loop does that when the lease expires.

The secret itself is in no row, so a request cannot be made again: an upload that AWS does not know
is forgotten. That waits for `ANSWER_MAX`, because a request without an answer may still arrive.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from webapp.aws import Cloud, secrets
from webapp.aws.errors import is_throttled, is_transient
from webapp.aws.secrets import CURRENT, Secret
from webapp.errors import Conflict, EgretError, NotFound
from webapp.models import Function, Key, KeyVersion, Status, utc_now
from webapp.models.key import PENDING
from webapp.scope import CloudScope, cloud_of
from webapp.services.engine import leases
from webapp.services.engine.leases import Handler, LeaseLost, Work
from webapp.services.keys.details import claims_held, functions_with
from webapp.services.keys.uses import NAMED_MAX
from webapp.settings import Settings
from webapp.telemetry import spans

NOUN = "key"
ANSWER_MAX = timedelta(minutes=10)
"""Longer than AWS accepts a signature, and than any connection of ours stays open."""
CHECK_AGAIN_S = 60.0
AFTER_ERROR_S = 15.0
WAIT_S = 10.0
POLL_S = 0.1

log = logging.getLogger("egret.keys")


def secret_name(settings: Settings, key: Key) -> str:
    return secrets.secret_name(settings.name_prefix, key.name, key.id)


def handler(cloud: Cloud, settings: Settings) -> Handler:
    """What the background loop does with a key that is due."""

    def run(work: Work) -> None:
        key = work.session.get(Key, work.row_id)
        if key is None:
            work.finish()
            return
        there = cloud_of(work.session, cloud, settings, key)
        spans.note(state=key.status, region=key.region, account=there.number)
        work.commit()  # no call to AWS while the database is held
        try:
            if key.status is Status.DELETING:
                delete(work, there, settings, key)
            else:
                end(work, settled=write(work.session, key, find(there, settings, key)))
        except Conflict as kept:
            log.warning("%s", kept.detail)
        except EgretError as error:
            spans.note(error=error.code)
            work.session.rollback()
            log.warning("the key %s waits: %s", work.row_id, error.detail)
            work.run_again(in_s=AFTER_ERROR_S)

    return run


def claim(scope: CloudScope, key: Key, *, sleep: Callable[[float], None] = time.sleep) -> Work:
    """The key's lease, and the row as it is now. Waits a while for who has it. Raises Conflict."""
    name = key.name
    for _ in range(int(WAIT_S / POLL_S)):
        work = leases.take(scope.session, key.owner, lease_s=scope.settings.lease_s)
        if work:
            if scope.session.get(Key, work.row_id, populate_existing=True) is None:
                with suppress(LeaseLost):
                    work.finish()
                raise NotFound(f"There is no key named {name}.", remedy="It was just deleted.")
            return work
        sleep(POLL_S)
    raise _busy(key)


@contextmanager
def held(key: Key) -> Iterator[None]:
    """A lease that is lost inside, because AWS took too long, is a key that is busy."""
    busy = _busy(key)  # afterwards the row may be gone
    try:
        yield
    except LeaseLost:
        raise busy from None


def find(cloud: Cloud, settings: Settings, key: Key) -> Secret | None:
    """The key's secret in AWS; None when there is none, or its deletion is scheduled."""
    found = cloud.secrets.find(key.region, key.secret_arn or secret_name(settings, key))
    return None if found and found.is_being_deleted else found


def carry_out(
    scope: CloudScope, work: Work, key: Key, wanted: KeyVersion, ask: Callable[[], object]
) -> None:
    """Ask AWS for what was committed as the intent, and write into the rows what AWS has then.

    `wanted` is the version that should become the current one. Raises AWS's error, unless only the
    answer was lost and it is the current one; and Conflict when the rows do not say yet what AWS
    has, unless the key's own status says that.
    """
    refusal, found, token, name = _error_of(ask), None, wanted.id, key.name
    is_new = key.status is Status.REQUESTED
    is_refused = refusal is not None and (is_throttled(refusal) or not is_transient(refusal))
    is_read = False
    try:
        found = find(scope.cloud_of(key), scope.settings, key)
        end(work, settled=write(scope.session, key, found, refused=token if is_refused else ""))
        is_read = True
    except LeaseLost:  # who took it over may have read the secret before it was changed
        again = leases.begin(scope.session, work.resource, lease_s=scope.settings.lease_s)
        if again:
            leases.run(again, handler(scope.own, scope.settings))
            is_read = True
    except EgretError as error:
        log.warning("the key %s waits: %s", work.row_id, error.detail)
        scope.session.rollback()
        with suppress(LeaseLost):
            work.run_again(in_s=AFTER_ERROR_S)
    if refusal and not (found and found.versions.get(token) == CURRENT):
        raise refusal
    if not is_read and not is_new:
        raise Conflict(
            f"AWS has accepted the version of {name}, but Egret has not read yet what is current.",
            code="key_busy",
            remedy="Reload its page in a minute.",
            link=(f"/keys/{name}", f"Open {name}"),
        )


def write(session: Session, key: Key, found: Secret | None, *, refused: str = "") -> bool:
    """Write into the rows what AWS has. The caller commits; False while something is open.

    `refused` is a version that AWS has refused, so that it cannot arrive later.
    """
    versions = session.exec(select(KeyVersion).where(KeyVersion.key_id == key.id)).all()
    settled, void = True, []
    for version in versions:
        label = found.versions.get(version.id) if found else None
        if label or version.stage != PENDING:
            version.stage = label or ""
        elif version.id == refused or version.created_at < utc_now() - ANSWER_MAX:
            void.append(version)
        else:
            settled = False
    if found is None and key.status is Status.REQUESTED and settled:
        session.delete(key)  # and the database its versions
        return True
    for version in void:
        session.delete(version)
    if found:
        key.secret_arn = found.arn
        key.status = Status.READY if key.status is Status.REQUESTED else key.status
        for version in versions:
            if version.stage == CURRENT:
                key.fingerprint, key.claims = version.fingerprint, version.claims or key.claims
    return settled


def end(work: Work, *, settled: bool) -> None:
    """Commit, and give the lease back or be due again."""
    if settled:
        work.finish()
    else:
        work.run_again(in_s=CHECK_AGAIN_S)


def delete(work: Work, cloud: Cloud, settings: Settings, key: Key) -> None:
    """Delete the secret, then the row. Raises Conflict when a function came to use the key."""
    session, secret_id = work.session, key.secret_arn or secret_name(settings, key)
    work.commit()
    with claims_held(session, key.id):  # a function that is being given it is waited for
        is_used = bool(functions_with(session, key))
        work.commit()
    if not is_used:
        cloud.secrets.delete(key.region, secret_id)
        session.delete(key)
        try:
            work.finish()
        except IntegrityError:  # a function was created with it at the same moment
            session.rollback()
        else:
            return
    session.refresh(key)
    work.commit()
    cloud.secrets.restore(key.region, secret_id)
    keep(work, key)
    raise in_use(key.name, functions_with(session, key))


def keep(work: Work, key: Key) -> None:
    """Its deletion is off. One that was not known to be stored is looked up again."""
    key.status = Status.READY if key.secret_arn else Status.REQUESTED
    end(work, settled=key.status is Status.READY)


def in_use(name: str, by: Sequence[Function]) -> Conflict:
    """`by`: the first of the functions that use it."""
    more = " and more" if len(by) == NAMED_MAX else ""
    return Conflict(
        f"The key {name} is used by: {', '.join(function.name for function in by)}{more}.",
        code="key_in_use",
        remedy="Delete what uses it first.",
        about=by,
    )


def _busy(key: Key) -> Conflict:
    return Conflict(
        f"The key {key.name} is being changed by another request.",
        code="key_busy",
        remedy="Try again in a minute.",
        about=[key],
    )


def _error_of(ask: Callable[[], object]) -> EgretError | None:
    try:
        ask()
    except EgretError as error:
        return error
    return None
