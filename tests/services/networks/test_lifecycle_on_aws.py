"""Networks, step by step on the embedded AWS: what a crash between two steps leaves is found."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, update
from sqlmodel import Session

from tests.dashboard import wait_for
from tests.services.rows import a_key, a_network, a_new_function, add
from webapp.aws import Cloud
from webapp.aws.cloudformation.stacks import Phase
from webapp.errors import Conflict, Invalid, NotFound
from webapp.models import Lease, Nat, Network, NewChange, NewNetwork, Site, Status
from webapp.scope import CloudScope
from webapp.services import addresses, functions, networks, whitelists
from webapp.services.addresses.comparison import compare_with_aws
from webapp.services.engine import leases
from webapp.services.inspection import drift
from webapp.services.networks import change
from webapp.services.networks.operation import NetworkOperation
from webapp.services.overview import overview
from webapp.settings import Settings

REGION = "us-east-1"
PREFIX = "steps"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"name_prefix": PREFIX})


def new(scope: CloudScope, name: str, **choices: Any) -> Network:
    choices = {"availability_zones": 1} | choices
    return networks.create(scope, NewNetwork(name=name, region=REGION, **choices))


def work_on(engine: Engine, scope: CloudScope, until: Any) -> None:
    """What the background loop does, here and now."""
    handlers = {"network": NetworkOperation.handler(scope.own, scope.settings)}

    def step_and_check() -> bool:
        leases.run_one(engine, handlers)
        return bool(until())

    wait_for(step_and_check, 60)


def clean_up(engine: Engine, scope: CloudScope, name: str) -> None:
    session = scope.session
    used = [a.id for a in addresses.of_network(session, networks.get(session, name).id)]
    networks.delete(scope, name, typed=name)
    work_on(engine, scope, lambda: is_gone(engine, name))
    session.expire_all()
    for address_id in used:
        ip = addresses.get(session, address_id).public_ip or ""
        addresses.release(scope, address_id, typed=ip)


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
    scope: CloudScope, engine: Engine, session: Session
) -> None:
    network = new(scope, "early")
    (address,) = addresses.of_network(session, network.id)
    assert network.status is Status.CREATING
    assert address.public_ip
    clean_up(engine, scope, "early")


def test_a_stack_whose_answer_was_lost_is_adopted_not_created_twice(
    scope: CloudScope, engine: Engine, session: Session
) -> None:
    network = new(scope, "lost")
    made, network.stack_id, network.status = network.stack_id, None, Status.REQUESTED
    session.commit()
    expire_leases(session)
    work_on(engine, scope, lambda: status_of(engine, "lost") is Status.READY)
    session.expire_all()
    assert networks.get(session, "lost").stack_id == made
    clean_up(engine, scope, "lost")


def test_a_stack_whose_answer_was_lost_is_deleted_with_the_network(
    scope: CloudScope, engine: Engine, session: Session, cloud: Cloud
) -> None:
    network = new(scope, "orphan")
    made, network.stack_id = network.stack_id, None
    assert made is not None
    session.commit()
    expire_leases(session)
    clean_up(engine, scope, "orphan")
    stack = cloud.stacks.describe(REGION, made)
    assert stack is None or stack.phase is Phase.GONE


def test_the_second_of_two_clicks_joins_the_operation_of_the_first(
    scope: CloudScope, engine: Engine, session: Session
) -> None:
    """Each has read the network before the other one has changed it."""
    network = new(scope, "joined")
    work_on(engine, scope, lambda: status_of(engine, "joined") is Status.READY)
    session.refresh(network)
    with Session(engine) as other:
        first = networks.park(replace(scope, session=other), "joined").operation_id
    assert network.status is Status.READY, "what it has read before"
    assert networks.park(scope, "joined").operation_id == first
    work_on(engine, scope, lambda: status_of(engine, "joined") is Status.PARKED)
    session.refresh(network)
    with Session(engine) as other:
        first = networks.delete(
            replace(scope, session=other), "joined", typed="joined"
        ).operation_id
    assert networks.delete(scope, "joined", typed="joined").operation_id == first
    clean_up(engine, scope, "joined")


def test_no_function_is_created_in_a_network_that_is_deleted_at_the_same_moment(
    scope: CloudScope, engine: Engine, session: Session
) -> None:
    network = new(scope, "going")
    work_on(engine, scope, lambda: status_of(engine, "going") is Status.READY)
    session.refresh(network)
    allowed = [address.public_ip or "" for address in addresses.of_network(session, network.id)]
    key = a_key("early", cidrs=tuple(allowed))
    session.add(key)
    session.commit()
    with Session(engine) as other:
        networks.delete(replace(scope, session=other), "going", typed="going")
    assert network.status is Status.READY, "what it has read before"
    with pytest.raises(Conflict, match="deleting"):
        functions.create(scope, a_new_function("late", network="going", key="early"))
    session.rollback()
    session.delete(key)
    session.commit()
    clean_up(engine, scope, "going")


def test_zones_that_the_region_has_not_are_refused_before_anything_is_made(
    scope: CloudScope, session: Session
) -> None:
    for choices in ({"availability_zones": 3}, {"zones": [f"{REGION}c"]}):
        with pytest.raises(Invalid, match="NAT gateways and"):
            networks.create(scope, NewNetwork(name="wide", region=REGION, **choices))
        session.rollback()
    wide = a_network("wide", region=REGION, availability_zones=2)
    wide.zones = [f"{REGION}a", f"{REGION}b"]
    add(session, wide)
    for larger in (NewChange(availability_zones=3), NewChange(zones=[f"{REGION}c"])):
        with pytest.raises(Invalid, match="NAT gateways and"):
            change.create(scope, "wide", larger)
        session.rollback()
    assert (addresses.page(session).rows, wide.change) == ([], {})


def test_the_zones_may_be_chosen(scope: CloudScope, engine: Engine, session: Session) -> None:
    network = networks.create(scope, NewNetwork(name="chosen", region=REGION, zones=[f"{REGION}b"]))
    assert (network.availability_zones, network.planned_zones) == (1, [f"{REGION}b"])
    work_on(engine, scope, lambda: status_of(engine, "chosen") is Status.READY)
    session.refresh(network)
    assert network.output_list("AvailabilityZones") == [f"{REGION}b"]
    change.create(scope, "chosen", NewChange(zones=[f"{REGION}a"]))
    assert network.change["zones"] == [f"{REGION}b", f"{REGION}a"]
    clean_up(engine, scope, "chosen")


def test_a_chosen_address_must_be_free_and_fit(scope: CloudScope, session: Session) -> None:
    with pytest.raises(Conflict, match="not free"):
        new(scope, "chooses", addresses=["unknown"])
    session.rollback()
    free = [addresses.create(scope, site=Site(None, REGION)) for _ in range(2)]
    ids = [address.id for address in free]
    with pytest.raises(Invalid, match="one address each"):
        new(scope, "chooses", nat=Nat.SINGLE, addresses=ids)
    session.rollback()
    for address in free:
        ip = address.public_ip or ""
        addresses.release(scope, address.id, typed=ip)


def test_a_lost_address_is_reported_wherever_it_matters_and_recovered(
    scope: CloudScope, engine: Engine, session: Session, cloud: Cloud
) -> None:
    network = new(scope, "bereft")
    work_on(engine, scope, lambda: status_of(engine, "bereft") is Status.READY)
    session.refresh(network)
    networks.park(scope, "bereft")
    work_on(engine, scope, lambda: status_of(engine, "bereft") is Status.PARKED)
    session.expire_all()
    (address,) = addresses.of_network(session, network.id)
    ip = address.public_ip or ""
    assert whitelists.kit(session, network).addresses == [ip]
    cloud.addresses.release(REGION, address.allocation_id or "")  # outside Egret
    (difference,) = drift.report(session, cloud, network).differences
    assert (difference.what, difference.actual) == (f"Address {ip}", "released")
    compare_with_aws(scope, Site(None, REGION))
    assert whitelists.kit(session, network).addresses == []
    assert overview(session).warnings[0].text.startswith(f"{ip} of bereft was released")
    with pytest.raises(Conflict, match="Released outside Egret"):
        networks.unpark(scope, "bereft")
    addresses.recover(scope, address.id)
    networks.unpark(scope, "bereft")
    work_on(engine, scope, lambda: status_of(engine, "bereft") is Status.READY)
    clean_up(engine, scope, "bereft")


def expire_leases(session: Session) -> None:
    """As after a crash, once the lease has run out."""
    session.connection().execute(update(Lease).values(expires_at=0, due_at=0))
    session.commit()
