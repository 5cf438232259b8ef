"""Signatures: the embedded AWS refuses what AWS refuses, with AWS's codes."""

import datetime as dt
import json
from typing import Any

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests import plain_http
from tests.clouds import boto_session, session_with
from tests.sandbox.credentials import iam_of
from tests.sandbox.lab import code_of, unique
from webapp.sandbox.launcher import ACCOUNT, REGION, Info, Sandbox

DESCRIBE = "Action=DescribeVpcs&Version=2016-11-15"
CALLS = {
    "ec2": "describe_vpcs",
    "cloudformation": "list_stacks",
    "lambda": "list_functions",
    "secretsmanager": "list_secrets",
    "logs": "describe_log_groups",
    "apigateway": "get_rest_apis",
}
UNKNOWN = {
    "ec2": "AuthFailure",
    "cloudformation": "InvalidClientTokenId",
    "lambda": "UnrecognizedClientException",
    "secretsmanager": "UnrecognizedClientException",
    "logs": "UnrecognizedClientException",
    "apigateway": "UnrecognizedClientException",
}
WRONG_SECRET = {
    "ec2": "AuthFailure",
    "cloudformation": "SignatureDoesNotMatch",
    "lambda": "InvalidSignatureException",
    "secretsmanager": "InvalidSignatureException",
    "logs": "InvalidSignatureException",
    "apigateway": "InvalidSignatureException",
}


@pytest.fixture
def info(sandbox: Sandbox) -> Info:
    return sandbox.info


class SignedAnHourAgo(SigV4Auth):
    """Signs as a machine does whose clock is wrong."""

    def add_auth(self, request: Any) -> None:
        then = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
        request.context["timestamp"] = then.strftime("%Y%m%dT%H%M%SZ")
        request.headers["X-Amz-Date"] = request.context["timestamp"]
        text = self.string_to_sign(request, self.canonical_request(request))
        headers = self.signed_headers(self.headers_to_sign(request))
        request.headers["Authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.scope(request)}, SignedHeaders={headers}, "
            f"Signature={self.signature(text, request)}"
        )


def code(info: Info, service: str, key_id: str, secret: str, token: str | None = None) -> str:
    session = session_with(key_id, secret, token)
    make: Any = session.client
    client = make(service, endpoint_url=info.aws_endpoint)
    with pytest.raises(ClientError) as refused:
        getattr(client, CALLS[service])()
    return code_of(refused)


@pytest.mark.parametrize("key_id", [ACCOUNT, "test", "AKIAIOSFODNN7EXAMPLE"])
def test_a_key_that_does_not_exist_is_refused_by_each_service(info: Info, key_id: str) -> None:
    found = {service: code(info, service, key_id, info.secret_access_key) for service in CALLS}
    assert found == UNKNOWN


def test_a_wrong_secret_is_refused_by_each_service(info: Info) -> None:
    found = {service: code(info, service, info.access_key_id, "wrong") for service in CALLS}
    assert found == WRONG_SECRET


def test_a_session_token_with_the_key_of_a_user_is_refused(info: Info) -> None:
    refused = code(info, "ec2", info.access_key_id, info.secret_access_key, "a token")
    assert refused == "AuthFailure"


@pytest.mark.parametrize(
    ("service", "path", "code"),
    [
        ("ec2", f"/?{DESCRIBE}", "RequestExpired"),
        ("cloudformation", "/?Action=ListStacks&Version=2010-05-15", "SignatureDoesNotMatch"),
        ("lambda", "/2015-03-31/functions", "InvalidSignatureException"),
    ],
)
def test_a_request_of_a_clock_that_is_wrong_is_refused(
    info: Info, service: str, path: str, code: str
) -> None:
    url = info.aws_endpoint + path
    request = AWSRequest("GET", url)
    SignedAnHourAgo(credentials(info), service, REGION).add_auth(request)
    assert code in plain_http.get(url, headers=dict(request.headers)).text


def test_a_presigned_request_is_good_until_it_expires(info: Info) -> None:
    assert plain_http.get(presigned(info, 60)).status_code == 200
    assert plain_http.get(presigned(info, 60) + "&DryRun=true").status_code == 401
    assert plain_http.get(presigned(info, -1)).status_code == 400


def test_a_body_that_was_changed_on_the_way_is_refused(info: Info) -> None:
    request = AWSRequest("POST", f"{info.aws_endpoint}/", data=DESCRIBE)
    request.headers["Content-Type"] = "application/x-www-form-urlencoded"
    SigV4Auth(credentials(info), "ec2", REGION).add_auth(request)
    url, headers = f"{info.aws_endpoint}/", dict(request.headers)
    sent = plain_http.post(url, content=DESCRIBE, headers=headers)
    changed = plain_http.post(url, content=f"{DESCRIBE}&MaxResults=5", headers=headers)
    assert (sent.status_code, changed.status_code) == (200, 401)


def presigned(info: Info, seconds: int) -> str:
    request = AWSRequest("GET", f"{info.aws_endpoint}/?{DESCRIBE}")
    SigV4QueryAuth(credentials(info), "ec2", REGION, expires=seconds).add_auth(request)
    return str(request.url)


def credentials(info: Info) -> Credentials:
    return Credentials(info.access_key_id, info.secret_access_key)


def test_temporary_credentials_need_their_token(info: Info) -> None:
    iam, name = iam_of(info), unique("session")
    trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    sts: Any = boto_session().client("sts", endpoint_url=info.aws_endpoint)
    given = sts.assume_role(RoleArn=role, RoleSessionName="tests")["Credentials"]
    key = given["AccessKeyId"], given["SecretAccessKey"]
    assert code(info, "lambda", *key) == "UnrecognizedClientException"
    assert code(info, "lambda", *key, "another") == "UnrecognizedClientException"
    assert code(info, "lambda", *key, given["SessionToken"]) == "AccessDeniedException"
