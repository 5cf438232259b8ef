"""Networks, step by step on the embedded AWS: what a crash between two steps leaves is found."""

from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from tests.dashboard import wait_for
from webapp.aws import Cloud
from webapp.aws.cloudformation.stacks import Phase
from webapp.errors import Conflict, Invalid, NotFound
from webapp.models import Address, Key, Nat, Network, Status
from webapp.services import whitelists
from webapp.services.addresses import pool as addresses
from webapp.services.engine import leases
from webapp.services.functions import lifecycle as functions
from webapp.services.inspection import drift as drifts
from webapp.services.networks import lifecycle as networks
from webapp.services.networks import operation as network_steps
from webapp.services.overview import overview
from webapp.settings import Settings

REGION = "us-east-1"
PREFIX = "steps"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"name_prefix": PREFIX})


def new(session: Session, cloud: Cloud, settings: Settings, name: str, **choices: Any) -> Network:
    choices = {"availability_zones": 1} | choices
    return networks.create(
        session, cloud, settings, actor="tests", name=name, region=REGION, **choices
    )


def work_on(engine: Engine, cloud: Cloud, settings: Settings, until: Any) -> None:
    """What the background loop does, here and now."""
    steps = {"network": network_steps.step(cloud, settings)}

    def step_and_look() -> bool:
        leases.run_one(engine, steps)
        return bool(until())

    wait_for(step_and_look, 60)


def clean_up(engine: Engine, session: Session, cloud: Cloud, settings: Settings, name: str) -> None:
    used = [a.id for a in addresses.of_network(session, networks.get(session, name).id)]
    networks.destroy(session, cloud, settings, actor="tests", name=name, typed=name)
    work_on(engine, cloud, settings, lambda: is_gone(engine, name))
    session.expire_all()
    for address_id in used:
        ip = addresses.get(session, address_id).public_ip or ""
        addresses.release(session, cloud, address_id, actor="tests", typed=ip)


def is_gone(engine: Engine, name: str) -> bool:
    with Session(engine) as session:
        try:
            networks.get(session, name)
        except NotFound:
            return True
        return False


def status_of(engine: Engine, name: str) -> Status:
    with Session(engine) as session:
        return networks.get(session, name).status


def test_a_network_has_its_address_before_its_stack_is_made(
    engine: Engine, session: Session, cloud: Cloud, settings: Settings
) -> None:
    network = new(session, cloud, settings, "early")
    (address,) = addresses.of_network(session, network.id)
    assert network.status is Status.CREATING
    assert address.public_ip
    clean_up(engine, session, cloud, settings, "early")


def test_a_stack_whose_answer_was_lost_is_adopted_not_made_twice(
    engine: Engine, session: Session, cloud: Cloud, settings: Settings
) -> None:
    network = new(session, cloud, settings, "lost")
    made, network.stack_id, network.status = network.stack_id, None, Status.REQUESTED
    session.commit()
    expire_leases(session)
    work_on(engine, cloud, settings, lambda: status_of(engine, "lost") is Status.READY)
    session.expire_all()
    assert networks.get(session, "lost").stack_id == made
    clean_up(engine, session, cloud, settings, "lost")


def test_a_stack_whose_answer_was_lost_is_deleted_with_the_network(
    engine: Engine, session: Session, cloud: Cloud, settings: Settings
) -> None:
    network = new(session, cloud, settings, "orphan")
    made, network.stack_id = network.stack_id, None
    assert made is not None
    session.commit()
    expire_leases(session)
    clean_up(engine, session, cloud, settings, "orphan")
    stack = cloud.stacks.describe(REGION, made)
    assert stack is None or stack.phase is Phase.GONE


def test_who_clicks_in_the_same_moment_joins_the_operation_of_who_was_first(
    engine: Engine, session: Session, cloud: Cloud, settings: Settings
) -> None:
    """Each has read the network before the other one has changed it."""
    told: dict[str, Any] = {"actor": "tests", "name": "joined"}
    network = new(session, cloud, settings, "joined")
    work_on(engine, cloud, settings, lambda: status_of(engine, "joined") is Status.READY)
    session.refresh(network)
    with Session(engine) as other:
        first = networks.park(other, cloud, settings, **told).operation_id
    assert network.status is Status.READY, "what it has read before"
    assert networks.park(session, cloud, settings, **told).operation_id == first
    work_on(engine, cloud, settings, lambda: status_of(engine, "joined") is Status.PARKED)
    session.refresh(network)
    with Session(engine) as other:
        first = networks.destroy(other, cloud, settings, **told, typed="joined").operation_id
    assert networks.destroy(session, cloud, settings, **told, typed="joined").operation_id == first
    clean_up(engine, session, cloud, settings, "joined")


def test_no_function_is_made_in_a_network_that_is_deleted_in_the_same_moment(
    engine: Engine, session: Session, cloud: Cloud, settings: Settings
) -> None:
    network = new(session, cloud, settings, "going")
    work_on(engine, cloud, settings, lambda: status_of(engine, "going") is Status.READY)
    session.refresh(network)
    key = key_for(addresses.of_network(session, network.id))
    session.add(key)
    session.commit()
    with Session(engine) as other:
        networks.destroy(other, cloud, settings, actor="tests", name="going", typed="going")
    assert network.status is Status.READY, "what it has read before"
    with pytest.raises(Conflict, match="deleting"):
        functions.create(
            session,
            cloud,
            settings,
            actor="tests",
            name="late",
            template="clash_rankings",
            network="going",
            key="early",
            values={"location": "32000006", "limit": 10},
        )
    session.rollback()
    session.delete(key)
    session.commit()
    clean_up(engine, session, cloud, settings, "going")


def test_a_chosen_address_must_be_free_and_fit(
    session: Session, cloud: Cloud, settings: Settings
) -> None:
    with pytest.raises(Conflict, match="not free"):
        new(session, cloud, settings, "chooses", address_ids=["unknown"])
    session.rollback()
    free = [
        addresses.create(session, cloud, settings, actor="tests", region=REGION) for _ in range(2)
    ]
    ids = [address.id for address in free]
    with pytest.raises(Invalid, match="one address each"):
        new(session, cloud, settings, "chooses", nat=Nat.SINGLE, address_ids=ids)
    session.rollback()
    for address in free:
        ip = address.public_ip or ""
        addresses.release(session, cloud, address.id, actor="tests", typed=ip)


def key_for(allowed: list[Address]) -> Key:
    """A key without a secret: nothing here calls the partner."""
    return Key(
        name="early",
        partner="clash_of_clans",
        region=REGION,
        secret_arn="arn:aws:secretsmanager:us-east-1:000000000000:secret:egret/key/early-a1b2c3",
        kms_key_arn="arn:aws:kms:us-east-1:000000000000:key/none",
        fingerprint="0" * 16,
        claims={"cidrs": [address.public_ip for address in allowed]},
    )


def expire_leases(session: Session) -> None:
    """As after a crash, once the lease has run out."""
    from sqlalchemy import update

    from webapp.models import Lease

    session.connection().execute(update(Lease).values(expires_at=0, due_at=0))
    session.commit()


def test_a_lost_address_is_told_wherever_it_matters_and_had_again(
    engine: Engine, session: Session, cloud: Cloud, settings: Settings
) -> None:
    told: dict[str, Any] = {"actor": "tests", "name": "bereft"}
    network = new(session, cloud, settings, "bereft")
    work_on(engine, cloud, settings, lambda: status_of(engine, "bereft") is Status.READY)
    session.refresh(network)
    networks.park(session, cloud, settings, **told)
    work_on(engine, cloud, settings, lambda: status_of(engine, "bereft") is Status.PARKED)
    session.expire_all()
    (address,) = addresses.of_network(session, network.id)
    ip = address.public_ip or ""
    assert whitelists.kit(session, network).addresses == [ip]
    cloud.addresses.release(REGION, address.allocation_id or "")  # outside Egret
    (difference,) = drifts.report(session, cloud, network).differences
    assert (difference.what, difference.actual) == (f"Address {ip}", "released")
    addresses.look(session, cloud, REGION)
    assert whitelists.kit(session, network).addresses == []
    assert overview(session).warnings[0].text.startswith(f"{ip} of bereft was released")
    with pytest.raises(Conflict, match="was released outside Egret"):
        networks.unpark(session, cloud, settings, **told)
    addresses.recover(session, cloud, address.id, actor="tests")
    networks.unpark(session, cloud, settings, **told)
    work_on(engine, cloud, settings, lambda: status_of(engine, "bereft") is Status.READY)
    clean_up(engine, session, cloud, settings, "bereft")
