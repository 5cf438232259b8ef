"""Clients: one for each service, region and number of attempts, shared by all threads."""

from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError

from webapp.aws.clients import CONNECT_TIMEOUT_S, INVOKE_READ_TIMEOUT_S, READ_TIMEOUT_S, Clients

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
    several: Any = clients.ec2(REGION).meta.config
    once: Any = clients.ec2_without_retries(REGION).meta.config
    assert several.retries["total_max_attempts"] == 3
    assert once.retries["total_max_attempts"] == 1


def test_no_call_waits_without_end(offline: Clients) -> None:
    run: Any = offline.awslambda(REGION).meta.config
    assert (run.connect_timeout, run.read_timeout) == (CONNECT_TIMEOUT_S, INVOKE_READ_TIMEOUT_S)
    other: Any = offline.ec2(REGION).meta.config
    assert (other.connect_timeout, other.read_timeout) == (CONNECT_TIMEOUT_S, READ_TIMEOUT_S)


class Silent(BaseHTTPRequestHandler):
    """Takes a request and hangs up without an answer."""

    server: "HangingUp"

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        self.server.asked += 1

    def log_message(self, *_: object) -> None:
        pass


class HangingUp(HTTPServer):
    asked = 0


def test_a_function_whose_answer_is_lost_is_not_run_again() -> None:
    with HangingUp(("127.0.0.1", 0), Silent) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        clients = Clients(f"http://127.0.0.1:{server.server_port}", attempts=2)
        with pytest.raises(BotoCoreError):
            clients.awslambda(REGION).invoke(FunctionName="f")
        assert server.asked == 1
        with pytest.raises(BotoCoreError):
            clients.awslambda(REGION).get_function(FunctionName="f")
        assert server.asked == 3
        server.shutdown()
