"""The command line of each kind of access, run by a real shell and a real curl."""

import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.answering import answering
from webapp.models import Access, Function
from webapp.services.functions import curl

REGION = "ap-southeast-1"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKIA1",
    "AWS_SECRET_ACCESS_KEY": "s",
    "AWS_REGION": "elsewhere",
}


class Api(ThreadingHTTPServer):
    """Keeps the headers of the last request."""

    headers: dict[str, str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/live/"


class Handler(BaseHTTPRequestHandler):
    server: Api

    def do_GET(self) -> None:
        self.server.headers = {name.lower(): value for name, value in self.headers.items()}
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def api() -> Iterator[Api]:
    with answering(Api(("127.0.0.1", 0), Handler)) as made:
        yield made


def sent(api: Api, access: Access, **environment: str) -> dict[str, str]:
    """The headers that the endpoint gets."""
    line = curl(_function(access, api.url), REGION)
    env = {"PATH": "/usr/bin:/bin"} | environment
    subprocess.run(["sh", "-c", f"{line} --silent --fail"], env=env, check=True)
    return api.headers


def test_a_signed_call_names_the_apis_own_region_and_sends_the_token(api: Api) -> None:
    headers = sent(api, Access.IAM, AWS_SESSION_TOKEN="token", **CREDENTIALS)
    assert f"/{REGION}/execute-api/aws4_request" in headers["authorization"]
    assert "x-amz-security-token" in headers["authorization"]
    assert headers["x-amz-security-token"] == "token"


def test_a_signed_call_with_lasting_credentials_sends_no_token(api: Api) -> None:
    headers = sent(api, Access.IAM, **CREDENTIALS)
    assert "x-amz-security-token" not in headers
    assert "x-amz-security-token" not in headers["authorization"]


def test_a_call_with_an_api_key_sends_it_and_an_open_one_sends_nothing(api: Api) -> None:
    assert sent(api, Access.API_KEY, EGRET_API_KEY="k")["x-api-key"] == "k"
    assert not {"x-api-key", "authorization"} & sent(api, Access.OPEN).keys()


def test_there_is_no_command_before_there_is_an_endpoint() -> None:
    assert curl(_function(Access.OPEN, ""), REGION) == ""


def _function(access: Access, url: str) -> Function:
    outputs = {"EndpointUrl": url} if url else {}
    return Function(
        name="f", template="t", network_id="n", key_id="k", access=access, outputs=outputs
    )
