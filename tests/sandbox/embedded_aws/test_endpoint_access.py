"""An endpoint with the access `iam` answers who signs for it and may invoke it, as on AWS."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests import plain_http
from tests.sandbox.conftest import REGION
from tests.sandbox.credentials import iam_of
from tests.sandbox.lab import Lab, ref, unique
from tests.sandbox.mock_api import mock_api
from webapp.aws.clients import Clients
from webapp.sandbox.launcher import ACCOUNT, Sandbox

UNKNOWN = "The security token included in the request is invalid."
MESSAGE = "message"


@dataclass(frozen=True)
class Api:
    url: str
    id: str
    caller: Credentials
    stranger: Credentials


@pytest.fixture(scope="module")
def closed(clients: Clients, sandbox: Sandbox) -> Iterator[Api]:
    lab = Lab(clients, REGION)
    stack = lab.deployed(mock_api(AuthorizationType="AWS_IAM"), {"Api": ref("Api")})
    api_id = stack.outputs["Api"]
    url = f"{sandbox.info.aws_endpoint}/_aws/execute-api/{api_id}/live/"
    arn = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api_id}/live/GET/"
    yield Api(url, api_id, user(sandbox, arn), user(sandbox, f"{arn}another"))
    lab.clean_up()


def user(sandbox: Sandbox, arn: str) -> Credentials:
    """A new IAM user who may invoke the method of that ARN."""
    iam, name = iam_of(sandbox.info), unique("caller")
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": arn}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Credentials(key["AccessKeyId"], key["SecretAccessKey"])


def called(
    api: Api, credentials: Credentials, *, service: str = "execute-api", region: str = REGION
) -> httpx.Response:
    request = AWSRequest("GET", api.url)
    SigV4Auth(credentials, service, region).add_auth(request)
    return plain_http.get(api.url, headers=dict(request.headers.items()))


def test_who_may_invoke_it_is_answered(closed: Api) -> None:
    assert called(closed, closed.caller).json() == {"is": "open"}
    request = AWSRequest("GET", closed.url)
    SigV4QueryAuth(closed.caller, "execute-api", REGION).add_auth(request)
    assert plain_http.get(str(request.url)).json() == {"is": "open"}


def test_who_does_not_sign_is_refused(closed: Api) -> None:
    refused = plain_http.get(closed.url)
    assert (refused.status_code, refused.json()) == (
        403,
        {MESSAGE: "Missing Authentication Token"},
    )
    assert refused.headers["x-amzn-errortype"] == "MissingAuthenticationTokenException"


@pytest.mark.parametrize("key_id", ["AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE"])
def test_a_key_that_nobody_has_is_refused(closed: Api, key_id: str) -> None:
    refused = called(closed, Credentials(key_id, "x"))
    assert (refused.status_code, refused.json()) == (403, {MESSAGE: UNKNOWN})
    assert refused.headers["x-amzn-errortype"] == "UnrecognizedClientException"


@pytest.mark.parametrize("key_id", [ACCOUNT, "test"])
def test_no_key_is_taken_for_the_accounts_owner(closed: Api, key_id: str) -> None:
    assert called(closed, Credentials(key_id, "x")).status_code == 403


def test_a_wrong_secret_is_refused(closed: Api) -> None:
    refused = called(closed, Credentials(closed.caller.access_key, "wrong"))
    assert refused.status_code == 403
    assert refused.json()[MESSAGE].startswith("The request signature we calculated does not match")
    assert refused.headers["x-amzn-errortype"] == "InvalidSignatureException"


@pytest.mark.parametrize(
    ("scope", "told"),
    [
        (
            {"region": "eu-west-3"},
            "Credential should be scoped to a valid region, not 'eu-west-3'. ",
        ),
        (
            {"service": "lambda"},
            "Credential should be scoped to correct service: 'execute-api'. ",
        ),
    ],
)
def test_a_signature_for_something_else_is_refused(
    closed: Api, scope: dict[str, str], told: str
) -> None:
    refused = called(closed, closed.caller, **scope)
    assert (refused.status_code, refused.json()[MESSAGE]) == (403, told)


def test_who_may_not_invoke_it_is_refused_in_the_words_of_api_gateway(closed: Api) -> None:
    refused = called(closed, closed.stranger)
    assert refused.status_code == 403
    message = refused.json()["Message"]
    assert message.startswith(f"User: arn:aws:iam::{ACCOUNT}:user/")
    shown = f"arn:aws:execute-api:{REGION}:********{ACCOUNT[-4:]}:{closed.id}/live/GET/"
    action = f"is not authorized to perform: execute-api:Invoke on resource: {shown} "
    assert f"{action}because no identity-based policy allows" in message
    assert refused.headers["x-amzn-errortype"] == "AccessDeniedException"
