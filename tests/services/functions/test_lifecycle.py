"""A function's life, step by step; `cloud` sees to it that no call to AWS holds the database."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from sqlalchemy import Engine, update
from sqlmodel import Session, col, select

from tests.dashboard import wait_for
from tests.portal import partner_key, revoke
from tests.postgresql import on_either_database
from webapp.aws import Cloud
from webapp.aws.clients import Clients
from webapp.errors import Conflict
from webapp.models import Function, Lease, Nat, Network, Status
from webapp.sandbox.launcher import Sandbox
from webapp.services import keys
from webapp.services.addresses import pool as addresses
from webapp.services.engine import leases
from webapp.services.functions import lifecycle as functions
from webapp.services.functions import operation as function_steps
from webapp.services.functions import previews
from webapp.services.inspection import proofs
from webapp.services.networks import change as growth
from webapp.services.networks import lifecycle as networks
from webapp.services.networks import operation as network_steps
from webapp.settings import Settings

REGION = "us-east-1"
NAME = "lived"
ACTOR: dict[str, Any] = {"actor": "tests"}


@pytest.fixture
def settings(settings: Settings, sandbox: Sandbox) -> Settings:
    endpoints = json.loads(sandbox.environment()["EGRET_ENDPOINTS"])
    return settings.model_copy(update={"name_prefix": NAME, "endpoints": endpoints})


def settle(
    session: Session, engine: Engine, cloud: Cloud, settings: Settings, but: Function | None = None
) -> None:
    """What the background does, until nothing is left to do, but with one function."""
    steps = {
        "network": network_steps.step(cloud, settings),
        "function": function_steps.step(cloud, settings),
    }
    due = select(Lease).where(Lease.resource != (but.owner if but else ""))

    def is_settled() -> bool:
        leases.run_one(engine, steps)
        return not session.exec(due).first()

    wait_for(is_settled, 60)
    session.expire_all()


@contextmanager
def held(session: Session, function: Function) -> Iterator[None]:
    """The background leaves it alone meanwhile."""
    mine = update(Lease).where(col(Lease.resource) == function.owner)
    session.connection().execute(mine.values(due_at=Lease.due_at + 1000))
    session.commit()
    yield
    session.connection().execute(mine.values(due_at=0.0))
    session.commit()


def test_it_is_made_fetches_follows_its_key_and_goes(
    session: Session, engine: Engine, cloud: Cloud, settings: Settings, sandbox: Sandbox
) -> None:
    told = {**ACTOR, "name": NAME}
    network = networks.create(session, cloud, settings, **told, region=REGION, availability_zones=1)
    settle(session, engine, cloud, settings)
    ip = addresses.of_network(session, network.id)[0].public_ip or ""
    secrets = [partner_key(sandbox, [ip]) for _ in range(2)]
    keys.create(session, cloud, settings, **told, secret=secrets[0])
    values = {"location": "32000006", "limit": 10}
    made: dict[str, Any] = {
        "template": "clash_rankings",
        "network": NAME,
        "key": NAME,
        "values": values,
    }
    function = functions.create(session, cloud, settings, **told, **made)
    settle(session, engine, cloud, settings)
    assert function.status is Status.READY
    assert previews.cached(session, function).egress_ip == ip

    keys.add_version(session, cloud, **told, secret=secrets[1])
    assert previews.fetch(session, cloud, function, **ACTOR).ok
    assert [proof.seen_ip for proof in proofs.prove(session, cloud, network, **ACTOR)] == [ip]

    growth.propose(session, cloud, settings, **told, availability_zones=2, nat=Nat.SINGLE)
    late = functions.create(session, cloud, settings, **(made | {**ACTOR, "name": "late"}))
    with held(session, late):  # it is still being made when its network has grown
        growth.confirm(session, cloud, settings, **told)
        settle(session, engine, cloud, settings, but=late)
    settle(session, engine, cloud, settings)
    for each in (function, late):
        assert each.outputs["SubnetIds"] == network.outputs["PrivateSubnetIds"], each.name

    functions.destroy(session, cloud, settings, **ACTOR, name="late", typed="late")
    functions.destroy(session, cloud, settings, **told, typed=NAME)
    settle(session, engine, cloud, settings)
    keys.destroy(session, cloud, **told, typed=NAME)
    networks.destroy(session, cloud, settings, **told, typed=NAME)
    settle(session, engine, cloud, settings)
    (address,) = addresses.free(session, REGION)
    addresses.release(session, cloud, address.id, **ACTOR, typed=ip)
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
    cloud = Cloud.connect(clients=Clients(sandbox.info.aws_endpoint, boto))
    secret = partner_key(sandbox, ["203.0.113.9"])
    key = keys.create(session, cloud, settings, **ACTOR, name="slow", secret=secret)
    with pytest.raises(Conflict, match="just made"):
        keys.destroy(session, cloud, **ACTOR, name="slow", typed="slow")
    manager = clients.secretsmanager(settings.home_region)
    assert "DeletedDate" not in manager.describe_secret(SecretId=key.secret_arn)
    assert keys.get(session, "slow").id == key.id
    manager.delete_secret(SecretId=key.secret_arn)
    revoke(sandbox, secret)
