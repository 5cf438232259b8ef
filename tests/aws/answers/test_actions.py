"""Actions, resources and principals are found however AWS words a refusal."""

import pytest

from webapp.aws.answers.actions import (
    OWN_ACTIONS,
    TAG_ACTIONS,
    actions_in,
    principal_in,
    resource_in,
    service_in,
    tag_actions,
)


@pytest.mark.parametrize(
    ("text", "actions"),
    [
        ("is not authorized to perform: ec2:CreateVpc", ["ec2:CreateVpc"]),
        ("API: ec2:createvpc You are not authorized", ["ec2:CreateVpc"]),
        ("Access denied for operation 'logs:DescribeLogGroups'.", ["logs:DescribeLogGroups"]),
        ("perform: s3:PutBucketPolicy, s3:GetObject*", ["s3:PutBucketPolicy", "s3:GetObject*"]),
        ("ec2:CreateVpc … no policy allows the ec2:CreateVpc action", ["ec2:CreateVpc"]),
        ("to call CreateVpc on EC2: no permissions to call CreateVpc on EC2", ["ec2:CreateVpc"]),
        (
            "not authorized to perform CreateLogGroup (Service: CloudWatchLogs)",
            ["logs:CreateLogGroup"],
        ),
        ("EC2:CreateVpc is denied", ["ec2:CreateVpc"]),
        ("on arn:aws:lambda:us-east-1:1:function:CreateVpc and aws:RequestTag/a", []),
        ("Encoded authorization failure message: ec2:CreateVpc", []),
        ("at https://repost.aws/x (HandlerErrorCode: AccessDenied)", []),
    ],
)
def test_an_action_is_known_by_how_it_is_written(text: str, actions: list[str]) -> None:
    assert list(actions_in(text)) == actions


def test_an_operation_is_an_action_of_the_service_that_has_it() -> None:
    assert actions_in("You may not.", "DescribeStacks") == ("cloudformation:DescribeStacks",)
    assert actions_in("You may not.", "NobodyKnows") == ("NobodyKnows",)
    assert actions_in("You may not.") == ()


@pytest.mark.parametrize(
    ("text", "resource_type", "first"),
    [
        ("", "AWS::EC2::NatGateway", "ec2:CreateTags"),
        ("", "AWS::KMS::Key", "kms:TagResource"),
        ("(Service: CloudWatchLogs, Status Code: 400)", "", "logs:TagResource"),
        ("(Service: AWSLambda; Status Code: 403)", "", "lambda:TagResource"),
    ],
)
def test_tags_of_a_type_have_actions_of_their_own(
    text: str, resource_type: str, first: str
) -> None:
    assert tag_actions(text, resource_type)[0] == first


def test_the_tag_actions_are_spelt_as_in_egrets_policy() -> None:
    unknown = {action for actions in TAG_ACTIONS.values() for action in actions}
    unknown -= set(OWN_ACTIONS.values())
    assert unknown == {"secretsmanager:UntagResource"}, "Egret never takes a tag off a secret"


@pytest.mark.parametrize(
    ("text", "resource"),
    [
        ('on resource: "arn:aws:s3:::b" with', "arn:aws:s3:::b"),
        ("on resource: role r because", "role r"),
        ("on the resource arn:aws:ec2:eu-west-1:1:vpc/*.", "arn:aws:ec2:eu-west-1:1:vpc/*"),
        ("nothing is named", ""),
    ],
)
def test_what_it_was_asked_for(text: str, resource: str) -> None:
    assert resource_in(text) == resource


@pytest.mark.parametrize(
    ("arn", "principal", "is_service_role"),
    [
        ("arn:aws:iam::1:user/team/ada", "user team/ada", False),
        ("arn:aws:sts::1:assumed-role/deploy/session", "role deploy", False),
        ("arn:aws-cn:sts::1:assumed-role/exec/AWSCloudFormation", "role exec", True),
        ("arn:aws:iam::1:root", "root", False),
    ],
)
def test_whose_call_was_refused(arn: str, principal: str, is_service_role: bool) -> None:
    assert principal_in(f"User: {arn} is not authorized") == (principal, is_service_role)


def test_services_have_their_prefix_in_iam() -> None:
    assert service_in("(Service: AWSKMS; Status Code: 400)") == "kms"
    assert service_in("nothing") == ""
