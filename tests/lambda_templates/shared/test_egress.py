"""What all handlers answer and cache, the request line, and that the key is never given away."""

import json
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.lambda_templates.world import BODY, NOBODY, Environment, Respond, Start, World, load
from webapp.services.functions.catalogue.templates import get_template

API_GATEWAY_S = 29
REREAD_S = 30


def test_the_partners_body_is_passed_on_byte_for_byte(
    environment: Environment, world: World
) -> None:
    answer = environment.call()
    assert answer["statusCode"] == 200
    assert answer["body"].encode() == BODY
    assert answer["headers"]["Cache-Control"] == "private, max-age=60"
    assert answer["headers"]["X-Upstream-Status"] == "200"
    assert answer["headers"]["X-Key-Version"] == "v1"
    assert answer["headers"]["X-Egress-Ip"] == "203.0.113.7"
    assert world.partner_requests[0].headers["authorization"] == "Bearer good-key"


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
    assert answer["headers"]["Cache-Control"] == "private, max-age=10"
    assert answer["headers"]["Retry-After"] == "9"


def test_all_waits_together_are_shorter_than_the_functions_timeout(module: ModuleType) -> None:
    once_s = module.SECRET_TOTAL_S + module.PARTNER_TOTAL_S
    assert once_s < module.TOTAL_S < get_template("clash_rankings").timeout_s < API_GATEWAY_S


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


def test_the_environment_is_made_when_lambda_imports_the_code(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in world.environment().items():
        monkeypatch.setenv(name, value)
    handler = load("clash_rankings").handler
    monkeypatch.delenv("SETTINGS")
    events: tuple[object, ...] = ({}, None, [])
    assert [handler(event, None)["statusCode"] for event in events] == [200, 200, 200]
    assert world.secret_reads == 1


CALLED_BY_KEY = {"requestContext": {"identity": {"apiKeyId": "key-1", "userArn": None}}}
SIGNED = {"requestContext": {"identity": {"apiKeyId": None, "userArn": "arn:aws:iam::1:user/u"}}}
OPEN = {"requestContext": {"identity": {"sourceIp": "198.51.100.4"}}}


@pytest.mark.parametrize(
    ("event", "caller"),
    [(CALLED_BY_KEY, "key-1"), (SIGNED, "arn:aws:iam::1:user/u"), (OPEN, ""), ({}, "egret")],
    ids=["an API key", "IAM", "open", "Egret"],
)
def test_the_request_line_says_who_called_and_what_came_of_it(
    environment: Environment,
    capfd: pytest.CaptureFixture[str],
    event: dict[str, Any],
    caller: str,
) -> None:
    asked = {"httpMethod": "GET", "path": "/top", "queryStringParameters": {"tag": "a-value"}}
    environment.egress.answer(event | asked, SimpleNamespace(aws_request_id="r-1"))
    (written,) = capfd.readouterr().out.splitlines()
    line = json.loads(written)
    assert line.pop("at").endswith("+00:00")
    assert line == {
        "type": "request",
        "caller": caller,
        "method": "GET",
        "path": "/top",
        "status": 200,
        "upstream_status": 200,
        "upstream_ms": 0,
        "total_ms": 0,
        "egress_ip": "203.0.113.7",
        "key_version": "v1",
        "cached": False,
        "request_id": "r-1",
        "code": "",
    }


def test_the_request_line_of_a_problem_has_its_code_and_the_partners_status(
    environment: Environment, world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    world.partner = lambda _: (200, {}, b"<html>")
    environment.call()
    line = json.loads(capfd.readouterr().out)
    told = (line["status"], line["upstream_status"], line["code"], line["key_version"])
    assert told == (502, 200, "partner_not_json", "v1")


def test_a_handler_that_raises_has_its_line_too(
    start: Start, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(KeyError):
        start(SETTINGS="{}").call()
    line = json.loads(capfd.readouterr().out)
    assert (line["status"], line["upstream_status"]) == (502, None)
    assert line["code"] == "handler_failed"


def test_what_the_partner_wants_uncached_is_not_cached(
    environment: Environment, world: World
) -> None:
    world.partner = lambda _: (200, {"Cache-Control": "No-Store, max-age=60"}, b"{}")
    assert environment.call()["headers"]["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("access", "told", "rule", "vary"),
    [
        ("api_key", "public, max-age=60", "private, max-age=60", "x-api-key"),
        ("iam", "max-age=60", "private, max-age=60", "Authorization"),
        ("open", "max-age=60", "max-age=60", None),
        ("open", "Private, max-age=60", "private, max-age=60", None),
        ("open", "no-store", "no-store", None),
    ],
)
def test_a_shared_cache_keeps_an_answer_only_if_everybody_may_have_it(
    start: Start, world: World, *, access: str, told: str, rule: str, vary: str | None
) -> None:
    world.partner = lambda _: (200, {"Cache-Control": told}, b"{}")
    headers = start(ACCESS=access, CORS_ORIGINS="").call()["headers"]
    assert (headers["Cache-Control"], headers.get("Vary")) == (rule, vary)


def test_no_answer_and_no_line_has_the_key_a_body_or_the_value_of_a_query(
    start: Start, world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    environment = start()
    event: dict[str, Any] = {"queryStringParameters": {"q": "of-a-query"}, "body": "of-a-body"}
    answers = [environment.call(event)]
    world.partner = lambda _: (200, {}, b'{"sent": "good-key"}')
    answers.append(environment.call(event))
    world.partner = lambda _: (403, {}, b"Denied: good-key")
    answers.append(environment.call(event))
    answers.append(start(PARTNER_URL=NOBODY).call(event))
    codes = [json.loads(answer["body"]).get("code") for answer in answers]
    assert codes == [None, "partner_shows_key", "partner_shows_key", "partner_unreachable"]
    out, err = capfd.readouterr()
    held = ("good-key", "of-a-query", "of-a-body", "secret-of-the-role", "token-of-the-role")
    assert not [text for text in held if text in json.dumps(answers) + out + err]
    assert len(out.splitlines()) == len(answers)


def test_only_a_configured_origin_can_read_the_answer(environment: Environment) -> None:
    ours = environment.call({"headers": {"origin": "https://example.com"}})["headers"]
    assert ours["Access-Control-Allow-Origin"] == "https://example.com"
    other = environment.call({"headers": {"origin": "https://evil.example"}})["headers"]
    assert "Access-Control-Allow-Origin" not in other
    assert ours["Vary"] == other["Vary"] == "x-api-key, Origin"


def test_without_an_echo_service_the_address_is_left_out(start: Start) -> None:
    answer = start(ECHO_URL=NOBODY).call()
    assert answer["statusCode"] == 200
    assert "X-Egress-Ip" not in answer["headers"]


@pytest.mark.parametrize("echo", [b"<html>", b"\xff", b"::1", b""])
def test_an_echo_that_is_not_an_address_is_left_out(
    environment: Environment, world: World, echo: bytes
) -> None:
    world.echo = echo
    answer = environment.call()
    assert answer["statusCode"] == 200
    assert "X-Egress-Ip" not in answer["headers"]
