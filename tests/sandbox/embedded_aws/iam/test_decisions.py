"""IAM's logic: deny before allow, every limit must allow, and the words of a refusal."""

from typing import Any

import pytest
from ministack.core.iam_evaluator import PrincipalInfo, parse_policy_document

from webapp.aws.policy import Place, cloudformation
from webapp.sandbox.embedded_aws.iam import arns
from webapp.sandbox.embedded_aws.iam.decisions import Decisions
from webapp.sandbox.embedded_aws.iam.limits import Limit, Limits
from webapp.sandbox.embedded_aws.iam.needs import Need

ARN = "arn:aws:iam::111122223333:user/shop"
ANY = {"Effect": "Allow", "Action": "*", "Resource": "*"}
SEE = {"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"}
NO_VPCS = {"Effect": "Deny", "Action": "ec2:DescribeVpcs", "Resource": "*"}
ROLE = "arn:aws:iam::111122223333:role/egret-function-shop"
DESCRIBE = Need("ec2:DescribeVpcs")


def decided(
    *statements: dict[str, Any], need: Need = DESCRIBE, limit: Limit | None = None, arn: str = ARN
) -> str:
    """'' if allowed, otherwise why not, in AWS's words."""
    arns.install()
    limits = Limits()
    limits.put([limit] if limit else [])
    policies = [parse_policy_document({"Statement": [each]}) for each in statements]
    principal = PrincipalInfo(arn, "User", "111122223333", policies)
    refused = Decisions(limits).refusal(principal, [need])
    return refused.reason if refused else ""


def condition(**conditions: Any) -> dict[str, Any]:
    return SEE | {"Condition": conditions}


@pytest.mark.parametrize(
    ("statements", "reason"),
    [
        ([SEE], ""),
        ([], "because no identity-based policy allows the ec2:DescribeVpcs action"),
        ([SEE, NO_VPCS], "with an explicit deny in an identity-based policy"),
        ([NO_VPCS, SEE], "with an explicit deny in an identity-based policy"),
        ([SEE | {"Action": "EC2:describeV?cs"}], ""),
        ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], ""),
        ([{"Effect": "Allow", "NotAction": "ec2:*", "Resource": "*"}], "because no"),
        ([{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::x"}], ""),
        ([SEE | {"Resource": "arn:aws:ec2:*:*:vpc/*"}], "because no"),
    ],
)
def test_a_deny_decides_and_otherwise_something_must_allow(
    statements: list[dict[str, Any]], reason: str
) -> None:
    found = decided(*statements)
    assert found.startswith(reason) and bool(found) is bool(reason)


@pytest.mark.parametrize(
    ("conditions", "allowed"),
    [
        ({"StringEquals": {"aws:RequestTag/a": "1"}}, True),
        ({"StringEquals": {"aws:RequestTag/a": ["2", "1"]}}, True),
        ({"StringEquals": {"aws:requesttag/A": "1"}}, True),
        ({"StringEquals": {"aws:RequestTag/a": "2"}}, False),
        ({"StringEquals": {"aws:RequestTag/b": "1"}}, False),
        ({"StringEqualsIfExists": {"aws:RequestTag/b": "1"}}, True),
        ({"StringNotEquals": {"aws:RequestTag/b": "1"}}, True),
        ({"Null": {"aws:RequestTag/b": "true"}}, True),
        ({"Null": {"aws:RequestTag/a": "true"}}, False),
        ({"StringLike": {"kms:ViaService": "secretsmanager.*.amazonaws.com"}}, True),
        ({"StringLike": {"kms:ViaService": "lambda.*"}}, False),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "c"]}}, True),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["c"]}}, False),
        ({"ForAnyValue:StringEquals": {"aws:TagKeys": ["a", "b"]}}, True),
        ({"ArnLike": {"lambda:SourceFunctionArn": "arn:aws:lambda:*:*:function:egret-*"}}, True),
        ({"ArnLike": {"lambda:SourceFunctionArn": "arn:aws:lambda:*:egret-*"}}, False),
        ({"StringEquals": {"aws:RequestTag/a": "1", "kms:ViaService": "x"}}, False),
        ({"StringMatches": {"aws:RequestTag/a": "1"}}, False),
    ],
)
def test_conditions_are_judged_as_documented(conditions: dict[str, Any], allowed: bool) -> None:
    context = {
        "aws:RequestTag/a": "1",
        "aws:TagKeys": ["a", "c"],
        "kms:ViaService": "secretsmanager.eu-central-1.amazonaws.com",
        "lambda:SourceFunctionArn": "arn:aws:lambda:eu-central-1:111122223333:function:egret-x",
    }
    need = Need("ec2:DescribeVpcs", context=context)
    assert (decided(condition(**conditions), need=need) == "") is allowed


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        (Limit(scp={"Statement": [ANY]}), ""),
        (
            Limit(scp={"Statement": [ANY, NO_VPCS]}),
            "with an explicit deny in a service control policy",
        ),
        (
            Limit(scp={"Statement": []}),
            "because no service control policy allows the ec2:DescribeVpcs action",
        ),
        (
            Limit(boundary={"Statement": [ANY | {"Action": "iam:*"}]}),
            "because no permissions boundary allows the ec2:DescribeVpcs action",
        ),
        (
            Limit(boundary={"Statement": [ANY, NO_VPCS]}),
            "with an explicit deny in a permissions boundary",
        ),
        (
            Limit(deny_actions=["ec2:DescribeVpcs"]),
            "because no identity-based policy allows the ec2:DescribeVpcs action",
        ),
        (Limit(deny_actions=["ec2:DescribeSubnets"]), ""),
    ],
)
def test_each_limit_of_the_account_must_allow_too(limit: Limit, reason: str) -> None:
    assert decided(SEE, limit=limit) == reason
    assert decided(ANY, limit=limit, arn="arn:aws:iam::111122223333:user/nat") == ""


@pytest.mark.parametrize("boundary", ["arn:aws:iam::111122223333:policy/egret-boundary", "", "x"])
def test_a_role_is_made_only_with_the_boundary(boundary: str) -> None:
    place = Place("111122223333")
    context = {"iam:PermissionsBoundary": boundary} if boundary else {}
    statements = cloudformation(place)["Statement"]
    reason = decided(*statements, need=Need("iam:CreateRole", ROLE, context))
    assert (reason == "") is (boundary == place.boundary_arn)


def test_each_decision_is_remembered_once() -> None:
    made = Decisions(Limits())
    who = PrincipalInfo(ARN, "User", "111122223333", [parse_policy_document({"Statement": SEE})])
    for action in ("ec2:DescribeVpcs", "ec2:DescribeVpcs", "iam:GetRole", "sts:GetCallerIdentity"):
        made.refusal(who, [Need(action)])
    assert made.made == {
        (ARN, "ec2:DescribeVpcs", True),
        (ARN, "iam:GetRole", False),
        (ARN, "sts:GetCallerIdentity", True),
    }
