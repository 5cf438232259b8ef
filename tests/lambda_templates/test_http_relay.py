"""Calls passed on with their bodies: allowed methods and paths only, no secret of the caller's."""

import base64
import json
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from tests.lambda_templates.world import Clock, Environment, World, load

SETTINGS: dict[str, Any] = {
    "url": "https://api.partner.example/v1/",
    "methods": ["POST", "DELETE"],
    "paths": ["/payments", "/payments/[0-9a-f]{4}", "/"],
    "check_path": "/accounts?limit=1",
    "parameters": [{"name": "dry", "pattern": "(yes|no)"}, {"name": "api_key", "pattern": ".*"}],
    "headers": ["Content-Type", "Idempotency-Key", "Authorization", "Cookie", "X-Key", "X-Api-Key"],
    "request_kib": 1,
    "max_kib": 16,
}
Start = Callable[..., Environment]


@pytest.fixture(scope="session")
def module() -> ModuleType:
    return load("http_relay")


@pytest.fixture
def start(world: World, module: ModuleType) -> Iterator[Start]:
    """With a key that is sent in that way."""
    made = []

    def started(sent_as: str) -> Environment:
        sent = {"SETTINGS": json.dumps(SETTINGS), "KEY_SENT_AS": sent_as}
        clock = Clock()
        made.append(Environment(module.Relay(world.environment(**sent), clock), clock))
        return made[-1]

    world.partner = lambda _: (201, {"Cache-Control": "max-age=60"}, b'{"id": 1}')
    yield started
    for environment in made:
        environment.close()


@pytest.fixture
def relay(start: Start) -> Environment:
    return start("header X-Key")


def call(relay: Environment, path: str | None = "payments", **event: Any) -> dict[str, Any]:
    """As API Gateway passes it on; POST unless it says otherwise."""
    whole: dict[str, Any] = {
        "httpMethod": "POST",
        "requestContext": {"identity": {}},
        "pathParameters": None if path is None else {"proxy": path},
        "body": '{"amount": 1}',
    }
    return relay.call(whole | event)


def test_a_call_is_passed_on_with_its_body_and_the_key(relay: Environment, world: World) -> None:
    headers = {
        "content-type": "application/json",
        "Idempotency-Key": "k1",
        "Authorization": "Bearer of-the-caller",
        "Cookie": "a=b",
        "x-api-key": "of-the-endpoint",
        "X-Key": "forged",
        "X-Other": "1",
    }
    answer = call(relay, headers=headers, queryStringParameters={"dry": "yes"})
    assert (answer["statusCode"], answer["body"]) == (201, '{"id": 1}')
    assert answer["headers"]["Cache-Control"] == "no-store"
    (sent,) = world.partner_requests
    assert (sent.method, sent.path) == ("POST", "/v1/payments?dry=yes")
    assert sent.body == b'{"amount": 1}'
    assert (sent.headers["content-type"], sent.headers["idempotency-key"]) == (
        "application/json",
        "k1",
    )
    assert sent.headers["x-key"] == world.key
    assert not {"authorization", "cookie", "x-api-key", "x-other"} & sent.headers.keys()


def test_the_base_and_what_is_below_it_are_called_by_the_methods_allowed(
    relay: Environment, world: World
) -> None:
    assert call(relay, None)["statusCode"] == 201
    assert call(relay, "payments/00ff", httpMethod="DELETE", body=None)["statusCode"] == 201
    assert call(relay, httpMethod="PUT")["statusCode"] == 405
    assert [(r.method, r.path, r.body) for r in world.partner_requests] == [
        ("POST", "/v1", b'{"amount": 1}'),
        ("DELETE", "/v1/payments/00ff", b""),
    ]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("elsewhere", 404),
        ("payments/00FF", 404),
        ("payments/00ff/x", 404),
        ("payments/..", 422),
        ("payments/../accounts", 422),
        ("payments//00ff", 422),
        ("payments/%2e%2e", 422),
        ("payments%2F00ff", 422),
        ("payments?x=1", 422),
        ("payments#x", 422),
        ("payments\r\nX: 1", 422),
        ("payments\\x", 422),
        ("p" * 600, 422),
    ],
)
def test_a_path_that_is_not_allowed_never_reaches_the_partner(
    relay: Environment, world: World, path: str, status: int
) -> None:
    assert call(relay, path)["statusCode"] == status
    assert world.partner_calls == []


@pytest.mark.parametrize(
    ("event", "status", "code"),
    [
        ({"queryStringParameters": {"dry": "maybe"}}, 422, "bad_parameter"),
        ({"queryStringParameters": {"other": "1"}}, 422, "bad_parameter"),
        ({"body": "x" * 1025}, 413, "request_too_large"),
        ({"body": "!", "isBase64Encoded": True}, 422, "bad_body"),
        ({"body": "\u00e4", "isBase64Encoded": True}, 422, "bad_body"),
        ({"body": {"amount": 1}}, 422, "bad_body"),
        ({"headers": {"Content-Type": "a\r\nX: 1"}}, 422, "bad_header"),
        ({"headers": {"Content-Type": "x" * 8001}}, 422, "bad_header"),
    ],
)
def test_what_breaks_a_rule_never_reaches_the_partner(
    relay: Environment, world: World, event: dict[str, Any], status: int, code: str
) -> None:
    answer = call(relay, **event)
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (status, code)
    assert world.partner_calls == []


def test_no_caller_sends_a_parameter_of_the_keys_name(start: Start, world: World) -> None:
    mine: dict[str, Any] = {"queryStringParameters": {"api_key": "mine"}}
    assert call(start("query api_key"), **mine)["statusCode"] == 422
    assert world.partner_calls == []
    assert call(start("bearer"), **mine)["statusCode"] == 201


def test_long_headers_are_passed_on_and_empty_ones_left_out(
    relay: Environment, world: World
) -> None:
    headers = {"Idempotency-Key": "x" * 3000, "Content-Type": ""}
    assert call(relay, headers=headers)["statusCode"] == 201
    (sent,) = world.partner_requests
    assert len(sent.headers["idempotency-key"]) == 3000
    assert sent.headers["content-type"] == "application/octet-stream"


def test_a_body_in_base64_is_passed_on_as_it_was(relay: Environment, world: World) -> None:
    encoded = base64.b64encode(b"caf\xc3\xa9").decode()
    assert call(relay, body=encoded, isBase64Encoded=True)["statusCode"] == 201
    assert world.partner_requests[0].body == b"caf\xc3\xa9"


def test_a_body_without_a_type_is_not_called_a_form(relay: Environment, world: World) -> None:
    call(relay)
    call(relay, body=None)
    types = [sent.headers.get("content-type") for sent in world.partner_requests]
    assert types == ["application/octet-stream", None]


def test_egret_itself_only_reads_the_path_for_that(relay: Environment, world: World) -> None:
    relay.call()
    (sent,) = world.partner_requests
    assert (sent.method, sent.path, sent.body) == ("GET", "/v1/accounts?limit=1", b"")


def test_text_and_errors_are_passed_on(relay: Environment, world: World) -> None:
    world.partner = lambda _: (400, {"Content-Type": "text/plain"}, b"no such account")
    answer = call(relay)
    assert (answer["statusCode"], answer["body"]) == (400, "no such account")
    assert answer["headers"]["Content-Type"] == "text/plain"
    world.partner = lambda _: (204, {}, b"")
    assert (call(relay)["statusCode"], call(relay)["body"]) == (204, "")
