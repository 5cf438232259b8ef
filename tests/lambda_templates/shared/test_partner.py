"""When the partner fails: each fault is answered in time, as what it is."""

import json
from collections.abc import Callable, Iterator
from io import BufferedIOBase
from types import ModuleType
from typing import Any

import pytest

from tests.fast import thorough
from tests.lambda_templates.world import NOBODY, Clock, Environment, Start, World

START = b"HTTP/1.1 200 OK\r\n"
LONG = START + b"Content-Length: 900\r\n\r\n"


def code(answer: dict[str, Any]) -> str:
    found: str = json.loads(answer["body"])["code"]
    return found


@pytest.mark.parametrize(
    ("body", "expected", "told"),
    [
        (b'{"items": [', "partner_not_json", "Expecting value at character 11 of 11."),
        (b"[" * 100_000, "partner_not_json", "nested too deeply"),
        (b"9" * 5_000, "partner_not_json", "a number that is too long"),
        ('{"items": []}'.encode("utf-16"), "partner_not_json", "not UTF-8"),
        (b'{"a": NaN}', "partner_not_json", "a number that is too long"),
        (b"<html>welcome</html>", "partner_not_json", "200 with text/html, without valid JSON"),
        (b"", "partner_not_json", "it is empty."),
        (b"x" * 10 * 1024 * 1024, "partner_too_large", "over 2 MiB"),
    ],
    ids=["cut off", "deep", "a long number", "NaN", "not UTF-8", "HTML", "empty", "10 MiB"],
)
def test_a_success_that_is_not_json_or_too_large_is_a_problem(
    environment: Environment, world: World, body: bytes, expected: str, told: str
) -> None:
    world.partner = lambda _: (200, {"Content-Type": "text/html; charset=x"}, body)
    answer = environment.call()
    assert (answer["statusCode"], code(answer)) == (502, expected)
    assert told in json.loads(answer["body"])["detail"]
    assert answer["headers"]["X-Upstream-Status"] == "200"


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"SSH-2.0-x\r\n\r\n", "partner_unreachable"),
        (b"", "partner_unreachable"),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n", "partner_unreachable"),
        (START + b"Transfer-Encoding: chunked\r\n\r\nff\r\nabc", "partner_incomplete"),
        (LONG + b'{"items": []}', "partner_incomplete"),
        (LONG.replace(b"200", b"503") + b"abc", "partner_incomplete"),
    ],
    ids=["not HTTP", "nothing at all", "hints alone", "a chunk", "a body", "an error"],
)
def test_a_response_that_is_not_http_or_breaks_off_is_a_problem(
    environment: Environment, world: World, sent: bytes, expected: str
) -> None:
    world.raw = lambda out: out.write(sent)
    answer = environment.call()
    assert (answer["statusCode"], code(answer)) == (502, expected)


def test_a_partner_that_cannot_be_reached_is_a_problem(start: Start) -> None:
    assert code(start(PARTNER_URL=NOBODY).call()) == "partner_unreachable"


def drips_a_body(world: World, out: BufferedIOBase) -> None:
    out.write(LONG)
    world.drip(out, b"1", 900)


def drips_a_header(world: World, out: BufferedIOBase) -> None:
    out.write(START + b"X-Long: ")
    world.drip(out, b"a", 900)


def stops_in_an_error(world: World, out: BufferedIOBase) -> None:
    out.write(b"HTTP/1.1 503 X\r\nContent-Length: 900\r\n\r\nabc")
    world.silence(out)


def says_nothing(world: World, out: BufferedIOBase) -> None:
    world.silence(out)


@thorough("it waits")
@pytest.mark.parametrize("impatient", [0.2], indirect=True)
@pytest.mark.parametrize(
    "behaviour", [drips_a_body, drips_a_header, stops_in_an_error, says_nothing]
)
def test_every_kind_of_slow_partner_is_given_up_in_time(
    impatient: Environment, world: World, behaviour: Callable[[World, BufferedIOBase], None]
) -> None:
    world.raw = lambda out: behaviour(world, out)
    answer = impatient.call()
    assert (answer["statusCode"], code(answer)) == (504, "partner_timeout")


@pytest.mark.parametrize("impatient", [0.2], indirect=True)
def test_a_partner_that_recovers_is_used_again(impatient: Environment, world: World) -> None:
    world.raw = lambda out: says_nothing(world, out)
    assert impatient.call()["statusCode"] == 504
    world.raw = None
    assert impatient.call()["statusCode"] == 200


@thorough("it waits")
def test_calls_that_were_given_up_never_keep_others_waiting(
    world: World, module: ModuleType
) -> None:
    partner = module.Partner(world.url, module.Limits(total_s=0.2))
    world.raw = lambda out: drips_a_header(world, out)
    for _ in range(2):
        with pytest.raises(module.Problem, match="No complete answer"):
            partner.call(module.Request("/"))
    world.raw = None
    assert partner.call(module.Request("/")).status == 200
    world.over.set()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_reported_and_never_followed_with_the_key(
    environment: Environment, world: World, status: int
) -> None:
    elsewhere = world.url.replace("127.0.0.1", "localhost")
    world.partner = lambda _: (status, {"Location": f"{elsewhere}/elsewhere?a=good-key"}, b"")
    answer = environment.call()
    told = f"The partner answered {status}, a redirect to localhost, which is not followed."
    assert (code(answer), json.loads(answer["body"])["detail"]) == ("partner_redirect", told)
    assert len(world.partner_calls) == 1


@pytest.fixture
def textual(world: World, module: ModuleType) -> Iterator[Environment]:
    """Takes any text of 16 bytes."""
    limits = module.Limits(body_max_bytes=16, json_only=False)
    made = Environment(module.Rankings(world.environment(), limits=limits), Clock())
    yield made
    made.close()


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, b"a,b\n1,2\n", 200),
        (204, b"", 204),
        (200, b"PK\x03\x04\x00\x00", "partner_not_text"),
        (201, b"\xff\xfe", "partner_not_text"),
        (200, b"x" * 17, "partner_too_large"),
    ],
    ids=["CSV", "nothing", "a zip", "not UTF-8", "17 bytes"],
)
def test_a_handler_may_take_any_text_up_to_a_limit_of_its_own(
    textual: Environment, world: World, status: int, body: bytes, expected: int | str
) -> None:
    world.partner = lambda _: (status, {"Content-Type": "text/csv"}, body)
    answer = textual.call()
    found = answer["statusCode"] if isinstance(expected, int) else code(answer)
    assert found == expected


def test_no_path_leads_to_another_host(world: World, module: ModuleType) -> None:
    """Not even if a handler made one of what a caller sent."""
    partner = module.Partner(world.url, module.Limits())
    for path in ("", "@evil.example/", ".evil.example/", ":9/", "/a b", "/\r\nHost: evil", "/é"):
        with pytest.raises(module.Problem) as refused:
            partner.call(module.Request(path))
        assert refused.value.code == "bad_path"
    for path in ("/@evil.example", "/http://169.254.169.254/"):
        partner.call(module.Request(path))
    assert world.partner_calls == ["/@evil.example", "/http://169.254.169.254/"]


def test_method_headers_and_body_reach_the_partner(world: World, module: ModuleType) -> None:
    partner = module.Partner(world.url, module.Limits())
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        headers = {"Content-Type": "application/json", "X-Id": "7"}
        partner.call(module.Request("/a?b=c", method, headers, b"{}"))
        sent = world.partner_requests[-1]
        assert (sent.method, sent.path, sent.body) == (method, "/a?b=c", b"{}")
        assert (sent.headers["x-id"], sent.headers["content-type"]) == ("7", "application/json")
