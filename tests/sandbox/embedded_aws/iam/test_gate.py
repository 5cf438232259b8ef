"""The gate: the dashboard's user may do what its policies say, and is refused in AWS's words."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError

from tests.clouds import session_with
from tests.sandbox.credentials import iam_of, put_switches
from tests.sandbox.lab import unique
from webapp.sandbox.launcher import ACCOUNT, REGION, Sandbox

ME = f"arn:aws:iam::{ACCOUNT}:user/dashboard"
REFUSED = f"User: {ME} is not authorized to perform: "
BECAUSE = "because no identity-based policy allows the {} action"


@pytest.fixture
def switched(sandbox: Sandbox) -> Iterator[Any]:
    yield lambda *switches: put_switches(sandbox.info, list(switches))
    put_switches(sandbox.info, [])


@pytest.fixture
def me(sandbox: Sandbox) -> boto3.Session:
    user = sandbox.users.dashboard
    return session_with(user.access_key_id, user.secret)


def refused(
    sandbox: Sandbox, session: boto3.Session, service: str, call: str, **parameters: Any
) -> tuple[str, str]:
    """Code and message; both empty if it is allowed."""
    make: Any = session.client
    client = make(service, region_name=REGION, endpoint_url=sandbox.info.aws_endpoint)
    try:
        getattr(client, call)(**parameters)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["Error"]["Message"]
    return "", ""


@dataclass(frozen=True)
class Call:
    """What the dashboard's user asks for, and with what it is refused: '' if it is not."""

    service: str
    name: str
    parameters: dict[str, Any] = field(default_factory=dict)
    code: str = ""
    action: str = ""
    resource: str = "*"


IN = f"{REGION}:{ACCOUNT}"
CALLS = [
    Call("logs", "describe_log_groups"),
    Call("sts", "get_caller_identity"),
    Call("cloudformation", "describe_stacks"),
    Call("apigateway", "get_rest_apis"),
    Call(
        "ec2",
        "run_instances",
        {"MinCount": 1, "MaxCount": 1},
        "UnauthorizedOperation",
        "ec2:RunInstances",
    ),
    Call(
        "cloudformation",
        "create_stack",
        {"StackName": "other", "TemplateBody": "{}"},
        "AccessDenied",
        "cloudformation:CreateStack",
        f"arn:aws:cloudformation:{IN}:stack/other/*",
    ),
    Call(
        "lambda",
        "invoke",
        {"FunctionName": "other"},
        "AccessDeniedException",
        "lambda:InvokeFunction",
        f"arn:aws:lambda:{IN}:function:other",
    ),
    Call(
        "secretsmanager",
        "get_secret_value",
        {"SecretId": "egret/key/none"},
        "AccessDeniedException",
        "secretsmanager:GetSecretValue",
        f"arn:aws:secretsmanager:{IN}:secret:egret/key/none",
    ),
    Call(
        "secretsmanager",
        "delete_secret",
        {"SecretId": "egret/key/none", "ForceDeleteWithoutRecovery": True},
        "AccessDeniedException",
        "secretsmanager:DeleteSecret",
        f"arn:aws:secretsmanager:{IN}:secret:egret/key/none",
    ),
    Call(
        "logs",
        "filter_log_events",
        {"logGroupName": "/aws/lambda/other"},
        "AccessDeniedException",
        "logs:FilterLogEvents",
        f"arn:aws:logs:{IN}:log-group:/aws/lambda/other",
    ),
    Call("iam", "list_users", {}, "AccessDenied", "iam:ListUsers"),
    Call("kms", "list_keys", {}, "AccessDeniedException", "kms:ListKeys"),
    Call(
        "service-quotas",
        "list_services",
        {},
        "AccessDeniedException",
        "servicequotas:ListServices",
    ),
]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.service} {call.name}")
def test_what_no_policy_allows_is_refused_as_the_service_words_it(
    sandbox: Sandbox, me: boto3.Session, call: Call
) -> None:
    found, text = refused(sandbox, me, call.service, call.name, **call.parameters)
    assert found == call.code
    if call.code:
        because = BECAUSE.format(call.action)
        assert f"{REFUSED}{call.action} on resource: {call.resource} {because}" in text


@pytest.mark.parametrize(
    ("switch", "reason"),
    [
        ({"deny_actions": ["ec2:DescribeVpcs"]}, BECAUSE.format("ec2:DescribeVpcs")),
        (
            {"scp": {"Statement": [{"Effect": "Deny", "Action": "ec2:*", "Resource": "*"}]}},
            "with an explicit deny in a service control policy",
        ),
        (
            {"boundary": {"Statement": []}},
            "because no permissions boundary allows the ec2:DescribeVpcs action",
        ),
    ],
)
def test_a_switch_takes_an_action_away_until_it_is_gone(
    sandbox: Sandbox, me: boto3.Session, switched: Any, switch: dict[str, Any], reason: str
) -> None:
    switched(switch)
    code, text = refused(sandbox, me, "ec2", "describe_vpcs", DryRun=True)
    assert code == "UnauthorizedOperation"
    assert f"{REFUSED}ec2:DescribeVpcs on resource: * {reason} Encoded authorization" in text
    switched()
    assert refused(sandbox, me, "ec2", "describe_vpcs", DryRun=True)[0] == "DryRunOperation"


def test_a_region_that_is_not_enabled_and_an_account_under_verification_are_refused(
    sandbox: Sandbox, me: boto3.Session, switched: Any
) -> None:
    switched({"disabled_region": REGION}, {"under_verification": True})
    assert refused(sandbox, me, "ec2", "describe_vpcs")[0] == "AuthFailure"
    found, _ = refused(sandbox, me, "cloudformation", "describe_stacks")
    assert found == "InvalidClientTokenId"
    switched({"under_verification": True})
    assert refused(sandbox, me, "ec2", "allocate_address")[0] == "PendingVerification"
    assert refused(sandbox, me, "ec2", "describe_addresses") == ("", "")


def test_a_switch_that_is_none_is_refused(switched: Any) -> None:
    with pytest.raises(httpx.HTTPStatusError):
        switched({"unknown": True})


def test_a_boundary_of_a_user_limits_what_its_policies_allow(sandbox: Sandbox) -> None:
    """Whoever makes other users: the boundary is the one of the dashboard's roles."""
    iam, name = iam_of(sandbox.info), unique("limited")
    iam.create_user(UserName=name, PermissionsBoundary=sandbox.users.place.boundary_arn)
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
    iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    who = session_with(key["AccessKeyId"], key["SecretAccessKey"])
    assert refused(sandbox, who, "ec2", "describe_subnets") == ("", "")
    _, text = refused(sandbox, who, "ec2", "describe_vpcs")
    assert "because no permissions boundary allows the ec2:DescribeVpcs action" in text
