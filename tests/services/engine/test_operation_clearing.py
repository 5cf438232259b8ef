"""What a failed creation left is deleted before the next attempt, a bounded number of times."""

from dataclasses import replace

from tests.services.engine.changing import Change, begun, due_in_s
from tests.services.rows import REGION, a_stack_event, add, an_event
from tests.services.scripted import LISTS_OF_A_VPC, ScriptedAws, a_stack, refusal
from webapp.aws.cloudformation.stacks import Plan
from webapp.models import Status
from webapp.scope import CloudScope
from webapp.services.engine import operation, teardown

RESOURCES = {"Vpc": "AWS::EC2::VPC", "Subnet": "AWS::EC2::Subnet"}
PLAN = Plan(REGION, "egret-network-net", "{}", parameters={}, tags={}, resources=RESOURCES)
ENDS = ("FAILED", "IN_PROGRESS", "COMPLETE")


def test_what_a_failed_attempt_left_is_deleted_before_the_next_one(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    aws.answers |= {"DescribeStacks": a_stack("ROLLBACK_COMPLETE"), "DeleteStack": {}}
    change = begun(scripted, status=Status.REQUESTED)
    change.create_stack(PLAN)
    assert change.row.status is Status.REQUESTED
    assert len(aws.calls("DeleteStack")) == 1
    aws.answers |= {"DescribeStacks": a_stack("DELETE_COMPLETE"), "CreateStack": {"StackId": "new"}}
    change.create_stack(PLAN)
    assert (change.row.status, change.row.stack_id) == (Status.CREATING, "new")


def test_what_a_failed_attempt_left_is_deleted_although_it_was_protected(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    aws.answers |= {
        "DescribeStacks": a_stack("ROLLBACK_COMPLETE"),
        "DeleteStack": {},
        "UpdateTerminationProtection": {},
    }
    begun(scripted, status=Status.REQUESTED).create_stack(replace(PLAN, protected=True))
    changing = [name for name, _ in aws.asked if not name.startswith("Describe")]
    assert changing == ["UpdateTerminationProtection", "DeleteStack"]


def failed_to_clear(scope: CloudScope, aws: ScriptedAws, failures: int) -> Change:
    """What a failed creation left could not be deleted so many times."""
    aws.answers |= {
        "DescribeStacks": a_stack("DELETE_FAILED"),
        "DescribeStackEvents": {"StackEvents": []},
        "DeleteStack": {},
    }
    change = begun(scope, status=Status.REQUESTED)
    clearing = {"operation_id": f"{change.row.operation_id}-clear"}
    add(
        scope.session,
        an_event(change.row, "DELETE_FAILED", reason="in use", **clearing),
        *(a_stack_event(change.row, "DELETE_FAILED", **clearing) for _ in range(failures)),
    )
    return change


def test_what_a_failed_attempt_left_is_asked_for_under_another_token_each_time(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    change = failed_to_clear(scripted, aws, failures=1)
    change.create_stack(PLAN)
    (request,) = aws.calls("DeleteStack")
    assert request["ClientRequestToken"] == f"{change.row.operation_id}-clear-again2"
    assert change.row.status is Status.REQUESTED


def test_what_can_not_be_cleared_fails_the_row_and_is_named(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    change = failed_to_clear(scripted, aws, failures=operation.CLEARINGS_MAX)
    made = [{"LogicalResourceId": "Queue", "PhysicalResourceId": "q"}]
    aws.answers["DescribeStackResources"] = {"StackResources": made}
    change.create_stack(PLAN)
    assert not aws.calls("DeleteStack")
    assert (change.row.status, change.row.reason) == (
        Status.FAILED,
        "What the last attempt left could not be deleted. Vpc: in use",
    )
    assert due_in_s(scripted.session) is None


def test_what_is_in_the_way_of_clearing_is_named_with_what_to_do(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    change = failed_to_clear(scripted, aws, failures=operation.CLEARINGS_MAX)
    made = [{"LogicalResourceId": "Vpc", "PhysicalResourceId": "vpc-1"}]
    endpoint = {"VpcEndpointId": "vpce-1", "State": "available", "ServiceName": "sqs"}
    aws.answers |= dict.fromkeys(LISTS_OF_A_VPC, refusal("UnsupportedOperation"))
    aws.answers |= {
        "DescribeStackResources": {"StackResources": made},
        "DescribeVpcEndpoints": {"VpcEndpoints": [endpoint]},
    }
    change.create_stack(PLAN)
    assert change.row.reason.endswith("Still in the VPC: VPC endpoint vpce-1 (to sqs).")
    assert change.row.remedy == "Delete the VPC endpoint vpce-1. Then try again."


def test_what_can_not_be_cleared_is_listed_and_what_is_gone_by_now_is_not(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    change = failed_to_clear(scripted, aws, failures=1)
    clearing = {"operation_id": f"{change.row.operation_id}-clear", "logical_id": "Subnet"}
    add(scripted.session, *(an_event(change.row, f"DELETE_{end}", **clearing) for end in ENDS))
    listed = teardown.undeleted(scripted.session, change.row)
    assert [each.logical_id for each in listed] == ["Vpc"]
