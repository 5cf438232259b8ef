"""Clients: one for each service, region and number of attempts, shared by all threads."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from webapp.aws.clients import CONNECT_TIMEOUT_S, READ_TIMEOUT_S, Clients

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
    config: Any = offline.awslambda(REGION).meta.config
    assert (config.connect_timeout, config.read_timeout) == (CONNECT_TIMEOUT_S, READ_TIMEOUT_S)
