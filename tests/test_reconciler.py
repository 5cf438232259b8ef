"""The background loop: each kind of row that is due is worked on."""

import time
from io import BytesIO
from threading import Event
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from tests.databases import impatient, locked_by_another
from tests.services.rows import a_function, a_key, a_network, add, an_address
from tests.services.scripted import ScriptedAws
from webapp.aws import Cloud
from webapp.models import Function, Key, Lease, Network, Status
from webapp.reconciler import Reconciler
from webapp.services.engine import leases
from webapp.settings import Settings

DEADLINE_S = 10.0
POLL_S = 0.05
SAID = {"sqlite": "database is locked", "postgresql": "canceling statement due to lock timeout"}


@pytest.fixture
def aws() -> ScriptedAws:
    return ScriptedAws()


def test_every_kind_of_row_that_is_due_is_taken_to_aws(
    engine: Engine, session: Session, settings: Settings, nowhere: Cloud
) -> None:
    """AWS does not answer, so all of them wait; what nobody works on would be finished."""
    outputs = {"SecurityGroupId": "sg-1", "PrivateSubnetIds": "subnet-1"}
    place, used = a_network("place", outputs=outputs), a_key("used")
    rows: list[Network | Function | Key] = [
        a_network(status=Status.REQUESTED),
        a_function(place, used, status=Status.REQUESTED),
        a_key(status=Status.DELETING),
    ]
    add(session, place, used, *rows)
    for row in rows:
        leases.make_due(session, row.owner)
    session.commit()
    owners, started = [row.owner for row in rows], time.time()
    waiting = select(Lease.resource).where(
        col(Lease.resource).in_(owners), col(Lease.due_at) > started + 1
    )
    running = Reconciler(engine, nowhere, settings)
    running.start()
    while time.time() < started + DEADLINE_S and len(session.exec(waiting).all()) < len(rows):
        session.commit()
        time.sleep(POLL_S)
    running.stop()
    assert set(session.exec(waiting).all()) == set(owners)


def test_a_proof_that_takes_long_keeps_no_operation_waiting(
    engine: Engine, session: Session, settings: Settings, aws: ScriptedAws
) -> None:
    outputs = {"AvailabilityZones": "zone-a", "ProbeFunctionNames": "probe"}
    network = a_network(outputs=outputs)
    add(session, network, an_address(network))
    started, finished = Event(), Event()

    def probe(_: object) -> Any:
        started.set()
        finished.wait(DEADLINE_S)
        return {"Payload": BytesIO(b'{"ip": "203.0.113.7"}')}

    aws.answers["Invoke"] = probe
    leases.make_due(session, f"proof:{network.id}")
    session.commit()
    running = Reconciler(engine, aws.cloud, settings)
    running.start()
    assert started.wait(DEADLINE_S)
    for number in range(5):
        leases.make_due(session, f"network:gone-{number}")
    session.commit()
    operations = select(Lease.resource).where(leases.of("network"))
    until = time.time() + DEADLINE_S
    while time.time() < until and session.exec(operations).all():
        session.commit()
        time.sleep(POLL_S)
    assert not session.exec(operations).all()
    assert not finished.is_set()
    finished.set()
    running.stop()


def test_a_database_that_is_locked_at_the_start_is_waited_for(
    engine: Engine, settings: Settings, nowhere: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    with impatient(engine), locked_by_another(settings.database):
        running = Reconciler(engine, nowhere, settings)
        running.start()
        until = time.time() + DEADLINE_S
        while time.time() < until and not caplog.records:
            time.sleep(POLL_S)
        running.stop()
    lines = {record.getMessage() for record in caplog.records if not record.exc_info}
    said = SAID[engine.dialect.name]
    assert lines == {f"the database cannot be used; the work waits for it: {said}"}
    assert not [record for record in caplog.records if record.exc_info]
