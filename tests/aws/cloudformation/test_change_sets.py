"""Change sets: read, judged, and deleted whatever comes of them."""

from typing import Any

import pytest
from botocore.stub import Stubber

from tests.fast import thorough
from webapp.aws.clients import Clients
from webapp.aws.cloudformation.change_sets import Change, preview
from webapp.aws.errors import AwsError

REGION = "eu-central-1"
NAT_GATEWAY = "AWS::EC2::NatGateway"


def previewed(clients: Clients, *answers: dict[str, Any]) -> list[Change]:
    """The preview of a change set with these answers; fails unless it is deleted in the end."""
    client = clients.cloudformation(REGION)
    with Stubber(client) as stub:
        stub.add_response("create_change_set", {"Id": "set-1"})
        for answer in answers:
            stub.add_response("describe_change_set", answer, {"ChangeSetName": "set-1"})
        stub.add_response("delete_change_set", {}, {"ChangeSetName": "set-1"})
        try:
            return preview(client, "preview-1", {"StackName": "shop"})
        finally:
            stub.assert_no_pending_responses()


@thorough("it waits")
def test_the_changes_are_read_once_they_are_computed(offline: Clients) -> None:
    change = {"Action": "Modify", "LogicalResourceId": "Nat1", "ResourceType": NAT_GATEWAY}
    replaced = {"ResourceChange": change | {"Replacement": "Conditional"}}
    added = {"ResourceChange": change | {"Action": "Add", "LogicalResourceId": "Nat2"}}
    found = previewed(
        offline,
        {"Status": "CREATE_IN_PROGRESS"},
        {"Status": "CREATE_COMPLETE", "Changes": [replaced, added]},
    )
    assert found == [
        Change("Modify", "Nat1", NAT_GATEWAY, "Conditional"),
        Change("Add", "Nat2", NAT_GATEWAY),
    ]


def test_a_plan_that_changes_nothing_has_no_changes(offline: Clients) -> None:
    reason = "The submitted information didn't contain changes. Submit different information."
    assert previewed(offline, {"Status": "FAILED", "StatusReason": reason}) == []


def test_any_other_failure_is_told_with_its_reason(offline: Clients) -> None:
    with pytest.raises(AwsError, match="no such parameter"):
        previewed(offline, {"Status": "FAILED", "StatusReason": "no such parameter"})


@pytest.mark.parametrize(
    ("change", "harmful"),
    [
        (Change("Add", "Nat2", NAT_GATEWAY), False),
        (Change("Modify", "Probe1", "AWS::Lambda::Function", "False"), False),
        (Change("Modify", "Probe1", "AWS::Lambda::Function", "Conditional"), False),
        (Change("Modify", "Nat1", NAT_GATEWAY, "Conditional"), True),
        (Change("Modify", "Probe1", "AWS::Lambda::Function", "True"), True),
        (Change("Remove", "Probe1", "AWS::Lambda::Function"), True),
    ],
)
def test_what_goes_or_may_interrupt_calls_is_harmful(change: Change, harmful: bool) -> None:
    assert change.harmful is harmful
