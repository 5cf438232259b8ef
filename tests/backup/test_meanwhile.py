"""On the embedded AWS: what happened there after the backup was made, as docs/operations.md says.

A network, a function and keys are made, changed and deleted. Each time the backup from before is
restored into a new database, whose dashboard finds in AWS what its rows do not say.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from tests.dashboard import wait_for
from tests.databases import prepare, settings_of
from tests.portal import partner_key
from tests.services.rows import a_new_function
from webapp.aws import Cloud
from webapp.aws.clients import Clients
from webapp.aws.inventory import ADDRESS, SECRET, STACK
from webapp.backup.copies import back_up, restore
from webapp.db import temporary_engine
from webapp.errors import Conflict
from webapp.models import (
    Address,
    AddressStatus,
    FunctionChange,
    Lease,
    Network,
    NewKey,
    NewNetwork,
    NewVersion,
    Site,
    Status,
)
from webapp.sandbox.launcher import Sandbox
from webapp.scope import CloudScope
from webapp.services import addresses, functions, keys, networks
from webapp.services.addresses import orphans
from webapp.services.addresses.comparison import compare_with_aws
from webapp.services.engine import leases
from webapp.services.functions import previews
from webapp.services.functions.operation import FunctionOperation
from webapp.services.inspection import drift
from webapp.services.networks.operation import NetworkOperation
from webapp.settings import Settings

NAME, REGION = "meanwhile", "us-east-1"
UNUSED = "unused"
SITE = Site(None, REGION)
WIDER = FunctionChange(settings={"limit": 20})
_numbers = count()


@pytest.fixture
def scope(session: Session, clients: Clients, settings: Settings) -> CloudScope:
    cloud = Cloud.connect(clients, prefix=NAME, poll_s=settings.poll_s)
    return CloudScope(session, "tests", cloud, settings)


@pytest.fixture
def settings(settings: Settings, sandbox: Sandbox) -> Settings:
    endpoints = json.loads(sandbox.environment()["EGRET_ENDPOINTS"])
    return settings.model_copy(update={"name_prefix": NAME, "endpoints": endpoints, "poll_s": 0.2})


def step(scope: CloudScope) -> None:
    """What the background does next."""
    engine = scope.session.get_bind()
    assert isinstance(engine, Engine)
    leases.run_one(
        engine,
        {
            "network": NetworkOperation.handler(scope.own, scope.settings),
            "function": FunctionOperation.handler(scope.own, scope.settings),
        },
    )
    scope.session.expire_all()


def settle(scope: CloudScope) -> None:
    """Until nothing is left to do."""

    def is_settled() -> bool:
        step(scope)
        return not scope.session.exec(select(Lease)).first()

    wait_for(is_settled, 60)


@contextmanager
def restored(scope: CloudScope, file: Path) -> Iterator[CloudScope]:
    """A dashboard with the backup's rows."""
    elsewhere = settings_of(file.parent / f"new-{next(_numbers)}")
    prepare(elsewhere)
    restore(elsewhere.database, file, actor="tests")
    with temporary_engine(elsewhere.database) as new, Session(new, expire_on_commit=False) as found:
        its = {"data_dir": elsewhere.data_dir, "database_url": elsewhere.database_url}
        there = scope.settings.model_copy(update=its)
        yield CloudScope(found, "tests", scope.own, there)


def test_a_restored_dashboard_copes_with_what_happened_in_aws_since_the_backup(
    scope: CloudScope, sandbox: Sandbox, settings: Settings, tmp_path: Path
) -> None:
    empty, building, ready = (tmp_path / name for name in ("empty", "building", "ready"))
    back_up(settings.database, empty)
    networks.create(scope, NewNetwork(name=NAME, region=REGION, availability_zones=1))

    def is_creating() -> bool:
        step(scope)
        return networks.get(scope.session, NAME).status is Status.CREATING

    wait_for(is_creating, 30)
    back_up(settings.database, building)
    with restored(scope, building) as going_on:
        settle(going_on)
        network = networks.get(going_on.session, NAME)
        assert network.status is Status.READY
        secrets = make_the_rest(going_on, network, sandbox)
        back_up(going_on.settings.database, ready)
        with restored(scope, empty) as knows_nothing:
            assert_its_resources_are_orphans(knows_nothing)
        change(going_on, secrets[1])
        with restored(scope, ready) as older:
            assert_the_function_can_be_changed_again(older)
            assert_the_keys_can_be_stored_again(older, secrets)
            assert_the_released_address_is_lost(older)
            networks.park(going_on, NAME)
            settle(going_on)
            assert_the_network_can_be_parked_again(older)
        delete(going_on)
    with restored(scope, ready) as older:
        assert_what_is_gone_can_be_deleted(older)


def make_the_rest(scope: CloudScope, network: Network, sandbox: Sandbox) -> list[str]:
    """A free address, two keys and a function. Gives secrets, the first of them the keys'."""
    addresses.create(scope, site=SITE)
    (used,) = addresses.of_network(scope.session, network.id)
    secrets = [partner_key(sandbox, [used.public_ip or ""]) for _ in range(2)]
    for name in (NAME, UNUSED):
        keys.create(scope, NewKey(name=name, secret=secrets[0]))
    new = a_new_function(NAME)
    functions.create(scope, new)
    settle(scope)
    return secrets


def change(scope: CloudScope, secret: str) -> None:
    functions.change(scope, NAME, WIDER)
    keys.add_version(scope, NAME, NewVersion(secret=secret))
    keys.delete(scope, UNUSED, typed=UNUSED)
    spare = free_address(scope)
    addresses.release(scope, spare.id, typed=spare.public_ip or "")
    settle(scope)


def delete(scope: CloudScope) -> None:
    functions.delete(scope, NAME, typed=NAME)
    settle(scope)
    keys.delete(scope, NAME, typed=NAME)
    networks.delete(scope, NAME, typed=NAME)
    settle(scope)
    left = free_address(scope)
    addresses.release(scope, left.id, typed=left.public_ip or "")


def free_address(scope: CloudScope) -> Address:
    free = select(Address).where(Address.status == AddressStatus.FREE)
    return scope.session.exec(free).one()


def assert_its_resources_are_orphans(scope: CloudScope) -> None:
    found = orphans.find(scope).orphans
    assert sorted(each.found.kind for each in found) == [
        *[ADDRESS] * 2,
        *[SECRET] * 2,
        *[STACK] * 2,
    ]
    (free,) = (each for each in found if each.adoptable)
    assert orphans.adopt(scope, site=SITE, id=free.found.id).status is AddressStatus.FREE


def assert_the_function_can_be_changed_again(scope: CloudScope) -> None:
    function = functions.get(scope.session, NAME)
    assert function.settings["limit"] == 10
    functions.change(scope, NAME, WIDER)
    settle(scope)
    assert (function.status, function.settings["limit"]) == (Status.READY, 20)


def assert_the_network_can_be_parked_again(scope: CloudScope) -> None:
    network = networks.get(scope.session, NAME)
    (difference,) = drift.report(scope.session, scope.own, network).differences
    assert (difference.expected, difference.actual) == ("ready", "parked")
    assert "backup" in difference.by_hand
    networks.park(scope, NAME)
    settle(scope)
    assert network.status is Status.PARKED
    assert drift.report(scope.session, scope.own, network).in_sync


def assert_the_keys_can_be_stored_again(scope: CloudScope, secrets: list[str]) -> None:
    """One was rotated, the other deleted."""
    before = keys.get(scope.session, NAME).fingerprint
    keys.add_version(scope, NAME, NewVersion(secret=secrets[1]))
    assert keys.get(scope.session, NAME).fingerprint != before
    with pytest.raises(Conflict, match="was deleted in AWS"):
        keys.add_version(scope, UNUSED, NewVersion(secret=secrets[1]))
    keys.delete(scope, UNUSED, typed=UNUSED)
    keys.create(scope, NewKey(name=UNUSED, secret=secrets[1]))
    keys.delete(scope, UNUSED, typed=UNUSED)


def assert_the_released_address_is_lost(scope: CloudScope) -> None:
    spare = free_address(scope)
    compare_with_aws(scope, SITE)
    assert addresses.get(scope.session, spare.id).status is AddressStatus.LOST
    addresses.release(scope, spare.id, typed=spare.public_ip or "")
    assert not [each for each in scope.session.exec(select(Address)) if not each.network_id]


def assert_what_is_gone_can_be_deleted(scope: CloudScope) -> None:
    with pytest.raises(Conflict, match="was deleted outside Egret"):
        drift.report(scope.session, scope.own, networks.get(scope.session, NAME))
    assert not previews.fetch(scope, functions.get(scope.session, NAME)).ok
    functions.delete(scope, NAME, typed=NAME)
    settle(scope)
    networks.delete(scope, NAME, typed=NAME)
    settle(scope)
    assert functions.find(scope.session, NAME) is None
    assert networks.find(scope.session, NAME) is None
    for name in (NAME, UNUSED):
        keys.delete(scope, name, typed=name)
    compare_with_aws(scope, SITE)
    for address in scope.session.exec(select(Address)).all():
        assert address.status is AddressStatus.LOST
        addresses.release(scope, address.id, typed=address.public_ip or "")
