"""A function acts with its role: it may read its one secret, and nothing else."""

import pytest
from botocore.exceptions import ClientError
from ministack.core import iam_evaluator
from ministack.services import sts

from tests import plain_http
from tests.clouds import session_with
from tests.sandbox.inside import SECRET, Inside
from tests.sandbox.lab import code_of
from webapp.sandbox.embedded_aws import role_sessions
from webapp.sandbox.launcher import ACCOUNT, REGION, Sandbox

NAMES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
ASK = """
import boto3, botocore.exceptions
try:
    client = boto3.client(event["service"], region_name=event.get("region"))
    found = getattr(client, event["call"])(**event["with"])
    del found["ResponseMetadata"]
    found = {"answer": str(found)}
except botocore.exceptions.ClientError as error:
    found = {"code": error.response["Error"]["Code"], "message": error.response["Error"]["Message"]}
"""


def test_it_acts_as_its_role_and_not_as_the_sandbox(inside: Inside, sandbox: Sandbox) -> None:
    wanted = {"service": "sts", "call": "get_caller_identity", "with": {}}
    told, name = inside.run(ASK, **wanted)["answer"], inside.arn.rpartition(":")[2]
    assert ":assumed-role/" in told
    assert f"/{name}'" in told
    assert credentials(inside)["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert credentials(inside)["AWS_SECRET_ACCESS_KEY"] != sandbox.info.secret_access_key


def test_it_reads_its_one_secret(inside: Inside) -> None:
    read = {"service": "secretsmanager", "call": "get_secret_value"}
    assert SECRET in inside.run(ASK, **read, **{"with": {"SecretId": inside.secret_arn}})["answer"]


@pytest.mark.parametrize(
    ("service", "call", "action", "code"),
    [
        ("secretsmanager", "list_secrets", "secretsmanager:ListSecrets", "AccessDeniedException"),
        ("ec2", "describe_vpcs", "ec2:DescribeVpcs", "UnauthorizedOperation"),
        ("ec2", "describe_subnets", "ec2:DescribeSubnets", "UnauthorizedOperation"),
        ("iam", "list_roles", "iam:ListRoles", "AccessDenied"),
        ("cloudformation", "list_stacks", "cloudformation:ListStacks", "AccessDenied"),
        ("lambda", "list_functions", "lambda:ListFunctions", "AccessDeniedException"),
    ],
)
def test_it_is_refused_everything_else_in_the_words_of_aws(
    inside: Inside, service: str, call: str, action: str, code: str
) -> None:
    """`DescribeSubnets` is allowed to Lambda with the role, and denied to the function's code."""
    told = inside.run(ASK, service=service, call=call, **{"with": {}})
    assert told["code"] == code
    assert ":assumed-role/" in told["message"]
    assert f"is not authorized to perform: {action}" in told["message"]


def test_it_is_refused_another_secret(inside: Inside) -> None:
    read = {"service": "secretsmanager", "call": "get_secret_value"}
    told = inside.run(ASK, **read, **{"with": {"SecretId": inside.other_arn}})
    assert told["code"] == "AccessDeniedException"
    assert "is not authorized to perform: secretsmanager:GetSecretValue" in told["message"]


@pytest.mark.parametrize("broken", ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"])
def test_its_credentials_are_good_as_a_whole_only(
    inside: Inside, sandbox: Sandbox, broken: str
) -> None:
    """The key's id alone, which logs may have, lets nobody in."""
    assert _read_with(inside, sandbox, credentials(inside)) == SECRET
    with pytest.raises(ClientError) as refused:
        _read_with(inside, sandbox, credentials(inside) | {broken: "x"})
    assert code_of(refused) in ("InvalidSignatureException", "UnrecognizedClientException")


def test_its_credentials_end() -> None:
    arn, role = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:it", f"arn:aws:iam::{ACCOUNT}:role/it"
    made = role_sessions.credentials({"FunctionArn": arn, "FunctionName": "it", "Role": role})
    key_id, _, token = (made[name] for name in NAMES)
    found = iam_evaluator.resolve_credential(key_id, ACCOUNT, token)
    assert getattr(found, "principal_arn", "").endswith(":assumed-role/it/it")
    sts._sessions[key_id]["Expiration"] -= role_sessions.LIFETIME_S
    ended = iam_evaluator.resolve_credential(key_id, ACCOUNT, token)
    assert getattr(ended, "code", "") == "ExpiredTokenException"


def test_the_sandboxs_own_paths_are_closed_to_it(inside: Inside, sandbox: Sandbox) -> None:
    key_id, secret, _ = credentials(inside).values()
    signed = {"authorization": f"AWS4-HMAC-SHA256 Credential={key_id}/20260101/x/ec2/x"}
    for path in ("/_ministack/health", "/_egret/switches"):
        url = sandbox.info.aws_endpoint + path
        assert plain_http.get(url, auth=(key_id, secret)).status_code in (401, 403)
        assert plain_http.get(url, headers=signed).status_code in (401, 403)


def credentials(inside: Inside) -> dict[str, str]:
    found: dict[str, str] = inside.run("import os; found = dict(os.environ)")
    return {name: found[name] for name in NAMES}


def _read_with(inside: Inside, sandbox: Sandbox, given: dict[str, str]) -> str:
    key_id, secret, token = given.values()
    session = session_with(key_id, secret, token, inside.lab.region)
    client = session.client("secretsmanager", endpoint_url=sandbox.info.aws_endpoint)
    return str(client.get_secret_value(SecretId=inside.secret_arn)["SecretString"])
