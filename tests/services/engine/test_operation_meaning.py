"""What AWS's reasons mean for an operation: advice, another attempt, and what is told meanwhile."""

import pytest

from tests.services.engine.changing import begun, claimed_again, due_in_s
from tests.services.rows import a_stack_event, add, an_event
from tests.services.scripted import STACK_ID, ScriptedAws
from webapp.aws.cloudformation.stacks import ROLLED_BACK, Stack
from webapp.models import Status
from webapp.scope import CloudScope
from webapp.services.engine.intents import IAM_WAIT_S
from webapp.services.engine.operation import PUT_BACK

LAG = "The role defined for the function cannot be assumed by Lambda."
WAITING = (
    "CloudFormation is waiting for NetworkInterfaces associated with the Lambda Function to be "
    "cleaned up."
)
TOO_MANY = "The maximum number of VPCs has been reached."
FAILED = Stack(STACK_ID, "n", "ROLLBACK_COMPLETE")


@pytest.mark.parametrize(
    "reason",
    [LAG, "The provided execution role does not have permissions to call CreateNetworkInterface"],
)
def test_a_creation_that_iam_was_not_ready_for_begins_again_once(
    scripted: CloudScope, reason: str
) -> None:
    change = begun(scripted, status=Status.CREATING)
    row, first = change.row, change.row.operation_id
    add(scripted.session, an_event(row, "CREATE_FAILED", logical_id="Probe1", reason=reason))
    change.settle(FAILED, reached=Status.READY)
    assert (row.status, row.attempts, row.operation_id == first) == (Status.REQUESTED, 2, False)
    assert row.reason == "IAM did not know the new role everywhere yet. Attempt 2."
    assert due_in_s(scripted.session) == pytest.approx(IAM_WAIT_S, abs=1)
    row.status, change.work = Status.CREATING, claimed_again(scripted.session)
    add(scripted.session, an_event(row, "CREATE_FAILED", logical_id="Probe1", reason=reason))
    change.settle(FAILED, reached=Status.READY)
    assert (row.status, row.reason) == (Status.FAILED, f"Probe1: {reason}")
    assert "EGRET_PERMISSIONS_BOUNDARY_ARN" in row.remedy
    assert due_in_s(scripted.session) is None


def test_an_update_is_not_begun_again(scripted: CloudScope) -> None:
    change = begun(scripted)
    add(scripted.session, an_event(change.row, "UPDATE_FAILED", reason=LAG))
    change.settle_update(Stack(STACK_ID, "n", ROLLED_BACK), reached=Status.READY, back=Status.READY)
    assert (change.row.status, change.row.attempts) == (Status.READY, 1)


def test_an_update_that_was_put_back_has_the_advice_for_its_reason(scripted: CloudScope) -> None:
    change = begun(scripted)
    add(scripted.session, an_event(change.row, "UPDATE_FAILED", reason=TOO_MANY))
    change.settle_update(Stack(STACK_ID, "n", ROLLED_BACK), reached=Status.READY, back=Status.READY)
    assert change.row.remedy.startswith(f"{PUT_BACK} The account's quota of VPCs is used up.")


def test_a_rollback_tells_its_cause_at_once_and_what_it_waits_for(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    aws.show_stack("ROLLBACK_IN_PROGRESS")
    change = begun(scripted, status=Status.CREATING)
    row, session = change.row, scripted.session
    add(session, an_event(row, "CREATE_FAILED", logical_id="NatGateway1", reason=TOO_MANY))
    assert change.poll_stack() is None
    assert row.reason == f"AWS is taking back what it made, because NatGateway1 failed: {TOO_MANY}"
    add(session, an_event(row, "DELETE_IN_PROGRESS", logical_id="Probe1", reason=WAITING))
    assert change.poll_stack() is None
    assert "NatGateway1 failed" in row.reason
    assert row.remedy.startswith("Probe1: CloudFormation waits until Lambda has released")
    assert "20 to 40 minutes" in row.remedy
    add(session, an_event(row, "DELETE_COMPLETE", logical_id="Probe1"))
    assert change.poll_stack() is None
    assert "20 to 40 minutes" not in row.remedy


def test_a_creation_that_goes_well_has_nothing_to_tell(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    aws.show_stack("CREATE_IN_PROGRESS")
    change = begun(scripted, status=Status.CREATING, reason="Attempt 2.")
    add(
        scripted.session,
        an_event(change.row, "CREATE_IN_PROGRESS", reason="Resource creation Initiated"),
    )
    assert change.poll_stack() is None
    assert change.row.reason == "Attempt 2."


def test_what_is_in_the_vpc_does_not_hide_another_cause(scripted: CloudScope) -> None:
    change = begun(scripted, status=Status.DELETING, unwanted=True)
    reason = "User: x is not authorized to perform: iam:DeleteRole on resource: role r"
    add(scripted.session, an_event(change.row, "DELETE_FAILED", logical_id="Role", reason=reason))
    failure = change.note_failure(Stack(STACK_ID, "n", "DELETE_FAILED"))
    change.add_blockers(failure, "Still in the VPC: subnet-1.", "Delete the subnet.")
    assert "Still in the VPC: subnet-1." in change.row.reason
    assert "Allow iam:DeleteRole in" in change.row.remedy
    assert "Then delete it again" in change.row.remedy
    assert change.row.remedy.endswith("Delete the subnet.")


def test_the_reason_of_the_stack_itself_is_told_without_its_name(scripted: CloudScope) -> None:
    change = begun(scripted, status=Status.CREATING)
    early = "The following hook(s)/validation failed: [AWS::EarlyValidation::X]"
    add(scripted.session, a_stack_event(change.row, "CREATE_FAILED", reason=early))
    details = f"{early} LogGroup (/aws/lambda/x): It exists already."
    change.settle(Stack(STACK_ID, "n", "CREATE_FAILED", reason=details), reached=Status.READY)
    assert change.row.reason == details


def test_a_time_out_is_told_although_the_stack_only_echoes(scripted: CloudScope) -> None:
    change = begun(scripted, status=Status.CREATING)
    late = "Stack creation time exceeded the specified timeout. Rollback requested by user."
    add(scripted.session, a_stack_event(change.row, "ROLLBACK_IN_PROGRESS", reason=late))
    echo = "The following resource(s) failed to create: [Vpc]."
    change.settle(Stack(STACK_ID, "n", "ROLLBACK_COMPLETE", reason=echo), reached=Status.READY)
    assert change.row.reason == late
    assert "did not get it ready in time" in change.row.remedy
