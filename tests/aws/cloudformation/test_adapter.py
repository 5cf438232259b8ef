"""Stacks in the embedded AWS: each request can be repeated, and absence is an answer."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from tests.aws.deployment import REGION
from tests.sandbox.lab import Lab, unique, vpc
from tests.services.scripted import STACK_ID, ScriptedAws, a_stack, refusal
from webapp.aws.clients import Clients
from webapp.aws.cloudformation.adapter import Stacks
from webapp.aws.cloudformation.change_sets import Change
from webapp.aws.cloudformation.stacks import Phase, Plan
from webapp.aws.errors import AwsError
from webapp.errors import Conflict


def created(lab: Lab, plan: Plan, token: str) -> str:
    stack_id = lab.stacks.create(plan, token=token)
    lab.made.append(stack_id)
    lab.settled(stack_id)
    return stack_id


def test_a_repeated_creation_gives_the_same_stack(lab: Lab) -> None:
    plan, token = lab.plan(vpc()), unique("token")
    stack_id = created(lab, plan, token)
    assert lab.stacks.create(plan, token=token) == stack_id
    assert lab.stacks.made_by(REGION, plan.name, token=token) == stack_id
    assert lab.stacks.made_by(REGION, plan.name, token="another") is None


def test_a_name_that_another_operation_took_is_a_conflict(lab: Lab) -> None:
    plan = lab.plan(vpc())
    created(lab, plan, unique("token"))
    with pytest.raises(Conflict, match="did not make") as error:
        lab.stacks.create(plan, token=unique("token"))
    assert error.value.code == "stack_exists"


def test_an_update_tells_whether_there_is_anything_to_change(lab: Lab) -> None:
    plan = lab.plan(vpc())
    stack_id = created(lab, plan, unique("token"))
    assert not lab.stacks.update(plan, stack_id, token=unique("token"))
    larger = replace(lab.plan(vpc() | {"Gateway": {"Type": "AWS::EC2::InternetGateway"}}))
    assert lab.stacks.preview(larger, stack_id, name=unique("preview")) == [
        Change("Add", "Gateway", "AWS::EC2::InternetGateway")
    ]
    assert lab.stacks.update(larger, stack_id, token=unique("token"))
    assert lab.settled(stack_id).status == "UPDATE_COMPLETE"


def test_an_update_of_a_busy_stack_may_be_a_repeated_one(offline: Clients) -> None:
    plan = Plan(REGION, "shop", "{}", {}, {})
    with Stubber(offline.cloudformation(REGION)) as stub:
        busy = "Stack:shop is in UPDATE_IN_PROGRESS state and can not be updated."
        stub.add_client_error("update_stack", "ValidationError", busy)
        assert Stacks(offline).update(plan, "shop", token="one")
        stub.add_client_error("update_stack", "ValidationError", "Template format error")
        with pytest.raises(AwsError, match="Template format error"):
            Stacks(offline).update(plan, "shop", token="one")


def test_a_request_that_aws_has_accepted_before_is_no_error() -> None:
    """A repeated attempt may reuse the token of one whose answer was lost."""
    aws, plan = ScriptedAws(), Plan(REGION, "shop", "{}", {}, {})
    known = refusal("TokenAlreadyExistsException", "A client request token already exists")
    asked = ("CreateStack", "UpdateStack", "ContinueUpdateRollback", "DeleteStack")
    aws.answers |= dict.fromkeys(asked, known) | {"DescribeStacks": a_stack("CREATE_IN_PROGRESS")}
    stacks = Stacks(aws.clients)
    aws.answers["DescribeStackEvents"] = {"StackEvents": [begun_by("one")]}
    assert stacks.create(plan, token="one") == STACK_ID
    with pytest.raises(AwsError, match="token already exists"):
        stacks.create(plan, token="two")
    assert stacks.update(plan, "shop", token="one")
    stacks.continue_rollback(REGION, "shop", token="one")
    stacks.delete(REGION, "shop", token="one")


def begun_by(token: str) -> dict[str, Any]:
    """An event of the stack that the request with this token made."""
    at = datetime(2026, 8, 1, tzinfo=UTC)
    return {"StackId": STACK_ID, "EventId": "1", "Timestamp": at, "ClientRequestToken": token}


@pytest.mark.parametrize("role", ["arn:aws:iam::111122223333:role/cloudformation-for-egret", ""])
def test_what_changes_a_stack_acts_with_the_service_role_if_there_is_one(role: str) -> None:
    aws, plan = ScriptedAws(), Plan(REGION, "shop", "{}", {}, {})
    changing = {
        "CreateStack": {"StackId": "shop"},
        "UpdateStack": {},
        "CreateChangeSet": {"Id": "preview"},
        "ContinueUpdateRollback": {},
        "DeleteStack": {},
    }
    aws.answers |= changing | {
        "DescribeChangeSet": {"Status": "CREATE_COMPLETE", "Changes": []},
        "DeleteChangeSet": {},
    }
    stacks = Stacks(aws.clients, role)
    stacks.create(plan, token="one")
    stacks.update(plan, "shop", token="two")
    stacks.preview(plan, "shop", name="preview")
    stacks.continue_rollback(REGION, "shop", token="three")
    stacks.delete(REGION, "shop", token="four")
    roles = {name: call.get("RoleARN", "") for name, call in aws.asked if name in changing}
    assert roles == dict.fromkeys(changing, role)


def test_a_stack_that_does_not_exist_is_none(lab: Lab) -> None:
    assert lab.stacks.describe(REGION, "never-made") is None


def test_only_events_that_are_not_known_are_read_oldest_first(lab: Lab) -> None:
    stack_id = created(lab, lab.plan(vpc()), unique("token"))
    every = lab.stacks.events(REGION, stack_id)
    assert [every[0].status, every[-1].status] == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    known = {event.id for event in every[:2]}
    assert lab.stacks.events(REGION, stack_id, known=known) == every[2:]


def test_a_deletion_can_be_repeated_and_the_stack_is_gone_by_its_arn(lab: Lab) -> None:
    stack_id = created(lab, lab.plan(vpc()), unique("token"))
    assert lab.deleted(stack_id).phase is Phase.GONE
    lab.stacks.delete(REGION, stack_id, token=unique("token"), express=True)
    lab.stacks.delete(REGION, "never-made", token=unique("token"))


def test_a_protected_stack_is_deleted_only_after_its_protection_ends(lab: Lab) -> None:
    stack_id = created(lab, replace(lab.plan(vpc()), protected=True), unique("token"))
    with pytest.raises(AwsError, match="deleting the stack lab-"):
        lab.stacks.delete(REGION, stack_id, token=unique("token"))
    lab.stacks.delete(REGION, stack_id, token=unique("token"), unprotect=True)
    assert lab.deleted(stack_id).phase is Phase.GONE
