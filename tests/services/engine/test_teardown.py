"""Teardown: it waits for Lambda, tries again less and less often, and then asks a person."""

import pytest
from sqlmodel import Session, update

from tests.services.rows import a_network, a_stack_event, add, ago, an_event
from tests.services.scripted import NO_STACK, STACK_ID, ScriptedAws, a_stack, refusal
from webapp.aws.lambda_interfaces import TIMEOUT_S, TYPICAL
from webapp.models import Lease, Network, Status
from webapp.models.network import NAT_GATEWAY_IDS
from webapp.services.engine import leases, teardown
from webapp.services.engine.leases import Work
from webapp.services.engine.teardown import ATTEMPTS_MAX, NAT_GATEWAY
from webapp.services.networks.operation import NetworkOperation
from webapp.services.scope import CloudScope

NAME = "egret-network-net"


@pytest.fixture
def network(session: Session) -> Network:
    made = a_network(status=Status.DELETING, stack_id=STACK_ID, outputs={"VpcId": "vpc-1"})
    add(session, made)
    return made


@pytest.fixture
def operation(scripted: CloudScope, network: Network, aws: ScriptedAws) -> NetworkOperation:
    work = leases.begin(scripted.session, network.owner)
    assert work is not None
    aws.answers |= {
        "DescribeStackEvents": {"StackEvents": []},
        "DescribeNetworkInterfaces": {"NetworkInterfaces": []},
        "DescribeStackResources": {"StackResources": []},
        "DeleteStack": {},
    }
    return NetworkOperation(work, network, scripted.cloud, scripted.settings)


def interfaces(count: int) -> dict[str, object]:
    held = [{"NetworkInterfaceId": f"eni-{n}", "Status": "in-use"} for n in range(count)]
    return {"NetworkInterfaces": held}


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


@pytest.mark.parametrize(
    ("count", "reason"),
    [
        (1, "Waiting for Lambda to release 1 network interface: eni-0."),
        (3, "Waiting for Lambda to release 3 network interfaces: eni-0, eni-1, eni-2."),
        (4, "Waiting for Lambda to release 4 network interfaces: eni-0, eni-1, eni-2 and others."),
    ],
)
def test_the_row_says_which_interfaces_it_waits_for(
    operation: NetworkOperation, network: Network, aws: ScriptedAws, count: int, reason: str
) -> None:
    aws.answers |= {
        "DescribeStacks": a_stack("DELETE_IN_PROGRESS"),
        "DescribeNetworkInterfaces": interfaces(count),
    }
    teardown.delete_stack(operation, NAME)
    assert network.reason == reason
    assert TYPICAL in network.remedy


def theirs(count: int = 1) -> dict[str, object]:
    """Interfaces of functions that somebody has in the VPC."""
    described = [{"Description": f"AWS Lambda VPC ENI-theirs{n}-0a1b"} for n in range(count)]
    held = [{"NetworkInterfaceId": f"eni-{n}", "Status": "in-use"} for n in range(count)]
    return {"NetworkInterfaces": [one | other for one, other in zip(held, described, strict=True)]}


def test_a_function_that_somebody_has_in_the_vpc_is_named_at_once_and_not_waited_for(
    operation: NetworkOperation, network: Network, aws: ScriptedAws, session: Session
) -> None:
    aws.answers |= {
        "DescribeStacks": a_stack("DELETE_IN_PROGRESS"),
        "DescribeNetworkInterfaces": theirs(),
        "GetFunctionConfiguration": {},
    }
    teardown.delete_stack(operation, NAME)
    assert network.reason == "The Lambda function theirs0 is still in the VPC."
    assert network.remedy.startswith("Delete theirs0, or take it out of the VPC")
    network.attempts = network.attempts_max = ATTEMPTS_MAX
    add(session, network, *(a_stack_event(network, "DELETE_FAILED") for _ in range(ATTEMPTS_MAX)))
    aws.answers["DescribeStacks"] = a_stack("DELETE_FAILED")
    operation.work = claimed_again(session)
    teardown.delete_stack(operation, NAME)
    assert network.status is Status.FAILED


def test_a_function_that_may_not_be_asked_about_is_named_and_waited_for(
    operation: NetworkOperation, network: Network, aws: ScriptedAws
) -> None:
    aws.answers |= {
        "DescribeStacks": a_stack("DELETE_IN_PROGRESS"),
        "DescribeNetworkInterfaces": theirs(),
        "GetFunctionConfiguration": refusal("AccessDeniedException"),
    }
    teardown.delete_stack(operation, NAME)
    assert network.reason == "Waiting for Lambda to release 1 network interface: eni-0."
    assert "If it still exists, delete or take out of the VPC: theirs0." in network.remedy


def test_a_network_whose_creation_failed_has_lambdas_interfaces_too(
    operation: NetworkOperation, network: Network, aws: ScriptedAws
) -> None:
    """It has no outputs, but its stack knows the VPC."""
    network.outputs = {}
    operation.work.commit()
    vpc = {"LogicalResourceId": "Vpc", "PhysicalResourceId": "vpc-7"}
    aws.answers |= {
        "DescribeStacks": a_stack("ROLLBACK_FAILED"),
        "DescribeStackResources": {"StackResources": [vpc]},
        "DescribeNetworkInterfaces": interfaces(1),
    }
    teardown.delete_stack(operation, NAME)
    (asked,) = aws.calls("DescribeNetworkInterfaces")
    assert asked["Filters"][0] == {"Name": "vpc-id", "Values": ["vpc-7"]}
    assert "eni-0" in network.reason


def test_attempts_while_lambda_holds_interfaces_do_not_count(
    operation: NetworkOperation, network: Network, aws: ScriptedAws, session: Session
) -> None:
    network.attempts = network.attempts_max = 9
    add(session, network, *(a_stack_event(network, "DELETE_FAILED") for _ in range(9)))
    aws.answers |= {
        "DescribeStacks": a_stack("DELETE_FAILED"),
        "DescribeNetworkInterfaces": interfaces(1),
    }
    teardown.delete_stack(operation, NAME)
    assert (network.status, network.attempts) == (Status.DELETING, 10)
    assert network.attempts_max == 9 + ATTEMPTS_MAX - 1


def test_interfaces_that_are_held_for_an_hour_are_not_waited_for(
    operation: NetworkOperation, network: Network, aws: ScriptedAws, session: Session
) -> None:
    network.started_at = ago(TIMEOUT_S + 1)
    add(session, a_stack_event(network, "DELETE_FAILED"))
    aws.answers |= {
        "DescribeStacks": a_stack("DELETE_FAILED"),
        "DescribeNetworkInterfaces": interfaces(1),
    }
    teardown.delete_stack(operation, NAME)
    assert network.status is Status.FAILED


# --- What fails -------------------------------------------------------------------------------


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


def claimed_again(session: Session) -> Work:
    """Once it is due."""
    session.connection().execute(update(Lease).values(due_at=0.0, expires_at=0.0))
    session.commit()
    work = leases.claim(session)
    assert work is not None
    return work


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
