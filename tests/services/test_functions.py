"""A function's life, step by step; `cloud` sees to it that no call to AWS holds the database."""

import json
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from tests.dashboard import wait_for
from tests.portal import partner_key, revoke
from tests.postgresql import on_either_database
from webapp.aws import Cloud
from webapp.models import Lease, Status
from webapp.sandbox.launcher import Sandbox
from webapp.services import (
    addresses,
    function_steps,
    functions,
    keys,
    leases,
    network_steps,
    networks,
    previews,
    proofs,
)
from webapp.settings import Settings

REGION = "us-east-1"
NAME = "lived"
ACTOR: dict[str, Any] = {"actor": "tests"}


@pytest.fixture
def settings(settings: Settings, sandbox: Sandbox) -> Settings:
    endpoints = json.loads(sandbox.environment()["EGRET_ENDPOINTS"])
    return settings.model_copy(update={"name_prefix": NAME, "endpoints": endpoints})


def settle(session: Session, engine: Engine, cloud: Cloud, settings: Settings) -> None:
    """What the background does, until nothing is left to do."""
    steps = {
        "network": network_steps.step(cloud, settings),
        "function": function_steps.step(cloud, settings),
    }

    def is_settled() -> bool:
        leases.run_one(engine, steps)
        return not session.exec(select(Lease)).first()

    wait_for(is_settled, 60)
    session.expire_all()


@on_either_database
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

    functions.destroy(session, cloud, settings, **told, typed=NAME)
    settle(session, engine, cloud, settings)
    keys.destroy(session, cloud, **told, typed=NAME)
    networks.destroy(session, cloud, settings, **told, typed=NAME)
    settle(session, engine, cloud, settings)
    (address,) = addresses.free(session, REGION)
    addresses.release(session, cloud, address.id, **ACTOR, typed=ip)
    for secret in secrets:
        revoke(sandbox, secret)
