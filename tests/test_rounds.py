"""Rounds: networks are proven and functions called once a day; a released address becomes lost."""

import json
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import Engine, delete, update
from sqlmodel import Session, select

from tests.faults import worker
from tests.services.accounts.test_details import an_account
from tests.services.rows import (
    ZONES,
    a_network,
    a_proof,
    add,
    add_everything,
    add_function,
    ago,
    an_address,
)
from tests.services.scripted import INCONCLUSIVE, ScriptedAws
from webapp import rounds
from webapp.aws import Cloud
from webapp.aws.clients import Clients
from webapp.db import now_s
from webapp.models import (
    AccessToken,
    AddressStatus,
    Function,
    Lease,
    Network,
    NewNetwork,
    Site,
    Snapshot,
    Status,
    User,
    utc_now,
)
from webapp.sandbox.launcher import Sandbox
from webapp.scope import CloudScope
from webapp.services import access, addresses, networks
from webapp.services.engine import leases
from webapp.services.engine.leases import Handler
from webapp.services.functions import previews
from webapp.services.inspection import proofs
from webapp.settings import Settings

REGION = "us-east-1"


@pytest.fixture
def settings(settings: Settings, sandbox: Sandbox) -> Settings:
    endpoints = json.loads(sandbox.environment()["EGRET_ENDPOINTS"])
    own = {"name_prefix": "rounds", "regions": REGION, "endpoints": endpoints}
    return settings.model_copy(update=own)


@pytest.fixture
def aws() -> ScriptedAws:
    return ScriptedAws()


def run_round(session: Session, engine: Engine, cloud: Cloud, settings: Settings) -> None:
    """The region's round, now; again while it says that there is more to do."""
    rounds.start(session, settings)
    run_due(session, engine, rounds.NOUN, rounds.handler(cloud, settings))
    run_due(session, engine, rounds.CALLS, rounds.caller(cloud, settings))


def run_due(session: Session, engine: Engine, noun: str, handler: Handler) -> None:
    """All rows that are about this, as if they were due."""
    session.connection().execute(
        update(Lease).where(leases.of(noun)).values(due_at=0.0, expires_at=0.0)
    )
    session.commit()
    while leases.run_one(engine, {noun: handler}, those=leases.of(noun)):
        pass
    session.expire_all()


def in_s(session: Session, resource: str) -> float:
    """Until the row is due."""
    due_at = session.exec(select(Lease.due_at).where(Lease.resource == resource)).one()
    return due_at - session.exec(select(now_s())).one()


@pytest.fixture
def network(
    scope: CloudScope, session: Session, cloud: Cloud, settings: Settings
) -> Iterator[Network]:
    """One that is ready, and was proven just now."""
    made = networks.create(scope, NewNetwork(name="looked-at", region=REGION, availability_zones=1))
    worker.drive(session, cloud, settings)
    yield made
    session.rollback()
    session.connection().execute(delete(Lease))
    networks.delete(scope, "looked-at", typed="looked-at")
    worker.drive(session, cloud, settings)
    worker.release_all(scope)


def test_a_network_is_proven_once_a_day(
    session: Session, engine: Engine, cloud: Cloud, settings: Settings, network: Network
) -> None:
    """It was proven when it became ready; the round only plans the next time."""
    for _ in range(2):
        run_round(session, engine, cloud, settings)
    planned = f"{rounds.PROOF}:{network.id}"
    assert len(proofs.list_all(session, network)) == 1
    assert in_s(session, planned) == pytest.approx(proofs.next_in_s(network), abs=60)
    run_due(session, engine, rounds.PROOF, rounds.prover(cloud, settings))
    newest, _ = proofs.list_all(session, network)
    assert newest.ok
    assert newest.echo == "echo.sandbox"
    assert proofs.JUST_NOW_S - 60 < in_s(session, planned) <= proofs.DAY_S + proofs.JUST_NOW_S


def test_an_address_that_was_released_outside_is_lost(
    scope: CloudScope, session: Session, engine: Engine, clients: Clients
) -> None:
    address = addresses.create(scope, site=Site(None, REGION))
    assert address.allocation_id
    clients.ec2(REGION).release_address(AllocationId=address.allocation_id)
    run_round(session, engine, scope.own, scope.settings)
    assert address.status is AddressStatus.LOST
    addresses.recover(scope, address.id)
    typed = address.public_ip or ""
    addresses.release(scope, address.id, typed=typed)


def test_only_networks_that_are_ready_have_a_proof_to_come(
    session: Session, engine: Engine, aws: ScriptedAws, settings: Settings
) -> None:
    ready, parked, gone = (a_network(name, region=REGION) for name in "abc")
    parked.status = Status.PARKED
    add(session, ready, parked)
    leases.make_due_in(session, {f"{rounds.PROOF}:{each.id}": 0.0 for each in (parked, gone)})
    run_due(session, engine, rounds.PROOF, rounds.prover(aws.cloud, settings))
    run_round(session, engine, aws.cloud, settings)
    planned = session.exec(select(Lease.resource).where(leases.of(rounds.PROOF))).all()
    assert planned == [f"{rounds.PROOF}:{ready.id}"]
    assert not aws.asked


def test_a_probe_that_aws_does_not_run_is_tried_again_within_the_hour(
    session: Session, engine: Engine, aws: ScriptedAws, settings: Settings
) -> None:
    outputs = {"AvailabilityZones": ZONES[0], "ProbeFunctionNames": "probe"}
    network = a_network(region=REGION, outputs=outputs)
    add(session, network, an_address(network))
    aws.answers["Invoke"] = INCONCLUSIVE[0]
    planned = f"{rounds.PROOF}:{network.id}"
    leases.make_due(session, planned)
    run_due(session, engine, rounds.PROOF, rounds.prover(aws.cloud, settings))
    assert not proofs.list_all(session, network)
    assert 0 < in_s(session, planned) < 60 * 60


def test_a_region_that_does_not_answer_is_asked_again_later(
    session: Session, engine: Engine, settings: Settings, nowhere: Cloud
) -> None:
    add(session, an_address(region=REGION))
    run_round(session, engine, nowhere, settings)
    due = session.exec(select(Lease.due_at)).all()
    assert min(due) > utc_now().timestamp()


def test_the_log_says_which_account_does_not_answer(
    session: Session,
    engine: Engine,
    settings: Settings,
    nowhere: Cloud,
    caplog: pytest.LogCaptureFixture,
) -> None:
    shop = an_account("shop")
    add(session, shop)
    there = an_address(ip="203.0.113.9", region=REGION, account_id=shop.id)
    add(session, an_address(region=REGION), there)
    run_round(session, engine, nowhere, settings)
    for site in (REGION, f"{REGION} (shop)"):
        assert f"the round of {site} waits" in caplog.text


def test_expired_sessions_are_deleted_although_aws_does_not_answer(
    session: Session, engine: Engine, nowhere: Cloud, settings: Settings
) -> None:
    user = User(name="ada", password_hash="")
    add(session, user)
    access.open_session(session, user)
    session.connection().execute(update(AccessToken).values(expires_at=utc_now()))
    session.commit()
    run_round(session, engine, nowhere, settings)
    assert not session.exec(select(AccessToken)).all()


def test_a_probe_that_lambda_has_no_room_for_does_not_keep_functions_from_being_called(
    session: Session, engine: Engine, aws: ScriptedAws, settings: Settings
) -> None:
    outputs = {"AvailabilityZones": ZONES[0], "ProbeFunctionNames": "probe"}
    function = add_function(session, outputs={"FunctionName": "fun"}, updated_at=ago(60))
    network = session.get_one(Network, function.network_id)
    network.region, network.outputs = REGION, outputs
    session.commit()

    def invoke(asked: Any) -> Any:
        if asked["FunctionName"] == "probe":
            return INCONCLUSIVE[0]
        return {"Payload": BytesIO(b'{"statusCode": 200, "body": "{}"}')}

    aws.answers |= {"DescribeAddresses": {"Addresses": []}, "Invoke": invoke}
    run_round(session, engine, aws.cloud, settings)
    assert proofs.list_all(session, network) == []
    assert session.exec(select(Snapshot)).one().ok


def test_a_function_is_called_once_a_day_and_a_failing_one_once_an_hour(
    session: Session, engine: Engine, cloud: Cloud, settings: Settings
) -> None:
    """Its Lambda function was deleted outside Egret, which nobody else would notice."""
    add_everything(session, 1)
    network, function = session.exec(select(Network)).one(), session.exec(select(Function)).one()
    network.region, function.outputs = REGION, {"FunctionName": "gone"}

    def called(*, good: timedelta, failed: timedelta | None = None, idle_hours: int = 0) -> bool:
        session.connection().execute(delete(Snapshot))
        network.idle_hours, function.look_at = idle_hours, utc_now()
        for ok, age in ((True, good), (False, failed)):
            if age is not None:
                at = utc_now() - age
                session.add(Snapshot(function_id=function.id, ok=ok, fetched_at=at))
        session.commit()
        before = len(session.exec(select(Snapshot)).all())
        run_round(session, engine, cloud, settings)
        return len(session.exec(select(Snapshot)).all()) == before + 1

    minutes, hours = timedelta(minutes=59), timedelta(hours=25)
    assert not called(good=minutes)
    assert called(good=hours)
    _, failure = previews.latest(session, function)
    assert failure and "gone" in failure.problem
    assert not called(good=hours, failed=minutes)
    assert called(good=hours, failed=timedelta(minutes=61))
    assert not called(good=hours, idle_hours=1), "the call would keep the network up"


def test_a_function_with_a_schedule_fetches_again_when_its_minutes_have_passed(
    aws: ScriptedAws, session: Session, engine: Engine, settings: Settings
) -> None:
    """The lease of the calls is the claim: of two replicas, one runs it."""
    aws.answers |= {
        "DescribeAddresses": {"Addresses": []},
        "DescribeNatGateways": {"NatGateways": []},
        "Invoke": lambda _: {"Payload": BytesIO(b'{"statusCode": 200, "body": "{}"}')},
    }
    function = add_function(
        session, schedule={"every_minutes": 15}, outputs={"FunctionName": "fun"}
    )
    network = session.get_one(Network, function.network_id)
    network.region, network.idle_hours = REGION, 3
    add(session, a_proof(network))

    def calls_after(age: timedelta) -> int:
        session.connection().execute(delete(Snapshot))
        session.add(Snapshot(function_id=function.id, ok=True, fetched_at=utc_now() - age))
        function.look_at = utc_now()
        session.commit()
        aws.asked.clear()
        run_round(session, engine, aws.cloud, settings)
        return len(aws.calls("Invoke"))

    def next_call_s() -> float:
        lease = session.exec(select(Lease).where(Lease.resource == f"calls:{REGION}")).one()
        return lease.due_at - session.exec(select(now_s())).one()

    assert calls_after(timedelta(minutes=14)) == 0
    assert rounds.OVERDUE_S < next_call_s() <= 60
    assert calls_after(timedelta(minutes=15, seconds=1)) == 1
    assert next_call_s() > 200
