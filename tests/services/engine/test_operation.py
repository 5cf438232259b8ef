"""An operation: what a step does with AWS's answers, and what the row says afterwards."""

import pytest
from sqlmodel import select

from tests.services.engine.changing import Change, begun, due_in_s
from tests.services.rows import REGION, a_network, a_stack_event, add, ago, an_event
from tests.services.scripted import (
    NO_STACK,
    STACK_ID,
    ScriptedAws,
    a_stack,
    refusal,
)
from webapp.aws.cloudformation.stacks import ROLLED_BACK, STUCK, Plan, Stack
from webapp.aws.errors import NotReached
from webapp.models import Lease, Network, StackEvent, Status
from webapp.scope import CloudScope
from webapp.services.engine import leases, operation
from webapp.services.engine.intents import intend
from webapp.services.engine.operation import RETRY_S

RESOURCES = {"Vpc": "AWS::EC2::VPC", "Subnet": "AWS::EC2::Subnet"}
PLAN = Plan(REGION, "egret-network-net", "{}", parameters={}, tags={}, resources=RESOURCES)


def test_an_intent_starts_an_operation_with_nothing_of_the_last_one() -> None:
    row = a_network(
        status=Status.FAILED,
        reason="why",
        remedy="what to do",
        attempts=4,
        attempts_max=7,
        retain=["Vpc"],
        started_at=ago(1000),
    )
    before = row.operation_id
    intend(row, Status.REQUESTED)
    assert row.status is Status.REQUESTED
    assert row.operation_id != before
    assert (row.reason, row.remedy, row.retain) == ("", "", [])
    assert (row.attempts, row.attempts_max) == (1, 0)
    assert row.started_at > ago(10)


@pytest.mark.parametrize(("to", "unwanted"), [(Status.DELETING, True), (Status.REQUESTED, False)])
def test_only_another_deletion_keeps_a_row_unwanted(to: Status, unwanted: bool) -> None:
    row = a_network(status=Status.FAILED, unwanted=True)
    intend(row, to)
    assert row.unwanted is unwanted


# --- A stack that is changed ------------------------------------------------------------------


def test_the_first_step_asks_and_then_polls(scripted: CloudScope, aws: ScriptedAws) -> None:
    aws.show_stack("CREATE_COMPLETE")
    aws.answers["UpdateStack"] = {}
    change = begun(scripted)
    change.advance()
    (request,) = aws.calls("UpdateStack")
    assert request["ClientRequestToken"] == change.row.operation_id
    assert change.row.resource_count == PLAN.resource_count
    assert due_in_s(scripted.session) == pytest.approx(aws.cloud.poll_s, abs=1)


def test_a_change_that_has_begun_is_not_asked_for_twice(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    aws.show_stack("UPDATE_COMPLETE", VpcId="vpc-1")
    change = begun(scripted)
    add(scripted.session, an_event(change.row, "UPDATE_COMPLETE"))
    change.advance()
    assert not aws.calls("UpdateStack")
    assert change.row.status is Status.READY
    assert change.row.outputs == {"VpcId": "vpc-1"}
    assert due_in_s(scripted.session) is None


def test_with_others_under_way_the_background_takes_the_first_step_too(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    row = a_network(status=Status.UPDATING, stack_id=STACK_ID)
    scripted.session.add(row)
    leases.make_due(scripted.session, "network:other")
    Change.begin(scripted, row)
    assert not aws.asked
    due = scripted.session.get_one(Lease, row.owner)
    assert (due.owner, due.fence, due.expires_at) == ("", 0, 0)


def test_a_stack_that_its_events_show_busy_is_not_described(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    aws.show_stack("UPDATE_COMPLETE")
    change = begun(scripted)
    add(scripted.session, a_stack_event(change.row, "UPDATE_IN_PROGRESS", physical_id=STACK_ID))
    change.advance()
    assert [name for name, _ in aws.asked] == ["DescribeStackEvents"]
    assert change.row.status is Status.UPDATING


def test_a_stack_without_news_for_long_is_described(scripted: CloudScope, aws: ScriptedAws) -> None:
    aws.show_stack("UPDATE_COMPLETE")
    change = begun(scripted)
    begins = a_stack_event(change.row, "UPDATE_IN_PROGRESS", physical_id=STACK_ID, at=ago(400))
    add(scripted.session, begins)
    change.advance()
    assert change.row.status is Status.READY


def test_a_change_that_changes_nothing_is_done(scripted: CloudScope, aws: ScriptedAws) -> None:
    aws.show_stack("CREATE_COMPLETE")
    aws.answers["UpdateStack"] = refusal("ValidationError", "No updates are to be performed.")
    change = begun(scripted)
    change.advance()
    assert change.row.status is Status.READY


def test_a_change_that_aws_rolled_back_leaves_the_row_as_it_was_with_the_reason(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    aws.show_stack(ROLLED_BACK)
    change = begun(scripted)
    add(scripted.session, an_event(change.row, "UPDATE_FAILED", reason="no room"))
    change.advance()
    assert (change.row.status, change.row.reason) == (Status.READY, "Vpc: no room")
    assert change.row.remedy == f"{operation.PUT_BACK} {operation.RETRY_UPDATE}"


ECHO = "The following resource(s) failed to update: [Vpc]."


def stuck(scope: CloudScope, aws: ScriptedAws, *, attempts: int, failures: int) -> Change:
    """A row whose rollback failed so many times, in the attempt of that number."""
    aws.show_stack(STUCK, reason="could not go back")
    aws.answers["ContinueUpdateRollback"] = {}
    change = begun(scope, attempts=attempts)
    add(
        scope.session,
        *(a_stack_event(change.row, STUCK, reason=ECHO) for _ in range(failures)),
    )
    return change


def test_a_rollback_that_failed_is_continued_after_a_pause(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    change = stuck(scripted, aws, attempts=1, failures=1)
    change.advance()
    assert (change.row.status, change.row.attempts) == (Status.UPDATING, 2)
    assert due_in_s(scripted.session) == pytest.approx(RETRY_S, abs=1)
    change.advance()
    (request,) = aws.calls("ContinueUpdateRollback")
    assert request["ClientRequestToken"] == f"{change.row.operation_id}-again2"


def test_a_rollback_is_continued_by_another_request_each_time_also_after_throttled_attempts(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    change = stuck(scripted, aws, attempts=3, failures=1)
    change.advance()
    add(scripted.session, a_stack_event(change.row, STUCK, reason=ECHO))
    change.advance()
    asked = [request["ClientRequestToken"] for request in aws.calls("ContinueUpdateRollback")]
    assert asked == [f"{change.row.operation_id}-again{number}" for number in (2, 3)]


def test_a_rollback_that_failed_too_often_fails_the_row(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    attempts = operation.ROLLBACKS_MAX + 1
    change = stuck(scripted, aws, attempts=attempts, failures=attempts)
    change.advance()
    assert not aws.calls("ContinueUpdateRollback")
    assert (change.row.status, change.row.reason) == (Status.FAILED, "could not go back")


def test_a_stack_that_vanished_fails_the_row(scripted: CloudScope, aws: ScriptedAws) -> None:
    aws.show_stack("GONE")
    aws.answers["DescribeStacks"] = NO_STACK
    change = begun(scripted)
    change.advance()
    assert (change.row.status, change.row.reason) == (Status.FAILED, operation.VANISHED)


# --- A stack that is created ------------------------------------------------------------------


def test_a_creation_is_remembered_before_aws_is_asked(
    offline: CloudScope,
) -> None:
    change = begun(offline, stack_id=None)
    with pytest.raises(NotReached):
        change.create_stack(PLAN)
    offline.session.rollback()
    offline.session.refresh(change.row)
    assert change.row.creation_id == change.row.operation_id


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", STUCK])
def test_a_stack_that_is_in_use_is_never_deleted_by_another_attempt(
    scripted: CloudScope, aws: ScriptedAws, status: str
) -> None:
    aws.answers |= {"DescribeStacks": a_stack(status), "ContinueUpdateRollback": {}}
    change = begun(scripted, status=Status.REQUESTED)
    change.create_stack(PLAN)
    assert change.row.status is Status.CREATING
    assert not aws.calls("DeleteStack")


def test_a_creation_that_is_done_is_timed(scripted: CloudScope) -> None:
    change = begun(scripted, status=Status.CREATING, started_at=ago(90), reason="waited")
    change.settle(Stack(STACK_ID, "n", "CREATE_COMPLETE", outputs={"A": "1"}), reached=Status.READY)
    row = change.row
    assert (row.status, row.reason, row.outputs) == (Status.READY, "", {"A": "1"})
    assert row.took_s == pytest.approx(90, abs=2)


def test_a_failure_has_its_root_cause_and_a_remedy(scripted: CloudScope) -> None:
    change = begun(scripted, status=Status.CREATING)
    told = "The maximum number of addresses has been reached. (AddressLimitExceeded)"
    add(scripted.session, an_event(change.row, "CREATE_FAILED", reason=told))
    change.settle(Stack(STACK_ID, "n", "ROLLBACK_COMPLETE"), reached=Status.READY)
    assert (change.row.status, change.row.reason) == (Status.FAILED, f"Vpc: {told}")
    assert "higher quota" in change.row.remedy


def test_a_root_cause_without_a_reason_has_the_one_of_its_stack(scripted: CloudScope) -> None:
    change = begun(scripted, status=Status.CREATING)
    add(scripted.session, an_event(change.row, "CREATE_FAILED", reason=""))
    stack = Stack(STACK_ID, "n", "ROLLBACK_COMPLETE", reason="The account is closed.")
    change.settle(stack, reached=Status.READY)
    assert change.row.reason == "Vpc: The account is closed."


@pytest.mark.parametrize(
    ("unwanted", "remedy"), [(False, operation.RETRY_CREATION), (True, operation.RETRY_DELETION)]
)
def test_a_failure_without_a_remedy_of_its_own_gets_the_one_of_what_was_tried(
    scripted: CloudScope, unwanted: bool, remedy: str
) -> None:
    change = begun(scripted, unwanted=unwanted)
    change.fail("why")
    assert (change.row.reason, change.row.remedy) == ("why", remedy)


def test_a_row_is_forgotten_with_its_events(scripted: CloudScope) -> None:
    change, session = begun(scripted), scripted.session
    other = a_network("other")
    add(session, other, an_event(change.row, "DELETE_COMPLETE"), an_event(other, "CREATE_COMPLETE"))
    change.forget()
    assert session.exec(select(Network.name)).all() == ["other"]
    assert session.exec(select(StackEvent.owner)).all() == [other.owner]
    assert due_in_s(session) is None
