"""What a deletion waits for: network interfaces that Lambda holds, whose function is gone."""

import pytest
from sqlmodel import Session

from tests.services.engine.changing import claimed_again
from tests.services.rows import a_stack_event, add, ago, an_event
from tests.services.scripted import ScriptedAws, a_stack, refusal
from webapp.aws.lambda_interfaces import TIMEOUT_S, TYPICAL
from webapp.models import Network, Status
from webapp.services.engine import teardown
from webapp.services.engine.teardown import (
    ATTEMPTS_MAX,
)
from webapp.services.networks.operation import NetworkOperation

NAME = "egret-network-net"


def interfaces(count: int) -> dict[str, object]:
    held = [{"NetworkInterfaceId": f"eni-{n}", "Status": "in-use"} for n in range(count)]
    return {"NetworkInterfaces": held}


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


def test_what_cloudformation_says_it_waits_for_is_told_where_egret_sees_nothing(
    operation: NetworkOperation, network: Network, aws: ScriptedAws, session: Session
) -> None:
    said = "CloudFormation is waiting for NetworkInterfaces associated with the Lambda Function"
    add(session, an_event(network, "DELETE_IN_PROGRESS", logical_id="Probe1", reason=said))
    aws.answers["DescribeStacks"] = a_stack("DELETE_IN_PROGRESS")
    teardown.delete_stack(operation, NAME)
    assert network.reason.startswith("Probe1: CloudFormation waits until Lambda has released")
    assert "20 to 40 minutes" in network.reason


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
