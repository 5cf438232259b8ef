"""Stack operations of the embedded CloudFormation: events, tokens, rollback and deletion."""

from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.lab import Lab, egress, subnet, unique, vpc
from webapp.aws.cloudformation.stacks import Phase
from webapp.aws.errors import AwsError
from webapp.errors import Conflict


def test_an_update_that_changes_nothing_says_so(lab: Lab) -> None:
    plan = lab.plan(vpc())
    stack_id = lab.stacks.create(plan, token=unique("token"))
    lab.made.append(stack_id)
    lab.settled(stack_id)
    with pytest.raises(ClientError, match="No updates are to be performed"):
        lab.clients.cloudformation(lab.region).update_stack(
            StackName=stack_id, TemplateBody=plan.body
        )


def test_a_stack_that_was_rolled_back_cannot_be_updated(lab: Lab) -> None:
    plan = lab.plan(vpc() | {"Bad": subnet("10.99.0.0/24")})
    stack_id = lab.stacks.create(plan, token=unique("token"))
    lab.made.append(stack_id)
    assert lab.settled(stack_id).status == "ROLLBACK_COMPLETE"
    with pytest.raises(ClientError, match="ROLLBACK_COMPLETE"):
        lab.clients.cloudformation(lab.region).update_stack(
            StackName=stack_id, TemplateBody=lab.plan(vpc()).body
        )


def test_each_resource_has_events_with_the_client_token(lab: Lab) -> None:
    token = unique("token")
    stack = lab.settled(lab.create(vpc(), token=token))
    events = lab.stacks.events(lab.region, stack.id)
    told = [(event.logical_id, event.status) for event in events if event.logical_id == "Vpc"]
    assert told == [("Vpc", "CREATE_IN_PROGRESS"), ("Vpc", "CREATE_COMPLETE")]
    assert {event.token for event in events} == {token}


def test_the_same_token_is_the_same_stack_and_another_is_a_conflict(lab: Lab) -> None:
    plan, token = lab.plan(vpc()), unique("token")
    stack_id = lab.stacks.create(plan, token=token)
    lab.made.append(stack_id)
    assert lab.stacks.create(plan, token=token) == stack_id
    with pytest.raises(Conflict):
        lab.stacks.create(plan, token=unique("token"))
    lab.settled(stack_id)


def test_a_failed_creation_is_rolled_back_and_gives_the_reason(lab: Lab) -> None:
    ec2 = lab.clients.ec2(lab.region)
    before = len(ec2.describe_vpcs()["Vpcs"])
    stack = lab.settled(lab.create(vpc() | {"Bad": subnet("10.99.0.0/24")}))
    assert stack.status == "ROLLBACK_COMPLETE"
    assert "InvalidSubnet.Range" in lab.failures(stack.id)[0].reason
    assert len(ec2.describe_vpcs()["Vpcs"]) == before


def test_a_stack_that_is_deleted_during_its_creation_leaves_nothing(lab: Lab) -> None:
    ec2 = lab.clients.ec2(lab.region)
    before = len(ec2.describe_vpcs()["Vpcs"])
    stack_id = lab.create(egress(lab.allocate()))
    assert lab.deleted(stack_id).phase is Phase.GONE
    assert len(ec2.describe_vpcs()["Vpcs"]) == before


def test_a_stack_that_is_being_updated_is_not_deleted(lab: Lab) -> None:
    stack = lab.deployed(vpc())
    plan = replace(lab.plan(vpc() | egress(lab.allocate())), name=stack.name)
    lab.stacks.update(plan, stack.id, token=unique("token"))
    with pytest.raises(AwsError, match="cannot be deleted while in status UPDATE_IN_PROGRESS"):
        lab.stacks.delete(lab.region, stack.id, token=unique("token"))
    lab.settled(stack.id)


def test_a_deleted_stack_can_be_described_by_its_arn_only(lab: Lab) -> None:
    stack = lab.deployed(vpc())
    lab.deleted(stack.id)
    by_arn = lab.stacks.describe(lab.region, stack.id)
    assert by_arn is not None
    assert by_arn.phase is Phase.GONE
    assert lab.stacks.describe(lab.region, stack.name) is None
