"""A function's life, step by step; `cloud` sees to it that no call to AWS holds the database."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import boto3
import httpx
import pytest
from sqlalchemy import Engine, update
from sqlmodel import Session, col, select

from tests.dashboard import wait_for
from tests.portal import partner_key, revoke
from tests.postgresql import on_either_database
from webapp.aws import Cloud
from webapp.aws.clients import Clients
from webapp.errors import Conflict
from webapp.models import (
    Function,
    Lease,
    Nat,
    Network,
    NewChange,
    NewFunction,
    NewKey,
    NewNetwork,
    NewVersion,
    Status,
)
from webapp.sandbox.launcher import Sandbox
from webapp.services import addresses, functions, keys, networks
from webapp.services.engine import leases
from webapp.services.functions import previews
from webapp.services.functions.operation import FunctionOperation
from webapp.services.inspection import proofs
from webapp.services.networks import change
from webapp.services.networks.operation import NetworkOperation
from webapp.services.scope import CloudScope
from webapp.settings import Settings

REGION = "us-east-1"
NAME = "lived"
THROTTLED = (
    "Too Many Requests (Service: ApiGateway, Status Code: 429, Request ID: 0-0, Extended Request "
    "ID: null)"
)


@pytest.fixture
def settings(settings: Settings, sandbox: Sandbox) -> Settings:
    endpoints = json.loads(sandbox.environment()["EGRET_ENDPOINTS"])
    return settings.model_copy(update={"name_prefix": NAME, "endpoints": endpoints})


def settle(scope: CloudScope, engine: Engine, but: Function | None = None) -> None:
    """What the background does, until nothing is left to do, but with one function."""
    handlers = {
        "network": NetworkOperation.handler(scope.cloud, scope.settings),
        "function": FunctionOperation.handler(scope.cloud, scope.settings),
    }
    due = select(Lease).where(Lease.resource != (but.owner if but else ""))

    def is_settled() -> bool:
        leases.run_one(engine, handlers)
        return not scope.session.exec(due).first()

    wait_for(is_settled, 60)
    scope.session.expire_all()


@contextmanager
def held(session: Session, function: Function) -> Iterator[None]:
    """The background leaves it alone meanwhile."""
    mine = update(Lease).where(col(Lease.resource) == function.owner)
    session.connection().execute(mine.values(due_at=Lease.due_at + 1000))
    session.commit()
    yield
    session.connection().execute(mine.values(due_at=0.0))
    session.commit()


def throttle(sandbox: Sandbox, *, when: str) -> None:
    """API Gateway refuses one change, as it does when many functions change at once."""
    resource = {"create": "RestApi", "update": "Function"}[when]
    switch = {"stack": f"{NAME}-function-{NAME}", "resource": resource, "when": when}
    url = f"{sandbox.info.aws_endpoint}/_egret/switches"
    httpx.put(url, json=[switch | {"reason": THROTTLED}]).raise_for_status()


def test_it_is_made_fetches_follows_its_key_and_goes(
    scope: CloudScope, session: Session, engine: Engine, sandbox: Sandbox
) -> None:
    network = networks.create(scope, NewNetwork(name=NAME, region=REGION, availability_zones=1))
    settle(scope, engine)
    ip = addresses.of_network(session, network.id)[0].public_ip or ""
    secrets = [partner_key(sandbox, [ip]) for _ in range(2)]
    keys.create(scope, NewKey(name=NAME, secret=secrets[0]))
    new = NewFunction(
        name=NAME,
        template="clash_rankings",
        network=NAME,
        key=NAME,
        settings={"location": "32000006", "limit": 10},
    )
    throttle(sandbox, when="create")
    function = functions.create(scope, new)
    settle(scope, engine)
    assert (function.status, function.attempts) == (Status.READY, 2), function.reason
    assert previews.cached(session, function).egress_ip == ip

    keys.add_version(scope, NAME, NewVersion(secret=secrets[1]))
    assert previews.fetch(scope, function).ok
    assert [proof.seen_ip for proof in proofs.prove(scope, network)] == [ip]

    change.create(scope, NAME, NewChange(availability_zones=2))
    late = functions.create(scope, new.model_copy(update={"name": "late"}))
    with held(session, late):  # it is still being created when its network has another zone
        change.confirm(scope, NAME)
        throttle(sandbox, when="update")
        settle(scope, engine, but=late)
    settle(scope, engine)
    assert function.attempts == 2
    for each in (function, late):
        assert each.outputs["SubnetIds"] == network.outputs["PrivateSubnetIds"], each.name

    functions.delete(scope, "late", typed="late")
    functions.delete(scope, NAME, typed=NAME)
    settle(scope, engine)
    keys.delete(scope, NAME, typed=NAME)
    networks.delete(scope, NAME, typed=NAME)
    settle(scope, engine)
    (address,) = addresses.free(session, REGION)
    addresses.release(scope, address.id, typed=ip)
    for secret in secrets:
        revoke(sandbox, secret)


@on_either_database
def test_a_key_that_a_function_was_just_made_with_is_kept(
    session: Session, engine: Engine, sandbox: Sandbox, clients: Clients, settings: Settings
) -> None:
    """The function comes while the secret is being deleted."""
    network = Network(
        name="slow", region=REGION, cidr="10.0.0.0/16", availability_zones=1, nat=Nat.SINGLE
    )
    session.add(network)
    session.commit()

    def make_function(**_: object) -> None:
        with Session(engine) as other:
            key = keys.get(other, "slow")
            row = Function(name="f", template="t", network_id=network.id, key_id=key.id)
            other.add(row)
            other.commit()

    boto = boto3.Session(region_name=settings.home_region)
    boto.events.register("before-call.secrets-manager.DeleteSecret", make_function)
    racing = Cloud.connect(clients=Clients(sandbox.info.aws_endpoint, boto))
    scope = CloudScope(session, "tests", racing, settings)
    secret = partner_key(sandbox, ["203.0.113.9"])
    key = keys.create(scope, NewKey(name="slow", secret=secret))
    with pytest.raises(Conflict, match="just created"):
        keys.delete(scope, "slow", typed="slow")
    manager = clients.secretsmanager(settings.home_region)
    assert "DeletedDate" not in manager.describe_secret(SecretId=key.secret_arn)
    assert keys.get(session, "slow").id == key.id
    manager.delete_secret(SecretId=key.secret_arn)
    revoke(sandbox, secret)
