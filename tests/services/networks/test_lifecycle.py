"""The rules of what people do with a network; none of them needs AWS."""

from typing import Any

import pytest
from sqlmodel import Session, update

from tests.services.rows import a_network, add, add_function, an_event
from tests.services.scripted import NOTHING_USED, ScriptedAws
from webapp.aws.errors import NotReached, QuotaExceeded
from webapp.errors import Conflict, Invalid, NotFound
from webapp.models import Network, NewNetwork, Status
from webapp.scope import CloudScope
from webapp.services import networks

REGION = "us-east-1"
PREFIX = "steps"


def test_all_fields_that_break_a_rule_are_reported_and_nothing_is_created(
    offline: CloudScope,
) -> None:
    with pytest.raises(Invalid) as refused:
        networks.create(offline, NewNetwork(name="A", region="mars-1", availability_zones=0))
    assert set(refused.value.errors) == {"name", "region", "availability_zones"}
    assert networks.listing.page(offline.session).rows == []


def test_without_an_answer_from_aws_nothing_is_created(offline: CloudScope) -> None:
    with pytest.raises(NotReached):
        networks.create(offline, NewNetwork(name="early", region=REGION))
    assert networks.listing.page(offline.session).rows == []


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


def test_a_retry_creates_again_or_deletes_again_by_what_had_failed(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    aws.answers |= NOTHING_USED
    created = a_network("created", status=Status.FAILED, reason="no room")
    unwanted = a_network("unwanted", status=Status.FAILED, unwanted=True)
    add(scripted.session, created, unwanted)
    networks.retry(scripted, "unwanted")
    assert networks.find(scripted.session, "unwanted") is None, "it had no stack any more"
    assert networks.retry(scripted, "created").status is Status.REQUESTED


@pytest.mark.parametrize("status", [Status.CREATING, Status.READY])
def test_a_second_click_on_retry_leaves_what_the_first_one_began(
    scripted: CloudScope, aws: ScriptedAws, status: Status
) -> None:
    network = a_network(status=Status.FAILED)
    add(scripted.session, network)

    def the_first_click(_: Any) -> dict[str, Any]:
        """While AWS is asked for the quotas, the other request goes through."""
        with Session(scripted.session.get_bind()) as other:
            other.connection().execute(
                update(Network).values(status=status, stack_id="theirs", version=9)
            )
            other.commit()
        return {"Vpcs": []}

    aws.answers |= NOTHING_USED | {"DescribeVpcs": the_first_click}
    before = network.operation_id
    retried = networks.retry(scripted, "net")
    assert (retried.status, retried.stack_id) == (status, "theirs")
    assert retried.operation_id == before


def test_a_retry_of_a_network_that_is_deleted_meanwhile_says_so(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    network = a_network(status=Status.FAILED)
    add(scripted.session, network)

    def the_other_request(_: Any) -> dict[str, Any]:
        with Session(scripted.session.get_bind()) as other:
            other.delete(other.get_one(Network, network.id))
            other.commit()
        return {"Vpcs": []}

    aws.answers |= NOTHING_USED | {"DescribeVpcs": the_other_request}
    with pytest.raises(NotFound, match="no network named net"):
        networks.retry(scripted, "net")


def test_a_retry_without_room_is_refused_and_stays_failed(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    aws.answers |= NOTHING_USED
    aws.answers["DescribeVpcs"] = {"Vpcs": [{"CidrBlock": "10.9.0.0/16"}] * 2}
    network = a_network(status=Status.FAILED, reason="no room")
    add(scripted.session, network)
    with pytest.raises(QuotaExceeded, match="2 of 2 VPCs"):
        networks.retry(scripted, "net")
    assert (network.status, network.reason) == (Status.FAILED, "no room")


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


def test_unparking_without_room_for_its_nat_gateways_is_refused_and_stays_parked(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    """What is under way counts: the last places are those of a network that is unparked already."""
    aws.answers |= NOTHING_USED
    zones = ["eu-central-1a"]
    network = a_network(status=Status.PARKED, zones=zones)
    others = [a_network(name, status=Status.UNPARKING, zones=zones) for name in ("one", "two")]
    add(scripted.session, network, *others)
    with pytest.raises(QuotaExceeded, match="2 of 2 NAT gateways"):
        networks.unpark(scripted, "net")
    scripted.session.refresh(network)
    assert network.status is Status.PARKED


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


@pytest.mark.parametrize("on", [True, False])
def test_the_protection_of_a_network_that_is_being_deleted_stays(
    offline: CloudScope, on: bool
) -> None:
    columns = {"status": Status.DELETING, "stack_id": "arn:of:a:stack/net/1"}
    add(offline.session, a_network(protected=not on, **columns))
    with pytest.raises(Conflict) as refused:
        networks.protect(offline, "net", on=on)
    assert refused.value.code == "wrong_status"


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
