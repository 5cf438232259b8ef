"""GET from one URL of any partner: places filled in exactly, refusals before the partner is
asked, answers kept as the cache rule says."""

import json
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from tests.lambda_templates.world import Clock, Environment, World, load

ROWS = [
    {"name": "account", "pattern": "[^@]{1,20}", "required": True, "default": "1001"},
    {"name": "date", "pattern": "[0-9-]{10}"},
    {"name": "text", "pattern": ".*", "default": "a b"},
]
URL = "https://api.partner.example/v1/accounts/{account}.json?date={date}&q={text}&fixed=1"
Start = Callable[..., Environment]


@pytest.fixture(scope="session")
def module() -> ModuleType:
    return load("http_json")


@pytest.fixture
def start(world: World, module: ModuleType) -> Iterator[Start]:
    """With those settings, and changes of the environment."""
    made = []

    def started(env: dict[str, str] | None = None, **settings: Any) -> Environment:
        whole = {"url": URL, "parameters": ROWS, "max_kib": 16} | settings
        variables = world.environment(SETTINGS=json.dumps(whole), **(env or {}))
        clock = Clock()
        made.append(Environment(module.AnyJson(variables, clock), clock))
        return made[-1]

    yield started
    for environment in made:
        environment.close()


def ask(environment: Environment, **given: str) -> dict[str, Any]:
    context = {"requestContext": {"identity": {}}, "httpMethod": "GET"}
    return environment.call(context | {"queryStringParameters": given})


def test_values_are_filled_in_quoted_and_what_is_optional_is_left_out(
    start: Start, world: World
) -> None:
    function = start()
    assert ask(function, account="a?b#c%2F", date="2026-01-01")["statusCode"] == 200
    assert ask(function, account="x", text="&=ü")["statusCode"] == 200
    assert function.call()["statusCode"] == 200
    assert world.partner_calls == [
        "/v1/accounts/a%3Fb%23c%252F.json?date=2026-01-01&q=a%20b&fixed=1",
        "/v1/accounts/x.json?q=%26%3D%C3%BC&fixed=1",
        "/v1/accounts/1001.json?q=a%20b&fixed=1",
    ]


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"account": "a@b"},
        {"account": "../admin"},
        {"account": "a/b"},
        {"account": "a\\b"},
        {"account": "x", "date": "tomorrow"},
        {"account": "x", "other": "1"},
    ],
)
def test_what_breaks_a_rule_is_422_and_never_reaches_the_partner(
    start: Start, world: World, given: dict[str, str]
) -> None:
    answer = ask(start(), **given)
    assert answer["statusCode"] == 422
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    assert json.loads(answer["body"])["code"] == "bad_parameter"
    assert world.partner_calls == []


def test_a_part_of_the_path_is_never_dots_or_empty(start: Start, world: World) -> None:
    function = start(url="https://api.partner.example/v1/{account}/x")
    assert [ask(function, account=dots)["statusCode"] for dots in (".", "..")] == [422, 422]
    assert ask(function, account="...")["statusCode"] == 200
    rows = [{"name": "account", "pattern": "[0-9]*", "required": True, "default": "1"}]
    assert ask(start(parameters=rows), account="")["statusCode"] == 422
    assert world.partner_calls == ["/v1/.../x"]


def test_the_key_goes_where_its_kind_says(start: Start, world: World) -> None:
    ask(start({"KEY_SENT_AS": "header X-Api-Key"}), account="x")
    ask(start({"KEY_SENT_AS": "query api_key"}), account="x")
    first, second = world.partner_requests
    assert first.headers["x-api-key"] == world.key
    assert "authorization" not in first.headers
    assert second.path.endswith(f"&fixed=1&api_key={world.key}")
    world.key = "Token abcdefgh"
    ask(start({"KEY_SENT_AS": "header Authorization"}), account="x")
    assert world.partner_requests[-1].headers["authorization"] == "Token abcdefgh"


def test_only_get_is_answered(start: Start, world: World) -> None:
    answer = start().call({"httpMethod": "POST", "requestContext": {"identity": {}}})
    assert answer["statusCode"] == 405
    assert world.partner_calls == []


def test_a_good_answer_is_kept_as_long_as_the_partner_says(start: Start, world: World) -> None:
    function = start()
    first = ask(function, account="x")
    function.clock.now += 50
    second = ask(function, account="x")
    assert (first["body"], first["headers"]["Cache-Control"]) == (
        second["body"],
        "private, max-age=60",
    )
    assert second["headers"]["Cache-Control"] == "private, max-age=10"
    assert len(world.partner_calls) == 1
    ask(function, account="y")
    function.clock.now += 11
    ask(function, account="x")
    assert len(world.partner_calls) == 3


@pytest.mark.parametrize(
    ("settings", "told", "result"),
    [
        ({"cache_s": 300}, "no-store", ("private, max-age=300", 1)),
        ({"cache_s": 0}, "max-age=60", ("no-store", 2)),
        ({}, "no-store, max-age=60", ("no-store", 2)),
        ({}, "", ("private, max-age=10", 2)),
    ],
)
def test_the_cache_rule_is_the_settings_or_the_partners(
    start: Start, world: World, settings: dict[str, int], told: str, result: tuple[str, int]
) -> None:
    world.partner = lambda _: (200, {"Cache-Control": told}, b"{}")
    function = start(**settings)
    headers = {ask(function, account="x")["headers"]["Cache-Control"] for _ in range(2)}
    assert headers == {result[0]}
    assert len(world.partner_calls) == result[1]


def test_egret_itself_always_asks_the_partner(start: Start, world: World) -> None:
    function = start()
    for _ in range(2):
        assert function.call()["statusCode"] == 200
    assert [r.headers["cache-control"] for r in world.partner_requests] == ["no-cache"] * 2
    assert ask(function, account="1001")["headers"]["Cache-Control"] == "private, max-age=60"
    assert len(world.partner_calls) == 2


def test_errors_and_large_answers_are_not_kept(start: Start, world: World) -> None:
    function = start(cache_s=300, max_kib=512)
    world.partner = lambda _: (404, {}, b"{}")
    assert ask(function, account="x")["headers"]["Cache-Control"] == "private, max-age=10"
    world.partner = lambda _: (200, {}, b'"' + b"x" * 300 * 1024 + b'"')
    for _ in range(2):
        assert ask(function, account="x")["statusCode"] == 200
    assert len(world.partner_calls) == 3


def test_few_answers_are_kept(start: Start, world: World) -> None:
    function = start()
    for number in range(100):
        ask(function, account=f"{number}")
    assert len(function.egress._kept) == 32
    ask(function, account="99")
    assert len(world.partner_calls) == 100


def test_an_answer_over_the_limit_is_reported(start: Start, world: World) -> None:
    world.partner = lambda _: (200, {}, b'"' + b"x" * 17 * 1024 + b'"')
    answer = ask(start(), account="x")
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (502, "partner_too_large")


def test_the_request_line_says_what_was_cached_and_no_value(
    start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    function = start()
    for _ in range(2):
        ask(function, account="private-1")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["cached"] for line in lines] == [False, True]
    assert "private-1" not in json.dumps(lines)
