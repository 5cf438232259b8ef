"""CloudFormation acts with its caller's permissions, or with those of its service role."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.credentials import iam_of, put_switches
from tests.sandbox.lab import Lab, lab_of_dashboard, unique, vpc
from webapp.aws.clients import Clients
from webapp.aws.cloudformation.stacks import Event, Plan
from webapp.sandbox.launcher import ACCOUNT, Sandbox

REGION = "eu-west-3"
OURS = {"egret:managed": "true"}
GATEWAY = {"Gateway": {"Type": "AWS::EC2::InternetGateway", "DependsOn": "Vpc"}}


@pytest.fixture
def lab(sandbox: Sandbox) -> Iterator[Lab]:
    with lab_of_dashboard(sandbox, REGION) as made:
        yield made
        put_switches(sandbox.info, [])


def create(lab: Lab, resources: dict[str, Any], tags: dict[str, str] | None = None) -> str:
    body = json.dumps({"Resources": resources})
    plan = Plan(REGION, unique("egret-lab"), body, {}, OURS if tags is None else tags)
    stack_id = lab.stacks.create(plan, token=unique("token"))
    lab.made.append(stack_id)
    return stack_id


def failed(lab: Lab, stack_id: str) -> list[Event]:
    return [each for each in lab.failures(stack_id) if each.logical_id in ("Vpc", "Gateway")]


def test_a_permission_that_is_missing_fails_the_resource_and_rolls_the_stack_back(
    sandbox: Sandbox, lab: Lab
) -> None:
    put_switches(sandbox.info, [{"deny_actions": ["ec2:CreateInternetGateway"]}])
    stack_id = create(lab, vpc() | GATEWAY)
    assert lab.settled(stack_id).status == "ROLLBACK_COMPLETE"
    (event,) = failed(lab, stack_id)
    arn = f"arn:aws:ec2:{REGION}:{ACCOUNT}:internet-gateway/*"
    refused = (
        f"User: arn:aws:iam::{ACCOUNT}:user/dashboard is not authorized to perform: "
        f"ec2:CreateInternetGateway on resource: {arn} because no identity-based policy allows "
        "the ec2:CreateInternetGateway action."
    )
    assert event.reason.startswith(
        'Resource handler returned message: "You are not authorized to perform this operation. '
    )
    assert refused.rstrip(".") in event.reason
    assert event.reason.endswith("HandlerErrorCode: AccessDenied)")


def test_the_rollback_needs_permissions_too(sandbox: Sandbox, lab: Lab) -> None:
    taken = ["ec2:CreateInternetGateway", "ec2:DeleteVpc"]
    put_switches(sandbox.info, [{"deny_actions": taken}])
    stack_id = create(lab, vpc() | GATEWAY)
    assert lab.settled(stack_id).status == "ROLLBACK_FAILED"
    assert ["ec2:DeleteVpc" in event.reason for event in failed(lab, stack_id)].count(True) == 1


def test_a_stack_without_our_tag_cannot_be_changed_once_it_is_there(
    lab: Lab, clients: Clients
) -> None:
    stack_id = create(lab, vpc(), {})
    assert lab.settled(stack_id).status == "CREATE_COMPLETE", lab.failures(stack_id)
    assert lab.deleted(stack_id).status == "DELETE_FAILED"
    assert Lab(clients, REGION).deleted(stack_id).status == "DELETE_COMPLETE"


def test_a_service_role_decides_instead_of_the_caller_and_stays_with_the_stack(
    sandbox: Sandbox, lab: Lab, clients: Clients
) -> None:
    """The administrator may do everything, the role of the stack may not make a VPC."""
    iam, name = iam_of(sandbox.info), unique("cloudformation-for")
    trust = {"Effect": "Allow", "Principal": {"Service": "cloudformation.amazonaws.com"}}
    document = {"Version": "2012-10-17", "Statement": [trust | {"Action": "sts:AssumeRole"}]}
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))["Role"]
    plan = lab.plan(vpc(), name=unique("egret-lab"))
    given: Any = {"StackName": plan.name, "TemplateBody": plan.body, "RoleARN": role["Arn"]}
    with pytest.raises(ClientError, match="iam:PassRole"):
        lab.clients.cloudformation(REGION).create_stack(**given)
    unknown = given | {"RoleARN": f"{role['Arn']}-unknown"}
    with pytest.raises(ClientError, match="is invalid or cannot be assumed"):
        clients.cloudformation(REGION).create_stack(**unknown)
    made = clients.cloudformation(REGION).create_stack(**given)["StackId"]
    lab.made.append(made)
    assert lab.settled(made).status == "ROLLBACK_COMPLETE"
    (event,) = failed(lab, made)
    acting = f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/AWSCloudFormation"
    assert f"User: {acting} is not authorized to perform: ec2:CreateVpc" in event.reason


def test_a_refusal_to_tag_says_which_permission_it_needs(sandbox: Sandbox, lab: Lab) -> None:
    put_switches(sandbox.info, [{"deny_actions": ["ec2:CreateTags"]}])
    stack_id = create(lab, vpc())
    assert lab.settled(stack_id).status == "ROLLBACK_COMPLETE"
    (event,) = failed(lab, stack_id)
    assert "Encountered a permissions error performing a tagging operation" in event.reason
    assert event.reason.endswith("HandlerErrorCode: UnauthorizedTaggingOperation)")


def test_an_account_under_verification_fails_the_resource(sandbox: Sandbox, lab: Lab) -> None:
    stack_id = create(lab, {"Gateway": {"Type": "AWS::EC2::InternetGateway"}})
    assert lab.settled(stack_id).status == "CREATE_COMPLETE"
    put_switches(sandbox.info, [{"under_verification": True}])
    refused = create(lab, vpc())
    assert lab.settled(refused).status == "ROLLBACK_COMPLETE"
    assert "currently being verified" in failed(lab, refused)[0].reason
