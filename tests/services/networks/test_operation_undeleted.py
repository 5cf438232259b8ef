"""NAT gateways that CloudFormation gave up on: deleted again, then told with their cost."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.services.engine.changing import claimed_again, due_in_s
from tests.services.rows import ZONES, a_network, add, an_address, an_event
from tests.services.scripted import STACK_ID, ScriptedAws, a_stack, refusal
from webapp.models import Network, Status
from webapp.models.network import UNDELETED_NAT_GATEWAY_IDS
from webapp.scope import CloudScope
from webapp.services import networks
from webapp.services.engine import leases
from webapp.services.engine.teardown import GATEWAY_ATTEMPTS_MAX, NAT_GATEWAY
from webapp.services.networks.operation import NetworkOperation

LEFT = {UNDELETED_NAT_GATEWAY_IDS: "nat-1"}
IN_USE = refusal("DependencyViolation", "nat-1 has dependencies")


def begun(scope: CloudScope, aws: ScriptedAws, **columns: Any) -> NetworkOperation:
    """A network whose update is complete, but for a NAT gateway that was not deleted."""
    network = a_network(stack_id=STACK_ID, zones=[ZONES[0]], **columns)
    add(scope.session, network, an_address(network), left(network))
    aws.answers |= {
        "DescribeStacks": a_stack("UPDATE_COMPLETE"),
        "DescribeStackEvents": {"StackEvents": []},
        "DeleteNatGateway": {},
    }
    show(aws, "available")
    work = leases.begin(scope.session, network.owner)
    assert work is not None
    return NetworkOperation(work, network, scope.own, scope.settings)


def left(network: Network) -> Any:
    nat = {"resource_type": NAT_GATEWAY, "physical_id": "nat-1", "logical_id": "NatGateway1"}
    return an_event(network, "DELETE_FAILED", reason="AWS was not able to.", **nat)


def show(aws: ScriptedAws, state: str) -> None:
    found = [{"NatGatewayId": "nat-1", "State": state}] if state else []
    aws.answers["DescribeNatGateways"] = {"NatGateways": found}


def advance(operation: NetworkOperation, times: int = 1) -> Network:
    for _ in range(times):
        operation.advance()
        if due_in_s(operation.work.session) is None:
            break
        operation.work = claimed_again(operation.work.session)
    return operation.row


def test_parking_deletes_what_cloudformation_could_not_and_waits_until_it_is_gone(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    operation = begun(scripted, aws, status=Status.PARKING)
    network = advance(operation)
    assert aws.calls("DeleteNatGateway") == [{"NatGatewayId": "nat-1"}]
    assert (network.status, network.monthly_cost_usd) == (Status.PARKING, 36.5)
    assert "could not delete the NAT gateway nat-1: AWS was not able to." in network.reason
    assert "32.85 USD a month" in network.reason
    show(aws, "deleting")
    assert advance(operation).status is Status.PARKING
    assert len(aws.calls("DeleteNatGateway")) == 1
    show(aws, "deleted")
    network = advance(operation)
    assert (network.status, network.reason, network.monthly_cost_usd) == (Status.PARKED, "", 3.65)


@pytest.mark.parametrize("answer", [{}, IN_USE], ids=["it stays", "AWS refuses"])
def test_after_a_few_attempts_it_is_told_and_costs(
    scripted: CloudScope, aws: ScriptedAws, answer: Mapping[str, Any]
) -> None:
    operation = begun(scripted, aws, status=Status.PARKING)
    aws.answers["DeleteNatGateway"] = answer
    network = advance(operation, times=99)
    assert len(aws.calls("DeleteNatGateway")) == GATEWAY_ATTEMPTS_MAX
    assert (network.status, network.monthly_cost_usd) == (Status.PARKED, 36.5)
    assert "NAT gateway nat-1" in network.reason
    (shown,) = networks.detail(scripted.session, "net").undeleted
    assert (shown.physical_id, shown.monthly_cost_usd) == ("nat-1", 32.85)
    assert ("nat-1 has dependencies" in network.reason) is bool(answer)
    assert "Try again" in network.remedy


def test_what_a_rolled_back_change_left_is_deleted_too(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    change = {"availability_zones": 2, "nat": "per_az", "preview": [], "zones": ["a", "b"]}
    operation = begun(scripted, aws, status=Status.UPDATING, change=change)
    aws.answers |= {
        "DescribeStacks": a_stack("UPDATE_ROLLBACK_COMPLETE", reason="no room"),
        "DeleteNatGateway": IN_USE,
        "UpdateStack": refusal("ValidationError", "No updates are to be performed"),
    }
    network = advance(operation, times=99)
    assert (network.status, network.undeleted_nat_gateways) == (Status.READY, ["nat-1"])
    assert network.reason == "NatGateway1: AWS was not able to."
    assert network.monthly_cost_usd == 3 * 36.5 - 32.85 - 3.65


def test_a_missing_permission_pauses_it(scripted: CloudScope, aws: ScriptedAws) -> None:
    operation = begun(scripted, aws, status=Status.PARKING)
    aws.answers["DeleteNatGateway"] = refusal("UnauthorizedOperation", "You are not authorized")
    network = advance(operation, times=2 * GATEWAY_ATTEMPTS_MAX)
    assert network.status is Status.PARKING
    assert "You are not authorized" in network.reason


@pytest.mark.parametrize("status", [Status.PARKED, Status.READY])
def test_a_person_can_have_it_tried_again(
    scripted: CloudScope, aws: ScriptedAws, status: Status
) -> None:
    operation = begun(scripted, aws, status=status, outputs=LEFT, reason="it is left")
    operation.work.finish()
    networks.retry(scripted, "net")
    assert len(aws.calls("DeleteNatGateway")) == 1
    show(aws, "")
    operation.work = claimed_again(scripted.session)
    network = advance(operation)
    assert (network.status, network.undeleted_nat_gateways, network.reason) == (status, [], "")


def test_what_is_left_holds_an_address_so_it_goes_before_the_network_is_unparked(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    operation = begun(scripted, aws, status=Status.UNPARKING, outputs=LEFT)
    operation.row.operation_id = "another"
    network = advance(operation, times=99)
    assert not aws.calls("UpdateStack")
    assert (network.status, network.undeleted_nat_gateways) == (Status.PARKED, ["nat-1"])
    assert "nat-1" in network.reason


def test_what_is_gone_by_now_is_not_told_while_the_network_is_unparked(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    operation = begun(scripted, aws, status=Status.UNPARKING, outputs=LEFT, reason="")
    operation.row.operation_id = "another"
    show(aws, "deleted")
    aws.answers |= {"UpdateStack": {}}
    network = advance(operation)
    assert len(aws.calls("UpdateStack")) == 1
    assert (network.status, network.reason) == (Status.UNPARKING, "")


def test_a_change_is_done_once_although_it_waits_for_a_deletion(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    change = {"availability_zones": 2, "nat": "single", "preview": [], "zones": list(ZONES)}
    operation = begun(scripted, aws, status=Status.UPDATING, change=change)
    network = advance(operation)
    assert (network.status, network.change, network.availability_zones) == (
        Status.UPDATING,
        change,
        1,
    )
    show(aws, "deleted")
    network = advance(operation)
    assert (network.status, network.change, network.availability_zones) == (Status.READY, {}, 2)


def test_a_deletion_of_the_network_deletes_it_first(scripted: CloudScope, aws: ScriptedAws) -> None:
    operation = begun(scripted, aws, status=Status.DELETING, outputs=LEFT)
    aws.answers["DescribeStacks"] = a_stack("DELETE_COMPLETE")
    advance(operation)
    assert len(aws.calls("DeleteNatGateway")) == 1
    show(aws, "deleted")
    aws.answers |= {"DeleteTags": {}, "DescribeAddresses": {"Addresses": []}}
    advance(operation)
    scripted.session.expire_all()
    assert networks.listing.page(scripted.session).rows == []


def test_what_a_rolled_back_creation_left_costs_until_it_is_deleted(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    operation = begun(scripted, aws, status=Status.CREATING, outputs={})
    aws.answers["DescribeStacks"] = a_stack("ROLLBACK_FAILED")
    network = advance(operation)
    assert (network.status, network.undeleted_nat_gateways) == (Status.FAILED, ["nat-1"])
    assert network.monthly_cost_usd == 36.5
    (shown,) = networks.detail(scripted.session, "net").undeleted
    assert shown.physical_id == "nat-1"


def test_one_that_egret_cannot_delete_costs_while_the_network_is_deleted(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    operation = begun(scripted, aws, status=Status.DELETING, outputs=LEFT, unwanted=True)
    aws.answers |= {"DescribeStacks": a_stack("DELETE_IN_PROGRESS"), "DeleteNatGateway": IN_USE}
    network = advance(operation, times=GATEWAY_ATTEMPTS_MAX + 2)
    assert (network.undeleted_nat_gateways, network.monthly_cost_usd) == ([], 36.5)
