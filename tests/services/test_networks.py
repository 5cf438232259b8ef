"""Networks, step by step on the embedded AWS: what a crash between two steps leaves is found."""

from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from tests.dashboard import wait_for
from webapp.aws import Cloud
from webapp.aws.stacks import Phase
from webapp.errors import Conflict, Invalid, NotFound
from webapp.models import Nat, Network, Status
from webapp.services import addresses, leases, network_steps, networks
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


def test_a_chosen_address_must_be_free_and_fit(
    session: Session, cloud: Cloud, settings: Settings
) -> None:
    with pytest.raises(Conflict, match="not free"):
        new(session, cloud, settings, "chooses", address_ids=["unknown"])
    session.rollback()
    free = [addresses.create(session, cloud, actor="tests", region=REGION) for _ in range(2)]
    ids = [address.id for address in free]
    with pytest.raises(Invalid, match="one address each"):
        new(session, cloud, settings, "chooses", nat=Nat.SINGLE, address_ids=ids)
    session.rollback()
    for address in free:
        ip = address.public_ip or ""
        addresses.release(session, cloud, address.id, actor="tests", typed=ip)


def expire_leases(session: Session) -> None:
    """As after a crash, once the lease has run out."""
    from sqlalchemy import update

    from webapp.models import Lease

    session.connection().execute(update(Lease).values(expires_at=0, due_at=0))
    session.commit()
