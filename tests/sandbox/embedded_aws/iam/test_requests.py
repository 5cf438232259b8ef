"""Which permissions a request needs, where that differs from its action on one resource."""

import json
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from ministack.core.responses import get_account_id
from ministack.services import cloudformation, kms

from webapp.sandbox.embedded_aws import quotas
from webapp.sandbox.embedded_aws.iam.needs import Need
from webapp.sandbox.embedded_aws.iam.requests import Request, needs

SCOPE = "AWS4-HMAC-SHA256 Credential=AKIAX/20260801/eu-central-1/{}/aws4_request, Signature=x"
ROLE = "arn:aws:iam::111122223333:role/cloudformation-for-egret"
BOUNDARY = "arn:aws:iam::111122223333:policy/egret-boundary"
TAG = {"Tags.member.1.Key": "a", "Tags.member.1.Value": "1"}
KEY = "arn:aws:kms:eu-central-1:111122223333:key/x"


def form(service: str, **fields: str) -> list[Need]:
    headers = {
        "authorization": SCOPE.format(service),
        "content-type": "application/x-www-form-urlencoded",
    }
    return needs(Request("POST", "/", headers, {}, urlencode(fields).encode()))


def call(service: str, target: str, **fields: Any) -> list[Need]:
    headers = {"authorization": SCOPE.format(service), "x-amz-target": target}
    return needs(Request("POST", "/", headers, {}, json.dumps(fields).encode()))


def rest(method: str, path: str, service: str) -> list[Need]:
    return needs(Request(method, path, {"authorization": SCOPE.format(service)}, {}, b""))


def actions(found: list[Need]) -> list[str]:
    return [need.action for need in found]


@pytest.mark.parametrize(
    ("service", "path", "target", "body"),
    [
        ("secretsmanager", "/", "secretsmanager.GetSecretValue", "Action=ListSecrets"),
        ("logs", "/", "Logs_20140328.CreateLogGroup", "Action=DescribeLogGroups"),
        ("ec2", "/", "AmazonEC2.DescribeVpcs", "Action=CreateVpc"),
        ("lambda", "/2015-03-31/functions/other", "", "Action=GetFunction"),
        ("lambda", "/2015-03-31/functions/other", "AWSLambda.GetFunction", ""),
    ],
)
def test_a_request_that_names_two_actions_has_neither(
    service: str, path: str, target: str, body: str
) -> None:
    """Each in another place: what is judged would not be what is run."""
    headers = {"authorization": SCOPE.format(service), "x-amz-target": target}
    kind = {"content-type": "application/x-www-form-urlencoded"}
    in_body = Request("POST", path, headers | kind, {}, body.encode())
    in_query = Request("POST", path, headers, parse_qs(body), b"{}")
    for request in (in_body, in_query):
        assert actions(needs(request)) == [f"{service}:MoreThanOneAction"]


def test_stacks_without_a_name_are_listed() -> None:
    (listed,) = form("cloudformation", Action="DescribeStacks")
    assert listed.action == "cloudformation:ListStacks"
    assert listed.resource.endswith(":stack/*/*")
    (described,) = form("cloudformation", Action="DescribeStacks", StackName="egret-x")
    assert described.action == "cloudformation:DescribeStacks"
    assert ":stack/egret-x/" in described.resource


def test_a_stack_with_tags_and_a_role_needs_more() -> None:
    fields = {"Action": "CreateStack", "StackName": "egret-x", "RoleARN": ROLE}
    found = form("cloudformation", **fields, **TAG)
    assert actions(found) == [
        "cloudformation:CreateStack",
        "cloudformation:TagResource",
        "iam:PassRole",
    ]
    assert found[0].context["aws:RequestTag/a".lower()] == "1"
    assert found[2].resource == ROLE
    assert found[2].context == {"iam:PassedToService": "cloudformation.amazonaws.com"}


@pytest.mark.parametrize("action", ["ContinueUpdateRollback", "DeleteStack", "RollbackStack"])
def test_whoever_gives_a_stack_a_role_must_be_allowed_to_pass_it(action: str) -> None:
    found = form("cloudformation", Action=action, StackName="egret-x", RoleARN=ROLE)
    assert [need.resource for need in found if need.action == "iam:PassRole"] == [ROLE]


def test_drift_asks_for_each_resource_and_for_the_types() -> None:
    assert actions(form("cloudformation", Action="DetectStackDrift", StackName="egret-x")) == [
        "cloudformation:DetectStackDrift",
        "cloudformation:DetectStackResourceDrift",
        "cloudformation:BatchDescribeTypeConfigurations",
    ]


@pytest.mark.parametrize(
    ("action", "known"),
    [
        ("CreateRole", True),
        ("PutRolePermissionsBoundary", True),
        ("PutRolePolicy", False),
        ("TagRole", False),
    ],
)
def test_only_some_actions_say_the_boundary_of_a_role(action: str, known: bool) -> None:
    fields = {"Action": action, "RoleName": "egret-x", "PermissionsBoundary": BOUNDARY}
    (found,) = form("iam", **fields)
    assert (found.context.get("iam:PermissionsBoundary") == BOUNDARY) is known
    assert found.resource == f"arn:aws:iam::{get_account_id()}:role/egret-x"


def test_a_secret_with_a_key_is_encrypted_as_its_caller() -> None:
    found = call("secretsmanager", "secretsmanager.CreateSecret", Name="egret/key/x", KmsKeyId=KEY)
    assert actions(found) == ["secretsmanager:CreateSecret", "kms:GenerateDataKey", "kms:Decrypt"]
    assert found[1].resource == KEY
    assert found[1].context["kms:ViaService"] == "secretsmanager.eu-central-1.amazonaws.com"
    without = call("secretsmanager", "secretsmanager.CreateSecret", Name="egret/key/x")
    assert actions(without) == ["secretsmanager:CreateSecret"]


@pytest.mark.parametrize(
    ("given", "known"),
    [
        ({"ForceDeleteWithoutRecovery": True}, "true"),
        ({"ForceDeleteWithoutRecovery": False}, "false"),
        ({"RecoveryWindowInDays": 7}, None),
    ],
)
def test_a_secret_that_is_deleted_for_good_is_told_apart(
    given: dict[str, Any], known: str | None
) -> None:
    (found,) = call("secretsmanager", "secretsmanager.DeleteSecret", SecretId="x", **given)
    assert found.context.get("secretsmanager:ForceDeleteWithoutRecovery") == known


def test_whom_a_function_may_be_called_by_is_known() -> None:
    headers = {"authorization": SCOPE.format("lambda")}
    body = json.dumps({"Principal": "apigateway.amazonaws.com", "StatementId": "x"}).encode()
    path = "/2015-03-31/functions/egret-x/policy"
    (found,) = needs(Request("POST", path, headers, {}, body))
    assert found.context == {"lambda:Principal": "apigateway.amazonaws.com"}


def test_a_kms_key_is_judged_by_whatever_name_it_is_used() -> None:
    kms._aliases[f"arn:aws:kms:eu-central-1:{get_account_id()}:alias/shop"] = "x"
    arn = f"arn:aws:kms:eu-central-1:{get_account_id()}:key/x"
    for name in ("x", arn, "alias/shop"):
        (used,) = call("kms", "TrentService.Encrypt", KeyId=name)
        stored = call(
            "secretsmanager", "secretsmanager.CreateSecret", Name="egret/key/x", KmsKeyId=name
        )
        assert {used.resource, *(each.resource for each in stored[1:])} == {arn}


def test_log_groups_are_described_on_an_empty_name() -> None:
    given = {"logGroupNamePrefix": "/aws/lambda/egret-x"}
    (found,) = call("logs", "Logs_20140328.DescribeLogGroups", **given)
    assert found.resource.endswith(":log-group::log-stream:")
    name = {"logGroupName": "/aws/lambda/egret-x"}
    (filtered,) = call("logs", "Logs_20140328.FilterLogEvents", **name)
    assert filtered.resource.endswith(":log-group:/aws/lambda/egret-x")


def test_a_function_is_created_under_its_name_with_a_role_that_is_passed() -> None:
    body = json.dumps({"FunctionName": "egret-x", "Role": ROLE}).encode()
    headers = {"authorization": SCOPE.format("lambda")}
    made, passed = needs(Request("POST", "/2015-03-31/functions", headers, {}, body))
    assert made.resource.endswith(":function:egret-x")
    assert (passed.action, passed.resource) == ("iam:PassRole", ROLE)
    assert passed.context == {"iam:PassedToService": "lambda.amazonaws.com"}


@pytest.mark.parametrize(
    ("path", "service", "action", "resource"),
    [
        ("/apikeys/k1", "apigateway", "apigateway:GET", "apigateway:eu-central-1::/apikeys/k1"),
        ("/2015-03-31/functions/x", "lambda", "lambda:GetFunction", ":function:x"),
        ("/nothing/that/exists", "lambda", "lambda:UnknownAction", "*"),
    ],
)
def test_a_request_is_known_by_its_path(
    path: str, service: str, action: str, resource: str
) -> None:
    (found,) = rest("GET", path, service)
    assert found.action == action
    assert found.resource.endswith(resource)


def test_quotas_are_a_service_of_their_own() -> None:
    quotas.install(address_quota=1, network_quota=1)
    (found,) = call("servicequotas", "ServiceQuotasV20190624.GetServiceQuota", QuotaCode="L-X")
    assert found.action == "servicequotas:GetServiceQuota"


def test_a_change_set_is_of_its_stack() -> None:
    """It is named by its own ARN; the permission is for the stack."""
    arn = "arn:aws:cloudformation:eu-central-1:111122223333:"
    change_set, stack = f"{arn}changeSet/a/1", f"{arn}stack/egret-a/1"
    cloudformation._change_sets[change_set] = {"StackId": stack}
    try:
        (found,) = form("cloudformation", Action="DeleteChangeSet", ChangeSetName=change_set)
    finally:
        del cloudformation._change_sets[change_set]
    assert found.resource == stack
