"""What CloudFormation's handlers need: no more than they declare, for the properties set."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.aws.cloudformation.test_templates import PLANS
from webapp.aws.cloudformation.conditions import parse
from webapp.sandbox.embedded_aws.iam.handlers import LINE, TABLE, Resource, needs

ROOT = Path(__file__).parents[4]
DECLARED = json.loads((ROOT / "tests/aws/policy/handlers.json").read_text())
OURS = {"egret:managed": "true"}


def actions(type_: str, step: str, properties: dict[str, Any], **more: Any) -> list[str]:
    resource = Resource(type_, step, "egret-x", "It", properties, **more)
    return [need.action.partition(":")[2] for need in needs(resource)]


def test_the_table_has_each_type_of_our_templates() -> None:
    templates = [parse(plan.body) for plan in PLANS.values()]
    used = {resource["Type"] for each in templates for resource in each["Resources"].values()}
    assert set(TABLE) == used


@pytest.mark.parametrize("name", TABLE)
def test_nothing_is_asked_that_the_handler_does_not_declare(name: str) -> None:
    for step in ("create", "read", "update", "delete"):
        lines = TABLE[name].get(step, [])
        asked = {match.group(2) for match in map(LINE.fullmatch, lines) if match}
        declared = {*DECLARED[name].get(step, []), *DECLARED[name].get("tagging", [])}
        assert len(lines) == len([line for line in lines if LINE.fullmatch(line)])
        assert asked <= declared, (name, step)


def test_what_is_created_is_named_by_its_type_and_has_the_tags_that_are_asked_for() -> None:
    resource = Resource("AWS::EC2::VPC", "create", "egret-x", "Vpc", {}, tags=OURS)
    made, tagged, seen = needs(resource)
    assert (made.action, tagged.action, seen.action) == (
        "ec2:CreateVpc",
        "ec2:CreateTags",
        "ec2:DescribeVpcs",
    )
    assert made.resource.endswith(":vpc/*")
    assert seen.resource == "*"
    assert made.context["aws:RequestTag/egret:managed"] == "true"
    assert tagged.context["ec2:CreateAction"] == "CreateVpc"


def test_only_properties_that_are_set_or_change_need_something() -> None:
    vpc = "AWS::EC2::VPC"
    assert actions(vpc, "create", {"EnableDnsSupport": True}) == [
        "CreateVpc",
        "DescribeVpcs",
        "ModifyVpcAttribute",
        "DescribeVpcAttribute",
    ]
    before = {"EnableDnsSupport": True, "Tags": [{"Key": "a", "Value": "1"}]}
    assert actions(vpc, "update", before, before=before) == ["DescribeVpcAttribute"]
    assert actions(vpc, "update", {"EnableDnsSupport": False}, before=before) == [
        "ModifyVpcAttribute",
        "DescribeVpcAttribute",
        "DeleteTags",
    ]


def test_each_value_of_a_list_is_a_resource() -> None:
    properties = {"VpcId": "vpc-1", "RouteTableIds": ["rtb-1", "rtb-2"]}
    resource = Resource("AWS::EC2::VPCEndpoint", "create", "egret-x", "S3", properties)
    found = [need.resource.rpartition(":")[2] for need in needs(resource)]
    assert found == [
        "vpc-endpoint/*",
        "vpc/vpc-1",
        "route-table/rtb-1",
        "route-table/rtb-2",
        "*",
        "*",
    ]


def test_a_role_is_known_by_its_stack_and_made_with_its_boundary() -> None:
    boundary = "arn:aws:iam::111122223333:policy/egret-boundary"
    properties = {"PermissionsBoundary": boundary, "Policies": [{"PolicyName": "p"}]}
    resource = Resource("AWS::IAM::Role", "create", "egret-x", "Role", properties)
    found = {need.action: need for need in needs(resource)}
    assert found["iam:CreateRole"].resource.endswith(":role/egret-x-Role-*")
    assert found["iam:CreateRole"].context["iam:PermissionsBoundary"] == boundary
    assert found["iam:PutRolePolicy"].context["iam:PermissionsBoundary"] == boundary
    assert "iam:PermissionsBoundary" not in found["iam:GetRole"].context


def test_a_function_passes_its_role_to_lambda() -> None:
    role = "arn:aws:iam::111122223333:role/egret-x-Role-1"
    properties = {"FunctionName": "egret-x", "Role": role}
    resource = Resource("AWS::Lambda::Function", "create", "egret-x", "Function", properties)
    found = {need.action: need for need in needs(resource)}
    assert found["lambda:CreateFunction"].resource.endswith(":function:egret-x")
    assert found["iam:PassRole"].resource == role
    assert found["iam:PassRole"].context["iam:PassedToService"] == "lambda.amazonaws.com"


def test_a_type_that_the_table_lacks_needs_what_is_named_after_it() -> None:
    assert actions("AWS::SQS::Queue", "create", {}) == ["CreateQueue"]
    assert actions("Custom::Any", "create", {}) == ["UseCustomResource"]


@pytest.mark.parametrize(
    ("before", "after", "more"),
    [
        ({"PermissionsBoundary": "b"}, {}, "DeleteRolePermissionsBoundary"),
        ({}, {"PermissionsBoundary": "b"}, "PutRolePermissionsBoundary"),
        ({}, {"ManagedPolicyArns": ["p"]}, "AttachRolePolicy"),
        ({"ManagedPolicyArns": ["p"]}, {}, "DetachRolePolicy"),
    ],
)
def test_a_role_gets_nothing_more_without_a_permission_for_it(
    before: dict[str, Any], after: dict[str, Any], more: str
) -> None:
    assert more in actions("AWS::IAM::Role", "update", after, before=before)
    assert more not in actions("AWS::IAM::Role", "update", after, before=after)
