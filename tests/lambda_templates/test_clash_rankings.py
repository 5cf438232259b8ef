"""The handler: what it passes on, what it caches, and that it never gives away the key."""

import json
from types import ModuleType

import pytest

from tests.lambda_templates.world import BODY, Clock, Environment, Respond, World, load
from webapp.services.functions.catalogue.templates import get_template

API_GATEWAY_S = 29
REREAD_S = 30


def test_the_partners_body_is_passed_on_byte_for_byte(
    environment: Environment, world: World
) -> None:
    answer = environment.call()
    assert answer["statusCode"] == 200
    assert answer["body"].encode() == BODY
    assert answer["headers"]["Cache-Control"] == "max-age=60"
    assert answer["headers"]["X-Upstream-Status"] == "200"
    assert answer["headers"]["X-Key-Version"] == "v1"
    assert answer["headers"]["X-Egress-Ip"] == "203.0.113.7"
    assert world.partner_calls == ["/v1/locations/32000006/rankings/clans?limit=10"]


def test_the_key_is_read_once_and_again_after_five_minutes(
    environment: Environment, world: World
) -> None:
    environment.call()
    environment.call()
    assert world.secret_reads == 1
    environment.clock.now += 301
    environment.call()
    assert world.secret_reads == 2


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_read_again_and_a_newer_one_is_used(
    environment: Environment, world: World, status: int
) -> None:
    environment.call()
    refusal: Respond = (status, {}, b'{"reason":"accessDenied","message":"Invalid authorization"}')
    world.partner = lambda authorization: (
        (200, {}, BODY) if authorization == "Bearer newer-key" else refusal
    )
    unchanged = environment.call()
    assert unchanged["statusCode"] == status
    assert len(world.partner_calls) == 2
    world.key, world.version = "newer-key", "v2"
    assert environment.call()["headers"]["X-Key-Version"] == "v2"


def test_a_firewall_that_refuses_every_call_does_not_have_the_key_read_every_time(
    environment: Environment, world: World
) -> None:
    world.partner = lambda _: (403, {}, b"<html>Access denied</html>")
    for _ in range(10):
        assert environment.call()["statusCode"] == 403
    assert world.secret_reads == 1
    for reads in (2, 3):
        environment.clock.now += REREAD_S
        for _ in range(5):
            environment.call()
        assert world.secret_reads == reads


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, b'{"reason":"badRequest","message":"Unknown value for parameter locationId"}'),
        (404, b'{"reason":"notFound"}'),
        (429, b'{"reason":"requestThrottled"}'),
        (500, b'{"reason":"unknownException"}'),
        (503, b'{"reason":"inMaintenance"}'),
        (502, b"<html>502</html>"),
    ],
)
def test_the_partners_errors_are_passed_on(
    environment: Environment, world: World, status: int, body: bytes
) -> None:
    headers = {"Cache-Control": "public max-age=600", "Retry-After": "9"}
    world.partner = lambda _: (status, headers, body)
    answer = environment.call()
    assert (answer["statusCode"], answer["body"].encode()) == (status, body)
    assert answer["headers"]["Cache-Control"] == "max-age=10"
    assert answer["headers"]["Retry-After"] == "9"


def test_all_waits_together_are_shorter_than_the_functions_timeout(module: ModuleType) -> None:
    once_s = module.SECRET_TOTAL_S + module.PARTNER_TOTAL_S
    assert once_s < module.TOTAL_S < get_template("clash_rankings").timeout_s < API_GATEWAY_S


def test_a_secret_on_another_continent_is_waited_for(
    environment: Environment, world: World
) -> None:
    """A cold start: the name, two round trips for TLS and the answer take more than a second."""
    world.secret_takes_s = 1.5
    assert environment.call()["statusCode"] == 200
    assert world.secret_reads == 1


def test_a_refused_key_is_read_again_by_the_next_call_if_too_little_time_is_left(
    environment: Environment, world: World
) -> None:
    environment.call()

    def refuse_slowly(authorization: str) -> Respond:
        environment.clock.now += 7
        return (200, {}, BODY) if authorization == "Bearer newer-key" else (403, {}, b"{}")

    world.partner, world.key, world.version = refuse_slowly, "newer-key", "v2"
    environment.clock.now += REREAD_S
    assert environment.call()["statusCode"] == 403
    assert environment.call()["headers"]["X-Key-Version"] == "v2"


def test_the_clients_are_made_when_lambda_imports_the_code(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in world.environment().items():
        monkeypatch.setenv(name, value)
    imported = load("clash_rankings")
    made = imported._environment
    assert made._secrets.meta.region_name == "eu-central-1"
    assert imported.handler({}, None)["statusCode"] == 200
    assert imported._environment is made
    Environment(made, Clock()).close()


def test_the_key_is_in_no_answer_and_no_log(
    environment: Environment, world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    answers = [environment.call()]
    world.partner = lambda _: (403, {}, b"{}")
    answers.append(environment.call())
    environment.rankings._env["PARTNER_URL"] = "http://127.0.0.1:9"
    answers.append(environment.call())
    out, err = capfd.readouterr()
    assert world.key not in json.dumps(answers) + out + err
    assert world.key not in repr(environment.rankings._key.get())


def test_only_a_configured_origin_can_read_the_answer(environment: Environment) -> None:
    ours = environment.call({"headers": {"origin": "https://example.com"}})["headers"]
    assert ours["Access-Control-Allow-Origin"] == "https://example.com"
    other = environment.call({"headers": {"origin": "https://evil.example"}})["headers"]
    assert "Access-Control-Allow-Origin" not in other
    assert other["Vary"] == "Origin"


def test_without_an_echo_service_the_address_is_left_out(
    environment: Environment,
) -> None:
    environment.rankings._env["ECHO_URL"] = "http://127.0.0.1:9"
    answer = environment.call()
    assert answer["statusCode"] == 200
    assert "X-Egress-Ip" not in answer["headers"]
