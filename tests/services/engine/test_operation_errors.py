"""Errors in the middle of a step: some are waited for, others fail the row."""

import pytest

from tests.services.engine.changing import Change, begun, due_in_s
from tests.services.rows import REGION
from tests.services.scripted import (
    ScriptedAws,
    a_stack,
)
from tests.spans import attributes, kept
from webapp.aws.cloudformation.stacks import Phase, Plan
from webapp.aws.errors import AccessDenied, AwsError, ClockOff, NotReached
from webapp.models import Status
from webapp.scope import CloudScope
from webapp.services.engine import leases
from webapp.services.engine.operation import PAUSE_S, RETRY_S

RESOURCES = {"Vpc": "AWS::EC2::VPC", "Subnet": "AWS::EC2::Subnet"}
PLAN = Plan(REGION, "egret-network-net", "{}", parameters={}, tags={}, resources=RESOURCES)


@pytest.mark.parametrize(
    ("error", "wait_s"),
    [
        (NotReached("no answer", remedy="later"), RETRY_S),
        (AccessDenied("not allowed", remedy="later"), PAUSE_S),
        (ClockOff("ten minutes behind", remedy="later"), PAUSE_S),
    ],
)
def test_what_can_pass_is_waited_for_and_the_row_says_so(
    offline: CloudScope, error: AwsError, wait_s: float
) -> None:
    change = begun(offline, error)
    change.advance()
    assert change.row.status is Status.UPDATING
    assert (change.row.reason, change.row.remedy) == (error.detail, "later")
    assert due_in_s(offline.session) == pytest.approx(wait_s, abs=1)


def test_any_other_error_fails_the_row(offline: CloudScope) -> None:
    change = begun(offline, AwsError("no such subnet", remedy="make one"))
    change.advance()
    assert change.row.status is Status.FAILED
    assert (change.row.reason, change.row.remedy) == ("no such subnet", "make one")
    assert due_in_s(offline.session) is None


def test_a_step_is_a_span_with_its_state_its_site_and_the_code_of_its_error(
    offline: CloudScope,
) -> None:
    change = begun(offline, AwsError("no such subnet-4711", remedy="make one"))
    with kept() as in_memory:
        leases.run(change.work, lambda _: change.advance())
    (step,) = in_memory.all
    assert (step.name, step.status.is_ok) == ("step network", False)
    assert attributes(step) == {
        "egret.kind": "network",
        "egret.state": "updating",
        "cloud.region": REGION,
        "error.type": AwsError.default_code,
    }
    assert "4711" not in in_memory.text


@pytest.mark.parametrize("status", [Status.READY, Status.FAILED])
def test_nothing_is_left_to_do_for_a_settled_row(offline: CloudScope, status: Status) -> None:
    change = begun(offline, AwsError("never raised"), status=status)
    change.advance()
    assert change.row.status is status
    assert due_in_s(offline.session) is None


def test_work_on_a_row_that_is_gone_is_finished(offline: CloudScope) -> None:
    work = leases.begin(offline.session, "network:gone")
    assert work is not None
    Change.handler(offline.own, offline.settings)(work)
    assert due_in_s(offline.session) is None


def test_a_stack_that_is_busy_is_polled_again(scripted: CloudScope, aws: ScriptedAws) -> None:
    aws.show_stack("CREATE_IN_PROGRESS")
    change = begun(scripted, status=Status.CREATING)
    assert change.poll_stack() is None
    aws.answers["DescribeStacks"] = a_stack("CREATE_COMPLETE")
    stack = change.poll_stack()
    assert stack is not None
    assert stack.phase is Phase.DONE
