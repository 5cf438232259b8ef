"""Teardown: it waits for Lambda, tries again less and less often, and then asks a person."""

import pytest
from sqlmodel import Session

from tests.services.engine.changing import claimed_again, due_in_s
from tests.services.rows import a_network, a_stack_event, add, ago, an_event
from tests.services.scripted import NO_STACK, STACK_ID, ScriptedAws, a_stack
from webapp.aws.lambda_interfaces import TIMEOUT_S
from webapp.models import Network, Status
from webapp.models.network import NAT_GATEWAY_IDS
from webapp.services.engine import teardown
from webapp.services.engine.teardown import (
    ATTEMPTS_MAX,
    LONGEST_WAIT_S,
    NAT_GATEWAY,
    THROTTLED_WAIT_S,
)
from webapp.services.networks.operation import NetworkOperation

NAME = "egret-network-net"


def test_the_first_step_requests_the_deletion(
    operation: NetworkOperation, network: Network, aws: ScriptedAws
) -> None:
    aws.answers["DescribeStacks"] = a_stack("CREATE_COMPLETE")
    assert teardown.delete_stack(operation, NAME) is False
    (request,) = aws.calls("DeleteStack")
    assert request == {"StackName": STACK_ID, "ClientRequestToken": network.operation_id}
    assert not network.unwanted, "AWS has not begun yet"


def test_a_deletion_that_has_begun_is_only_followed(
    operation: NetworkOperation, network: Network, aws: ScriptedAws
) -> None:
    aws.answers["DescribeStacks"] = a_stack("DELETE_IN_PROGRESS")
    assert teardown.delete_stack(operation, NAME) is False
    assert not aws.calls("DeleteStack")
    assert network.unwanted


@pytest.mark.parametrize(
    "status",
    ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS"],
)
def test_what_is_being_updated_is_deleted_after_that(
    operation: NetworkOperation, network: Network, aws: ScriptedAws, status: str
) -> None:
    aws.answers["DescribeStacks"] = a_stack(status)
    assert teardown.delete_stack(operation, NAME) is False
    assert not aws.calls("DeleteStack")
    assert network.reason.startswith("Waits until AWS has finished the update")


@pytest.mark.parametrize("answer", [NO_STACK, a_stack("DELETE_COMPLETE")])
def test_a_stack_that_is_gone_is_deleted(
    operation: NetworkOperation, aws: ScriptedAws, answer: dict[str, object]
) -> None:
    aws.answers["DescribeStacks"] = answer
    assert teardown.delete_stack(operation, NAME) is True


def test_without_a_stack_aws_is_not_asked(operation: NetworkOperation, network: Network) -> None:
    network.stack_id = None
    assert teardown.delete_stack(operation, NAME) is True


def test_nat_gateways_that_are_deleted_cost_nothing_any_more(
    operation: NetworkOperation, network: Network, aws: ScriptedAws, session: Session
) -> None:
    network.outputs = {NAT_GATEWAY_IDS: "nat-1,nat-2"}
    gone = {"resource_type": NAT_GATEWAY, "physical_id": "nat-1"}
    add(session, an_event(network, "DELETE_COMPLETE", **gone))
    aws.answers["DescribeStacks"] = a_stack("DELETE_IN_PROGRESS")
    teardown.delete_stack(operation, NAME)
    assert network.output_list(NAT_GATEWAY_IDS) == ["nat-2"]


# --- What it waits for ------------------------------------------------------------------------


def test_a_deletion_that_failed_is_requested_again_under_another_token(
    operation: NetworkOperation, network: Network, aws: ScriptedAws, session: Session
) -> None:
    add(session, a_stack_event(network, "DELETE_FAILED"))
    aws.answers["DescribeStacks"] = a_stack("DELETE_FAILED")
    for _ in range(2):  # the first step waits
        teardown.delete_stack(operation, NAME)
    (request,) = aws.calls("DeleteStack")
    assert request["ClientRequestToken"] == f"{network.operation_id}-again2"
    assert network.reason == "AWS could not delete everything; this is attempt 2."


def test_after_a_few_attempts_a_person_decides(
    operation: NetworkOperation, network: Network, aws: ScriptedAws, session: Session
) -> None:
    aws.answers["DescribeStacks"] = a_stack("DELETE_FAILED")
    add(session, an_event(network, "DELETE_FAILED", reason="vpc-1 has dependencies"))
    for _ in range(ATTEMPTS_MAX):
        assert network.status is Status.DELETING
        add(session, a_stack_event(network, "DELETE_FAILED"))
        operation.work = claimed_again(session)
        teardown.delete_stack(operation, NAME)
    assert (network.status, network.attempts) == (Status.FAILED, ATTEMPTS_MAX)
    assert network.reason == "Vpc: vpc-1 has dependencies"
    assert network.unwanted


THROTTLED = "Too Many Requests (Service: ApiGateway, Status Code: 429, Request ID: 0-0)"


def test_attempts_that_aws_throttled_do_not_count_and_are_spread(
    operation: NetworkOperation, network: Network, aws: ScriptedAws, session: Session
) -> None:
    """API Gateway deletes one API in 30 seconds, whoever asks."""
    aws.answers["DescribeStacks"] = a_stack("DELETE_FAILED")
    waits = []
    for _ in range(3 * ATTEMPTS_MAX):
        add(session, an_event(network, "DELETE_FAILED", reason=THROTTLED))
        add(session, a_stack_event(network, "DELETE_FAILED"))
        teardown.delete_stack(operation, NAME)
        waits.append(due_in_s(session) or 0.0)
        operation.work = claimed_again(session)
    assert network.reason.startswith("AWS throttles")
    assert len({round(wait, 2) for wait in waits}) > 1
    assert min(waits) > THROTTLED_WAIT_S / 2 - 1
    assert max(waits) <= LONGEST_WAIT_S * 1.5
    network.started_at = ago(TIMEOUT_S + 1)
    add(session, a_stack_event(network, "DELETE_FAILED"))
    teardown.delete_stack(operation, NAME)
    assert network.status is Status.FAILED
    assert "Try fewer" in network.remedy


def test_another_failure_after_throttling_is_tried_a_few_times_only(
    operation: NetworkOperation, network: Network, aws: ScriptedAws, session: Session
) -> None:
    aws.answers["DescribeStacks"] = a_stack("DELETE_FAILED")
    for reason in (THROTTLED, *["in use"] * (ATTEMPTS_MAX - 1)):
        add(session, an_event(network, "DELETE_FAILED", reason=reason))
        add(session, a_stack_event(network, "DELETE_FAILED"))
        teardown.delete_stack(operation, NAME)
        if network.status is Status.DELETING:
            operation.work = claimed_again(session)
    assert (network.status, network.attempts) == (Status.FAILED, ATTEMPTS_MAX)


@pytest.mark.parametrize(("status", "retained"), [("CREATE_COMPLETE", 0), ("DELETE_FAILED", 1)])
def test_only_what_failed_to_be_deleted_can_be_left_behind(
    operation: NetworkOperation, network: Network, aws: ScriptedAws, status: str, retained: int
) -> None:
    network.retain = ["Vpc"]
    operation.work.commit()
    aws.answers["DescribeStacks"] = a_stack(status)
    teardown.delete_stack(operation, NAME)
    (request,) = aws.calls("DeleteStack")
    assert request.get("RetainResources", []) == ["Vpc"] * retained


def test_each_undeleted_resource_is_listed_once_with_its_last_reason(session: Session) -> None:
    network = a_network(status=Status.FAILED)
    nat = {"logical_id": "Nat", "resource_type": NAT_GATEWAY}
    add(
        session,
        network,
        an_event(network, "DELETE_FAILED", reason="first"),
        an_event(network, "DELETE_FAILED", reason="last"),
        an_event(network, "DELETE_FAILED", **nat),
        an_event(network, "DELETE_COMPLETE", logical_id="Subnet"),
        an_event(network, "DELETE_FAILED", logical_id="Old", operation_id="earlier"),
        a_stack_event(network, "DELETE_FAILED"),
    )
    found = teardown.undeleted(session, network)
    assert [(left.logical_id, left.reason) for left in found] == [("Nat", ""), ("Vpc", "last")]
    assert [left.monthly_cost_usd for left in found] == [32.85, 0]


def test_waits_double_up_to_two_minutes() -> None:
    waits = [teardown.wait_s(attempt) for attempt in (2, 3, 4, 5, 6, 7, 100)]
    assert waits == [5, 10, 20, 40, 80, 120, 120]
