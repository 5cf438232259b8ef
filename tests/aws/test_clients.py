"""Clients: one for each service, region and number of attempts, shared by all threads."""

from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.answering import answering
from webapp.aws.clients import (
    CLOUDWATCH_MAX_ATTEMPTS,
    CLOUDWATCH_READ_TIMEOUT_S,
    CONNECT_TIMEOUT_S,
    INVOKE_READ_TIMEOUT_S,
    READ_TIMEOUT_S,
    Clients,
)
from webapp.aws.errors import NotReached
from webapp.aws.functions import Functions

REGION = "eu-central-1"


def test_a_client_is_made_once_even_by_many_threads(offline: Clients) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(offline.ec2, [REGION] * 8))
    assert len({id(client) for client in made}) == 1


def test_each_region_and_service_has_a_client_of_its_own(offline: Clients) -> None:
    assert offline.ec2(REGION) is not offline.ec2("us-east-1")
    assert offline.ec2("us-east-1").meta.region_name == "us-east-1"
    assert offline.logs(REGION).meta.service_model.service_name == "logs"


def test_what_has_no_client_token_is_sent_once() -> None:
    clients = Clients("http://127.0.0.1:9")
    several: tuple[Any, ...] = (clients.ec2(REGION), clients.awslambda(REGION))
    once: tuple[Any, ...] = (
        clients.ec2_without_retries(REGION),
        clients.awslambda_without_retries(REGION),
    )
    assert {made.meta.config.retries["total_max_attempts"] for made in several} == {3}
    assert {made.meta.config.retries["total_max_attempts"] for made in once} == {1}


def test_no_call_waits_without_end(offline: Clients) -> None:
    run: Any = offline.awslambda_without_retries(REGION).meta.config
    assert (run.connect_timeout, run.read_timeout) == (CONNECT_TIMEOUT_S, INVOKE_READ_TIMEOUT_S)
    other: Any = offline.ec2(REGION).meta.config
    assert (other.connect_timeout, other.read_timeout) == (CONNECT_TIMEOUT_S, READ_TIMEOUT_S)
    for shown in (offline.logs(REGION), offline.cloudwatch(REGION)):
        config: Any = shown.meta.config
        assert config.read_timeout == CLOUDWATCH_READ_TIMEOUT_S
        assert config.retries["total_max_attempts"] <= CLOUDWATCH_MAX_ATTEMPTS


class Failing(BaseHTTPRequestHandler):
    """Takes a request and answers as it is told, or hangs up."""

    server: "FailingAws"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked += 1
        if self.server.status:
            self.send_response(self.server.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class FailingAws(HTTPServer):
    asked, status = 0, 0


@pytest.mark.parametrize("status", [0, 500, 502, 503, 504])
def test_a_function_that_may_have_run_is_not_run_again(status: int) -> None:
    """Whether AWS fails or its answer is lost: the partner is called once."""
    with answering(FailingAws(("127.0.0.1", 0), Failing)) as server:
        server.status = status
        functions = Functions(Clients(f"http://127.0.0.1:{server.server_port}"))
        with pytest.raises(NotReached):
            functions.invoke(REGION, "f")
        assert server.asked == 1
