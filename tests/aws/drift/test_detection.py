"""CloudFormation's drift detection, as differences."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from tests.fast import thorough
from webapp.aws.clients import Clients
from webapp.aws.drift.detection import BY_HAND, Detection, detect, last_detection
from webapp.aws.drift.difference import Difference

REGION, STACK = "eu-central-1", "stack-1"
AT = datetime(2026, 11, 25, 12, tzinfo=UTC)


def stack(**more: Any) -> dict[str, Any]:
    made = {"StackName": STACK, "CreationTime": AT, "StackStatus": "CREATE_COMPLETE"}
    return {"Stacks": [made | more]}


def drift(name: str, status: str, *properties: dict[str, str]) -> dict[str, Any]:
    return {
        "StackId": STACK,
        "LogicalResourceId": name,
        "PhysicalResourceId": f"id-of-{name}",
        "ResourceType": "AWS::EC2::VPC",
        "StackResourceDriftStatus": status,
        "PropertyDifferences": list(properties),
        "Timestamp": AT,
    }


def test_each_changed_property_and_deleted_resource_is_a_difference(offline: Clients) -> None:
    changed = {
        "PropertyPath": "/Tags/0",
        "ExpectedValue": "egret",
        "ActualValue": "other",
        "DifferenceType": "NOT_EQUAL",
    }
    pages: list[dict[str, Any]] = [
        {"StackResourceDrifts": [drift("Vpc", "MODIFIED", changed)], "NextToken": "more"},
        {"StackResourceDrifts": [drift("Probe1", "DELETED"), drift("Igw", "IN_SYNC")]},
    ]
    client = offline.cloudformation(REGION)
    with Stubber(client) as stub:
        checked = {"StackDriftStatus": "DRIFTED", "LastCheckTimestamp": AT}
        stub.add_response("describe_stacks", stack(DriftInformation=checked))
        for page in pages:
            stub.add_response("describe_stack_resource_drifts", page)
        found = last_detection(client, STACK)
    assert (found.status, found.at, found.checked) == ("DRIFTED", AT, 3)
    assert found.differences == [
        Difference("Vpc Tags 0", "id-of-Vpc", "egret", "other", by_hand=BY_HAND),
        Difference("Probe1", "id-of-Probe1", "there", "deleted", by_hand=BY_HAND),
    ]


def test_a_stack_that_was_never_checked_says_so(offline: Clients) -> None:
    client = offline.cloudformation(REGION)
    with Stubber(client) as stub:
        stub.add_response("describe_stacks", stack())
        stub.add_response("describe_stack_resource_drifts", {"StackResourceDrifts": []})
        found = last_detection(client, STACK)
    assert (found.status, found.at, found.differences) == ("NOT_CHECKED", None, [])


def detected(client: Any, *statuses: str, reason: str = "") -> Detection:
    """The detection, while AWS answers these statuses one after the other."""
    with Stubber(client) as stub:
        stub.add_response(
            "detect_stack_drift", {"StackDriftDetectionId": "d"}, {"StackName": STACK}
        )
        for status in statuses:
            answer = {
                "StackId": STACK,
                "StackDriftDetectionId": "d",
                "DetectionStatus": status,
                "DetectionStatusReason": reason,
                "Timestamp": AT,
            }
            stub.add_response("describe_stack_drift_detection_status", answer)
        return detect(client, STACK)


@thorough("it waits")
def test_a_detection_is_waited_for(offline: Clients) -> None:
    client = offline.cloudformation(REGION)
    found = detected(client, "DETECTION_IN_PROGRESS", "DETECTION_COMPLETE")
    assert found == Detection(done=True)


DENIED = (
    "User: arn:aws:iam::111122223333:user/u is not authorized to perform: "
    "logs:DescribeIndexPolicies on resource: * because no identity-based policy allows the "
    "logs:DescribeIndexPolicies action"
)


@pytest.mark.parametrize(
    "reason",
    [
        DENIED,
        json.dumps(
            {
                "Summary": "Failed to detect drift on resources [LogGroup,Vpc]",
                "Failures": [
                    {"Resource": "LogGroup", "FailureReason": DENIED},
                    {"Resource": "Vpc", "FailureReason": "Rate exceeded"},
                ],
            }
        ),
    ],
)
def test_a_detection_that_failed_says_why_and_what_to_do(offline: Clients, reason: str) -> None:
    found = detected(offline.cloudformation(REGION), "DETECTION_FAILED", reason=reason)
    assert found.done
    assert found.problem.startswith("CloudFormation could not compare every resource")
    assert "Allow logs:DescribeIndexPolicies in" in found.problem
    if reason != DENIED:
        assert "LogGroup: User" in found.problem
        assert "Vpc: Rate exceeded." in found.problem
        assert "Try fewer, in a minute." in found.problem


def test_many_failures_are_told_shortly(offline: Clients) -> None:
    failures = [{"Resource": f"R{n}", "FailureReason": "Rate exceeded " * 99} for n in range(9)]
    reason = json.dumps({"Failures": failures})
    found = detected(offline.cloudformation(REGION), "DETECTION_FAILED", reason=reason)
    assert "And 6 more." in found.problem
    assert len(found.problem) < 1500, "it has to fit into a cookie"


@pytest.mark.parametrize("reason", ["", "Access denied"])
def test_a_resource_that_could_not_be_read_is_not_in_sync(offline: Clients, reason: str) -> None:
    client = offline.cloudformation(REGION)
    unknown = drift("LogGroup", "UNKNOWN") | ({"DriftStatusReason": reason} if reason else {})
    with Stubber(client) as stub:
        checked = {"StackDriftStatus": "UNKNOWN", "LastCheckTimestamp": AT}
        stub.add_response("describe_stacks", stack(DriftInformation=checked))
        drifts = [unknown, drift("Vpc", "IN_SYNC")]
        stub.add_response("describe_stack_resource_drifts", {"StackResourceDrifts": drifts})
        found = last_detection(client, STACK)
    assert (found.status, found.checked, found.differences) == ("UNKNOWN", 1, [])
    assert f"LogGroup{': ' if reason else ''}{reason}." in found.problem
