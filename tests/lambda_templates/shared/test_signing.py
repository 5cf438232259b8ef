"""Requests are signed exactly as botocore signs them."""

from datetime import UTC, datetime
from types import ModuleType

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.lambda_templates.world import World

HEADERS = {"X-Amz-Target": "secretsmanager.GetSecretValue", "Content-Type": "application/json"}


@pytest.mark.parametrize("token", ["", "token+of/a=session"], ids=["a user", "a role"])
@pytest.mark.parametrize(
    "url", ["https://secretsmanager.eu-central-1.amazonaws.com/", "http://h:4/"]
)
def test_a_signature_is_the_one_of_botocore(
    module: ModuleType, world: World, url: str, token: str
) -> None:
    env = world.environment(AWS_SESSION_TOKEN=token)
    request = AWSRequest("POST", url, headers=HEADERS, data=b'{"a": 1}')
    by = Credentials(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], token or None)
    SigV4Auth(by, "secretsmanager", "eu-central-1").add_auth(request)
    at = datetime.strptime(request.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    signer = module.Signer(env, "secretsmanager", "eu-central-1")
    signed = signer.headers(url, HEADERS, b'{"a": 1}', at)
    assert signed["Authorization"] == request.headers["Authorization"]
    assert env["AWS_SECRET_ACCESS_KEY"] not in repr(signer)
