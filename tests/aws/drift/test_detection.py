"""CloudFormation's drift detection, as differences."""

from datetime import UTC, datetime
from typing import Any

from botocore.stub import Stubber

from webapp.aws.clients import Clients
from webapp.aws.drift.detection import BY_HAND, detect, last_detection
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


def test_a_detection_is_waited_for(offline: Clients) -> None:
    client = offline.cloudformation(REGION)
    with Stubber(client) as stub:
        stub.add_response(
            "detect_stack_drift", {"StackDriftDetectionId": "d"}, {"StackName": STACK}
        )
        for status in ("DETECTION_IN_PROGRESS", "DETECTION_COMPLETE"):
            answer = {
                "StackId": STACK,
                "StackDriftDetectionId": "d",
                "DetectionStatus": status,
                "Timestamp": AT,
            }
            stub.add_response("describe_stack_drift_detection_status", answer)
        assert detect(client, STACK)
