"""Networks, step by step on the embedded AWS: what a crash between two steps leaves is found."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, update
from sqlmodel import Session

from tests.dashboard import wait_for
from tests.services.rows import a_key, a_network, add, add_function, an_event
from tests.services.scripted import ScriptedAws
from webapp.aws import Cloud
from webapp.aws.cloudformation.stacks import Phase
from webapp.aws.errors import NotReached
from webapp.errors import Conflict, Invalid, NotFound
from webapp.models import Lease, Nat, Network, NewFunction, NewNetwork, Status
from webapp.services import addresses, functions, networks, whitelists
from webapp.services.addresses.comparison import compare_with_aws
from webapp.services.engine import leases
from webapp.services.inspection import drift
from webapp.services.networks.operation import NetworkOperation
from webapp.services.overview import overview
from webapp.services.scope import CloudScope
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
    handlers = {"network": NetworkOperation.handler(scope.cloud, scope.settings)}

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
        functions.create(
            scope,
            NewFunction(
                name="late",
                template="clash_rankings",
                network="going",
                key="early",
                settings={"location": "32000006", "limit": 10},
            ),
        )
    session.rollback()
    session.delete(key)
    session.commit()
    clean_up(engine, scope, "going")


def test_a_chosen_address_must_be_free_and_fit(scope: CloudScope, session: Session) -> None:
    with pytest.raises(Conflict, match="not free"):
        new(scope, "chooses", addresses=["unknown"])
    session.rollback()
    free = [addresses.create(scope, region=REGION) for _ in range(2)]
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
    compare_with_aws(scope, REGION)
    assert whitelists.kit(session, network).addresses == []
    assert overview(session).warnings[0].text.startswith(f"{ip} of bereft was released")
    with pytest.raises(Conflict, match="was released outside Egret"):
        networks.unpark(scope, "bereft")
    addresses.recover(scope, address.id)
    networks.unpark(scope, "bereft")
    work_on(engine, scope, lambda: status_of(engine, "bereft") is Status.READY)
    clean_up(engine, scope, "bereft")


# --- What needs no AWS ------------------------------------------------------------------------


def test_all_fields_that_break_a_rule_are_reported_and_nothing_is_created(
    offline: CloudScope,
) -> None:
    with pytest.raises(Invalid) as refused:
        networks.create(offline, NewNetwork(name="A", region="mars-1", availability_zones=0))
    assert set(refused.value.errors) == {"name", "region", "availability_zones"}
    assert networks.list_all(offline.session) == []


def test_without_an_answer_from_aws_nothing_is_created(offline: CloudScope) -> None:
    with pytest.raises(NotReached):
        networks.create(offline, NewNetwork(name="early", region=REGION))
    assert networks.list_all(offline.session) == []


@pytest.mark.parametrize("status", [Status.REQUESTED, Status.CREATING, Status.DELETING])
def test_a_retry_joins_an_attempt_that_is_under_way(offline: CloudScope, status: Status) -> None:
    network = a_network(status=status)
    add(offline.session, network)
    before = network.operation_id
    assert networks.retry(offline, "net").operation_id == before


@pytest.mark.parametrize("status", [Status.READY, Status.PARKED, Status.UPDATING])
def test_only_what_failed_is_tried_again(offline: CloudScope, status: Status) -> None:
    add(offline.session, a_network(status=status))
    with pytest.raises(Conflict, match="only a failed one"):
        networks.retry(offline, "net")


def test_a_retry_creates_again_or_deletes_again_by_what_had_failed(offline: CloudScope) -> None:
    created = a_network("created", status=Status.FAILED, reason="no room")
    unwanted = a_network("unwanted", status=Status.FAILED, unwanted=True)
    add(offline.session, created, unwanted)
    assert networks.retry(offline, "created").status is Status.REQUESTED
    networks.retry(offline, "unwanted")
    assert networks.find(offline.session, "unwanted") is None, "it had no stack any more"


@pytest.mark.parametrize(
    ("switch", "status"),
    [
        (networks.park, Status.CREATING),
        (networks.park, Status.UNPARKING),
        (networks.unpark, Status.FAILED),
    ],
)
def test_a_network_is_parked_when_it_is_ready_and_unparked_when_it_is_parked(
    offline: CloudScope, switch: Any, status: Status
) -> None:
    add(offline.session, a_network(status=status))
    with pytest.raises(Conflict) as refused:
        switch(offline, "net")
    assert refused.value.code == "wrong_status"


@pytest.mark.parametrize("status", [Status.PARKING, Status.PARKED])
def test_parking_twice_is_one_operation(offline: CloudScope, status: Status) -> None:
    network = a_network(status=status)
    add(offline.session, network)
    before = network.operation_id
    assert networks.park(offline, "net").operation_id == before


def test_an_intent_is_kept_although_aws_does_not_answer(offline: CloudScope) -> None:
    add(offline.session, a_network(stack_id="arn:aws:cloudformation:r:0:stack/net/1"))
    network = networks.park(offline, "net")
    assert network.status is Status.PARKING
    assert "Could not connect" in network.reason


def test_a_protected_network_is_deleted_only_after_its_protection_is_switched_off(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    add(scripted.session, a_network(protected=True, stack_id="arn:of:a:stack/net/1"))
    aws.answers["UpdateTerminationProtection"] = {}
    with pytest.raises(Conflict) as refused:
        networks.delete(scripted, "net", typed="net")
    assert refused.value.code == "network_protected"
    assert not networks.protect(scripted, "net", on=False).protected
    (request,) = aws.calls("UpdateTerminationProtection")
    assert request["EnableTerminationProtection"] is False


def test_a_network_with_functions_is_not_deleted(offline: CloudScope) -> None:
    add_function(offline.session)
    with pytest.raises(Conflict, match="is used by: fun"):
        networks.delete(offline, "net", typed="net")


@pytest.mark.parametrize(
    ("typed", "retain", "field"), [("nett", None, "confirm"), ("net", ["Subnet"], "retain")]
)
def test_a_deletion_needs_the_name_and_leaves_behind_only_what_could_not_be_deleted(
    offline: CloudScope, typed: str, retain: list[str] | None, field: str
) -> None:
    network = a_network(status=Status.FAILED, unwanted=True)
    add(offline.session, network, an_event(network, "DELETE_FAILED"))
    with pytest.raises(Invalid) as refused:
        networks.delete(offline, "net", typed=typed, retain=retain)
    assert list(refused.value.errors) == [field]
    assert network.status is Status.FAILED


def test_what_is_left_behind_is_remembered_for_the_deletion(offline: CloudScope) -> None:
    network = a_network(status=Status.FAILED, stack_id="arn:aws:cloudformation:r:0:stack/net/1")
    add(offline.session, network, an_event(network, "DELETE_FAILED"))
    networks.delete(offline, "net", typed="net", retain=["Vpc"])
    assert (network.status, network.retain) == (Status.DELETING, ["Vpc"])


def expire_leases(session: Session) -> None:
    """As after a crash, once the lease has run out."""
    session.connection().execute(update(Lease).values(expires_at=0, due_at=0))
    session.commit()
