"""A key's row and its secret agree, whichever answer is lost and whoever is killed when."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import Session, select

from tests.clouds import boto_session, connected
from tests.faults.proxy import Proxy, Rule, proxied
from tests.locks import watched
from tests.services.keys.hooks import hooked
from tests.tokens import mint
from webapp.aws.clients import Clients
from webapp.aws.errors import AwsError
from webapp.db import give_back, now_s
from webapp.errors import Conflict, EgretError, NotFound
from webapp.models import Key, KeyVersion, Lease, NewKey, NewVersion, Status
from webapp.sandbox.launcher import Sandbox
from webapp.scope import CloudScope
from webapp.services import keys
from webapp.services.engine import leases
from webapp.services.keys import operation
from webapp.services.keys.lifecycle import _fingerprint

NAME = "agreed"
FIRST, SECOND = mint(cidrs=["203.0.113.1"]), mint(cidrs=["203.0.113.2"])
GONE = operation.ANSWER_MAX + timedelta(minutes=1)
REFUSED: Any = {"code": "InvalidParameterException", "message": "No."}


@pytest.fixture
def proxy(sandbox: Sandbox) -> Iterator[Proxy]:
    with proxied(sandbox.info.aws_endpoint) as running:
        yield running


@pytest.fixture
def faulty(scope: CloudScope, proxy: Proxy) -> CloudScope:
    """The same with an AWS whose answers are lost, and are not asked for again by botocore."""
    clients = Clients(proxy.url, watched(boto_session()), attempts=1, before_call=give_back)
    return CloudScope(scope.session, "tests", connected(clients), scope.settings)


@pytest.fixture
def key(scope: CloudScope, session: Session) -> Iterator[Key]:
    yield keys.create(scope, NewKey(name=NAME, secret=FIRST))
    session.rollback()
    later(session)
    background(scope)
    keys.delete(scope, NAME, typed=NAME)


def rotate(scope: CloudScope) -> Key:
    return keys.add_version(scope, NAME, NewVersion(secret=SECOND))


def later(session: Session, by: timedelta = GONE) -> None:
    """So much later, every lease has run out."""
    session.connection().execute(update(Lease).values(expires_at=0.0, due_at=0.0))
    for version in session.exec(select(KeyVersion)):
        version.created_at -= by
    session.commit()


def background(scope: CloudScope) -> None:
    """One step with what is due."""
    engine: Any = scope.session.get_bind()
    leases.run_one(engine, {"key": operation.handler(scope.own, scope.settings)})
    scope.session.expire_all()


def secret_of(clients: Clients, scope: CloudScope) -> str:
    key = keys.get(scope.session, NAME)
    client = clients.secretsmanager(key.region)
    return client.get_secret_value(SecretId=key.secret_arn)["SecretString"]


def taker(session: Session, *, for_s: float = -1.0) -> Callable[..., None]:
    """Another process takes over the lease, and has it for so long."""

    def take_over(**_: object) -> None:
        until = now_s() + for_s
        session.connection().execute(update(Lease).values(fence=Lease.fence + 1, expires_at=until))
        session.commit()

    return take_over


def leases_of(session: Session) -> int:
    return len(session.exec(select(Lease)).all())


def test_a_lost_answer_to_an_upload_is_found_out(
    faulty: CloudScope, proxy: Proxy, key: Key, clients: Clients, session: Session
) -> None:
    proxy.add(Rule("PutSecretValue", "lose_answer"))
    rotate(faulty)
    assert key.fingerprint == _fingerprint(SECOND) == _fingerprint(secret_of(clients, faulty))
    assert leases_of(session) == 0


def test_a_lost_answer_to_the_first_upload_is_found_out(
    faulty: CloudScope, proxy: Proxy, scope: CloudScope
) -> None:
    proxy.add(Rule("CreateSecret", "lose_answer"))
    made = keys.create(faulty, NewKey(name=NAME, secret=FIRST))
    assert made.status is Status.READY
    assert made.secret_arn
    keys.delete(scope, NAME, typed=NAME)


def test_a_lost_request_is_forgotten_when_it_cannot_arrive_any_more(
    faulty: CloudScope, proxy: Proxy, scope: CloudScope, session: Session
) -> None:
    proxy.add(Rule("CreateSecret", "lose_request"))
    with pytest.raises(EgretError):
        keys.create(faulty, NewKey(name=NAME, secret=FIRST))
    assert keys.get(session, NAME).status is Status.REQUESTED
    later(session, timedelta(minutes=1))
    background(scope)
    assert keys.get(session, NAME).status is Status.REQUESTED, "it may still arrive"
    later(session)
    background(scope)
    with pytest.raises(NotFound):
        keys.get(session, NAME)
    assert leases_of(session) == 0


def test_what_aws_refuses_is_forgotten_at_once(
    faulty: CloudScope, proxy: Proxy, session: Session, key: Key
) -> None:
    proxy.add(Rule("PutSecretValue", "refuse", **REFUSED))
    with pytest.raises(AwsError, match="No"):
        rotate(faulty)
    assert [version.stage for version in keys.detail(session, NAME).versions] == ["AWSCURRENT"]
    proxy.add(Rule("CreateSecret", "refuse", **REFUSED))
    with pytest.raises(AwsError, match="No"):
        keys.create(faulty, NewKey(name="other", secret=FIRST))
    assert [d.name for d in keys.page(session).rows] == [key.name]
    assert leases_of(session) == 0


def test_an_answer_that_is_lost_twice_is_found_out_by_the_background(
    proxy: Proxy, scope: CloudScope, key: Key, session: Session
) -> None:
    """AWS has the new version, the row not yet: the details are the old ones until it has."""
    proxy.add(Rule("PutSecretValue", "lose_answer"))
    asked = proxy.calls["DescribeSecret"]
    lost = proxy.add(Rule("DescribeSecret", "refuse", times=0, **REFUSED))

    def lose_what_follows(**_: object) -> None:
        lost.times = 1

    boto = watched(boto_session())
    boto.events.register("before-call.secrets-manager.PutSecretValue", lose_what_follows)
    cloud = connected(Clients(proxy.url, boto, attempts=1, before_call=give_back))
    with pytest.raises(EgretError):
        rotate(CloudScope(session, "tests", cloud, scope.settings))
    assert proxy.calls["DescribeSecret"] == asked + 2
    session.expire_all()
    assert key.fingerprint == _fingerprint(FIRST)
    assert leases_of(session) == 1
    later(session, timedelta())
    background(scope)
    assert key.fingerprint == _fingerprint(SECOND)
    assert leases_of(session) == 0


def test_a_deletion_is_finished_by_the_background(
    scope: CloudScope, faulty: CloudScope, proxy: Proxy, session: Session, clients: Clients
) -> None:
    key = keys.create(scope, NewKey(name=NAME, secret=FIRST))
    arn, region = key.secret_arn, key.region
    proxy.add(Rule("DeleteSecret", "lose_request"))
    with pytest.raises(EgretError):
        keys.delete(faulty, NAME, typed=NAME)
    assert keys.get(session, NAME).status is Status.DELETING
    later(session)
    background(scope)
    with pytest.raises(NotFound):
        keys.get(session, NAME)
    assert "DeletedDate" in clients.secretsmanager(region).describe_secret(SecretId=arn)


def test_a_deletion_that_aws_refuses_is_off(
    faulty: CloudScope, proxy: Proxy, session: Session, key: Key
) -> None:
    proxy.add(Rule("DeleteSecret", "refuse", **REFUSED))
    with pytest.raises(AwsError):
        keys.delete(faulty, NAME, typed=NAME)
    assert key.status is Status.READY
    assert leases_of(session) == 0


def test_who_lost_its_lease_has_the_result_read_again(
    scope: CloudScope, key: Key, session: Session, clients: Clients
) -> None:
    """Another process took it over before the secret was changed, and saw nothing new."""
    rotate(hooked(scope, clients, "PutSecretValue", taker(session)))
    assert key.fingerprint == _fingerprint(SECOND)


def test_who_changes_a_key_waits_for_who_has_it_but_not_for_ever(
    scope: CloudScope, key: Key, session: Session
) -> None:
    held = leases.take(session, key.owner)
    assert held
    waited: list[float] = []
    with pytest.raises(Conflict, match="being changed"):
        operation.claim(scope, key, sleep=waited.append)
    assert sum(waited) == pytest.approx(operation.WAIT_S)

    def give_back(_: float) -> None:
        session.connection().execute(update(Lease).values(expires_at=0.0))
        session.commit()

    assert operation.claim(scope, key, sleep=give_back).fence > held.fence


@pytest.mark.parametrize("expires_in_s", [-1.0, 600.0])
def test_a_lease_that_is_lost_before_the_change_is_a_key_that_is_busy(
    scope: CloudScope, key: Key, session: Session, clients: Clients, expires_in_s: float
) -> None:
    slow = hooked(scope, clients, "DescribeSecret", taker(session, for_s=expires_in_s))
    for secret in (SECOND, FIRST):
        with pytest.raises(Conflict) as refusal:
            keys.add_version(slow, NAME, NewVersion(secret=secret))
        assert refusal.value.code == "key_busy"
        later(session, timedelta())
    assert key.fingerprint == _fingerprint(FIRST)


def test_a_lease_that_is_lost_during_a_deletion_is_a_key_that_is_busy(
    scope: CloudScope, session: Session, clients: Clients
) -> None:
    keys.create(scope, NewKey(name=NAME, secret=FIRST))
    with pytest.raises(Conflict, match="being changed by another request"):
        keys.delete(hooked(scope, clients, "DeleteSecret", taker(session)), NAME, typed=NAME)
    later(session)
    background(scope)
    assert keys.page(session).rows == []


def test_who_lost_its_lease_to_someone_who_is_not_done_says_so(
    scope: CloudScope, key: Key, session: Session, clients: Clients
) -> None:
    with pytest.raises(Conflict, match="has not read yet what is current"):
        rotate(hooked(scope, clients, "PutSecretValue", taker(session, for_s=600)))
    later(session, timedelta())
    background(scope)
    assert key.fingerprint == _fingerprint(SECOND)


def test_the_current_secret_again_does_not_end_the_work_of_a_pending_version(
    scope: CloudScope, faulty: CloudScope, proxy: Proxy, key: Key, session: Session
) -> None:
    proxy.add(Rule("PutSecretValue", "lose_request"))
    with pytest.raises(EgretError):
        rotate(faulty)
    keys.add_version(scope, NAME, NewVersion(secret=FIRST))
    assert leases_of(session) == 1, "somebody has to find out about the pending one"
    later(session)
    background(scope)
    assert [version.stage for version in keys.detail(session, NAME).versions] == ["AWSCURRENT"]
    assert key.fingerprint == _fingerprint(FIRST)


def test_a_throttled_upload_is_forgotten_at_once(
    faulty: CloudScope, proxy: Proxy, session: Session
) -> None:
    proxy.add(Rule("CreateSecret", "refuse", code="ThrottlingException", message="Slow down."))
    with pytest.raises(AwsError, match="Slow down"):
        keys.create(faulty, NewKey(name=NAME, secret=FIRST))
    assert keys.page(session).rows == []
    assert leases_of(session) == 0


def test_a_key_of_which_nothing_is_known_is_looked_up_when_its_deletion_is_off(
    scope: CloudScope, faulty: CloudScope, proxy: Proxy, session: Session
) -> None:
    key = keys.create(scope, NewKey(name=NAME, secret=FIRST))
    key.status, key.secret_arn = Status.REQUESTED, ""  # as if no answer had been read
    session.commit()
    proxy.add(Rule("DeleteSecret", "refuse", **REFUSED))
    with pytest.raises(AwsError):
        keys.delete(faulty, NAME, typed=NAME)
    assert (key.status, leases_of(session)) == (Status.REQUESTED, 1)
    later(session, timedelta())
    background(scope)
    assert key.status is Status.READY
    keys.delete(scope, NAME, typed=NAME)
