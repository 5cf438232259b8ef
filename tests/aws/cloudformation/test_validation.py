"""What early validation refused is told with the resource, where AWS tells."""

from datetime import UTC, datetime
from typing import Any

from botocore.stub import Stubber

from webapp.aws.clients import Clients
from webapp.aws.cloudformation.validation import with_details

REGION, STACK = "eu-central-1", "stack-1"
REASON = "The following hook(s)/validation failed: [AWS::EarlyValidation::ResourceExistenceCheck]"
ASKED = {"Filters": {"FailedEvents": True}, "StackName": STACK}


def event(**more: Any) -> dict[str, Any]:
    usual = {
        "EventId": "e",
        "EventType": "VALIDATION_ERROR",
        "LogicalResourceId": "LogGroup",
        "PhysicalResourceId": "/aws/lambda/x",
        "ResourceType": "AWS::Logs::LogGroup",
        "ValidationStatus": "FAILED",
        "ValidationStatusReason": "It exists already.",
        "Timestamp": datetime(2026, 11, 25, tzinfo=UTC),
    }
    return usual | more


def test_the_resource_and_why_it_was_refused_are_added(offline: Clients) -> None:
    client = offline.cloudformation(REGION)
    with Stubber(client) as stub:
        skipped, other = event(ValidationStatus="SKIPPED"), event(EventType="STACK_EVENT")
        answer = {"OperationEvents": [event(), event(), skipped, other]}
        stub.add_response("describe_events", answer, ASKED)
        told = with_details(client, REASON, StackName=STACK)
    assert told == f"{REASON} LogGroup (AWS::Logs::LogGroup, /aws/lambda/x): It exists already."


def test_where_aws_does_not_tell_the_reason_stays_as_it_was(offline: Clients) -> None:
    client = offline.cloudformation(REGION)
    with Stubber(client) as stub:
        stub.add_client_error("describe_events", "AccessDenied")
        assert with_details(client, REASON, StackName=STACK) == REASON


def test_aws_is_not_asked_about_any_other_reason(offline: Clients) -> None:
    client = offline.cloudformation(REGION)
    with Stubber(client):
        told = with_details(client, "It just failed", StackName=STACK)
    assert told == "It just failed"
