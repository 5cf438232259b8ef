"""Nobody uses the embedded AWS without the sandbox's credentials, and no web page does."""

from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests import plain_http
from tests.clouds import boto_session, session_with
from tests.sandbox.lab import code_of
from webapp.sandbox.embedded_aws.door import (
    BODY_MAX_BYTES,
    ENDPOINT_BODY_MAX_BYTES,
    UNSIGNED_BODY_MAX_BYTES,
)
from webapp.sandbox.launcher import ACCOUNT, REGION, Info, Sandbox

FORM = {"Action": "CreateVpc", "Version": "2016-11-15", "CidrBlock": "10.250.0.0/16"}
FOREIGN = [
    {"host": "evil.example"},
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
]


@pytest.fixture
def info(sandbox: Sandbox) -> Info:
    return sandbox.info


def user(info: Info) -> tuple[str, str]:
    return info.access_key_id, info.secret_access_key


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/"),
        ("POST", "/_aws/execute-api/x"),
        ("GET", "/_ministack/health"),
        ("POST", "/_ministack/reset"),
        ("PUT", "/_egret/switches"),
        ("GET", "/2015-03-31/functions"),
        ("OPTIONS", "/"),
    ],
)
def test_a_request_without_credentials_is_refused(info: Info, method: str, path: str) -> None:
    refused = plain_http.request(method, f"{info.aws_endpoint}{path}", data=FORM)
    assert refused.status_code in (400, 401, 403)
    assert not [name for name in refused.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    ("path", "limit", "headers"),
    [
        ("/", UNSIGNED_BODY_MAX_BYTES, {}),
        ("/", BODY_MAX_BYTES, {"authorization": "Basic eDp5"}),
        ("/_aws/execute-api/nosuchapi/main/", ENDPOINT_BODY_MAX_BYTES, {}),
    ],
)
def test_a_body_is_read_up_to_a_limit_before_anybody_is_known(
    info: Info, path: str, limit: int, headers: dict[str, str]
) -> None:
    url, piece = f"{info.aws_endpoint}{path}", b"x" * (limit // 4)
    refused = plain_http.post(url, content=iter([piece] * 4 + [b"x"]), headers=headers)
    assert refused.status_code == 413
    assert plain_http.post(url, content=iter([piece] * 4), headers=headers).status_code in (
        403,
        404,
    )


@pytest.mark.parametrize(
    "encoding",
    [
        {"content-encoding": "gzip"},
        {"content-encoding": "aws-chunked"},
        {"x-amz-decoded-content-length": "12"},
        {"x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"},
    ],
)
def test_a_body_that_becomes_another_after_it_was_judged_is_refused(
    info: Info, encoding: dict[str, str]
) -> None:
    url, action = f"{info.aws_endpoint}/", "Action=DescribeVpcs&Version=2016-11-15"
    kind = {"content-type": "application/x-www-form-urlencoded"}
    request = AWSRequest("POST", url, data=action, headers=kind | encoding)
    SigV4Auth(Credentials(*user(info)), "ec2", REGION).add_auth(request)
    refused = plain_http.post(url, content=action, headers=dict(request.headers))
    assert (refused.status_code, "AuthFailure" in refused.text) == (401, True)


def test_what_a_web_page_can_send_makes_nothing(info: Info) -> None:
    """A form that is posted from another site, without a signature."""
    ec2 = boto_session().client("ec2", endpoint_url=info.aws_endpoint)
    before = len(ec2.describe_vpcs()["Vpcs"])
    plain_http.post(f"{info.aws_endpoint}/", data=FORM, headers={"origin": "https://evil.example"})
    assert len(ec2.describe_vpcs()["Vpcs"]) == before


@pytest.mark.parametrize("key_id", [ACCOUNT, "test", "AKIAIOSFODNN7EXAMPLE"])
@pytest.mark.parametrize(
    ("service", "call", "code"),
    [
        ("ec2", "describe_vpcs", "AuthFailure"),
        ("cloudformation", "list_stacks", "InvalidClientTokenId"),
        ("lambda", "list_functions", "UnrecognizedClientException"),
        ("secretsmanager", "list_secrets", "UnrecognizedClientException"),
    ],
)
def test_other_credentials_are_refused_as_aws_does(
    info: Info, key_id: str, service: str, call: str, code: str
) -> None:
    make: Any = session_with(key_id, "x").client
    client = make(service, endpoint_url=info.aws_endpoint)
    with pytest.raises(ClientError) as refused:
        getattr(client, call)()
    assert code_of(refused) == code


@pytest.mark.parametrize("headers", FOREIGN)
def test_a_foreign_request_is_refused_even_with_credentials(
    info: Info, headers: dict[str, str]
) -> None:
    url = f"{info.aws_endpoint}/_ministack/health"
    assert plain_http.get(url, auth=user(info)).status_code == 200
    assert plain_http.get(url, auth=user(info), headers=headers).status_code == 403


def test_no_answer_may_be_read_by_another_site(info: Info) -> None:
    with pytest.raises(ClientError) as tried:
        boto_session().client("ec2", endpoint_url=info.aws_endpoint).create_vpc(
            CidrBlock="10.250.0.0/16", DryRun=True
        )
    assert code_of(tried) == "DryRunOperation"
    headers = tried.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert not [name for name in headers if name.startswith("access-control-")]


@pytest.mark.parametrize("path", ["/_ministack/health", "/_egret/switches"])
def test_what_is_no_api_of_aws_is_for_the_administrator_alone(sandbox: Sandbox, path: str) -> None:
    """By a signature for the service `sandbox`, or as user and password."""
    url = sandbox.info.aws_endpoint + path
    dashboard = sandbox.users.dashboard
    assert plain_http.get(url, headers=signed(url, *user(sandbox.info))).status_code in (200, 405)
    other = signed(url, dashboard.access_key_id, dashboard.secret)
    assert plain_http.get(url, headers=other).status_code == 403
    assert plain_http.get(url, auth=(user(sandbox.info)[0], "wrong")).status_code == 403


def test_switches_are_signed_for_the_service_of_the_sandbox(info: Info) -> None:
    url = f"{info.aws_endpoint}/_egret/switches"
    headers = signed(url, *user(info), method="PUT", body="[]")
    assert plain_http.put(url, headers=headers, content="[]").status_code == 204
    assert plain_http.put(url, headers=headers, content="[ ]").status_code == 403


def signed(
    url: str, key_id: str, secret: str, *, method: str = "GET", body: str = ""
) -> dict[str, str]:
    request = AWSRequest(method, url, data=body)
    SigV4Auth(Credentials(key_id, secret), "sandbox", REGION).add_auth(request)
    return dict(request.headers)


def test_an_endpoint_is_open_to_callers_without_the_sandboxs_credentials(info: Info) -> None:
    """That no such endpoint exists is API Gateway's own answer."""
    url = f"{info.aws_endpoint}/_aws/execute-api/nosuchapi/main/"
    answer = plain_http.get(url, headers={"origin": "https://shop.example"})
    assert (answer.status_code, answer.json()) == (404, {"message": "Not Found"})
    assert plain_http.get(url, headers={"host": "evil.example"}).status_code == 403
