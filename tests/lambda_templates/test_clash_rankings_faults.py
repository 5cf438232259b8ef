"""The handler when the partner fails: each fault is answered in time, without the key."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from io import BufferedIOBase
from typing import Any

import pytest

from tests.lambda_templates.world import HANDLERS, Environment, Respond, World

RUN = "import json, handler; print(json.dumps(handler.handler({}, None)))"
START = b"HTTP/1.1 200 OK\r\n"
LONG = START + b"Content-Length: 900\r\n\r\n"


def code(answer: dict[str, Any]) -> str:
    found: str = json.loads(answer["body"])["code"]
    return found


@pytest.mark.parametrize(
    ("partner", "expected"),
    [
        ((200, {}, b'{"items": ['), "partner_not_json"),
        ((200, {}, b"[" * 100_000), "partner_not_json"),
        ((200, {}, '{"items": []}'.encode("utf-16")), "partner_not_json"),
        ((200, {}, b"<html>welcome</html>"), "partner_not_json"),
        ((200, {}, b"x" * 3 * 1024 * 1024), "partner_too_large"),
    ],
    ids=["cut off", "nested too deeply", "not UTF-8", "HTML", "3 MiB"],
)
def test_a_success_that_is_not_json_or_too_large_is_a_problem(
    environment: Environment, world: World, partner: Respond, expected: str
) -> None:
    world.partner = lambda _: partner
    answer = environment.call()
    assert (answer["statusCode"], code(answer)) == (502, expected)


@pytest.mark.parametrize(
    "sent",
    [
        b"SSH-2.0-x\r\n\r\n",
        START + b"Transfer-Encoding: chunked\r\n\r\nff\r\nabc",
        b"HTTP/1.1 503 X\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc",
        b"",
    ],
    ids=["not HTTP", "a body that breaks off", "an error that breaks off", "nothing at all"],
)
def test_a_response_that_is_not_http_is_a_problem(
    environment: Environment, world: World, sent: bytes
) -> None:
    world.raw = lambda out: out.write(sent)
    answer = environment.call()
    assert (answer["statusCode"], code(answer)) == (502, "partner_unreachable")


def test_a_partner_that_cannot_be_reached_is_a_problem(environment: Environment) -> None:
    environment.rankings._env["PARTNER_URL"] = "http://127.0.0.1:9"
    assert code(environment.call()) == "partner_unreachable"


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


@pytest.mark.parametrize(
    "behaviour", [drips_a_body, drips_a_header, stops_in_an_error, says_nothing]
)
def test_every_kind_of_slow_partner_is_given_up_in_time(
    impatient: Environment, world: World, behaviour: Callable[[World, BufferedIOBase], None]
) -> None:
    world.raw = lambda out: behaviour(world, out)
    answer = impatient.call()
    assert (answer["statusCode"], code(answer)) == (504, "partner_timeout")


def test_a_partner_that_recovers_is_used_again(impatient: Environment, world: World) -> None:
    world.raw = lambda out: says_nothing(world, out)
    assert impatient.call()["statusCode"] == 504
    world.raw = None
    assert impatient.call()["statusCode"] == 200


def test_a_redirect_is_passed_on_and_never_followed_with_the_key(
    environment: Environment, world: World
) -> None:
    elsewhere = world.url.replace("127.0.0.1", "localhost")
    world.partner = lambda _: (302, {"Location": f"{elsewhere}/elsewhere"}, b"")
    assert environment.call()["statusCode"] == 302
    assert len(world.partner_calls) == 1


@pytest.mark.parametrize(
    "secret",
    [
        {"SecretString": "good-key\nX-Evil: 1"},
        {"SecretString": "g\u00f6\u00f6d-k\u00e9y\u2014"},
        {"SecretString": ""},
        {"SecretBinary": "Z29vZC1rZXk="},
    ],
    ids=["a line break", "not ASCII", "empty", "binary"],
)
def test_a_secret_that_is_not_a_key_is_never_sent(
    environment: Environment, world: World, secret: dict[str, str]
) -> None:
    world.secret = secret
    answer = environment.call()
    assert (answer["statusCode"], code(answer)) == (502, "key_unreadable")
    assert not world.partner_calls


@pytest.mark.parametrize("echo", [b"<html>", b"\xff", b"::1", b""])
def test_an_echo_that_is_not_an_address_is_left_out(
    environment: Environment, world: World, echo: bytes
) -> None:
    world.echo = echo
    answer = environment.call()
    assert answer["statusCode"] == 200
    assert "X-Egress-Ip" not in answer["headers"]


@pytest.mark.parametrize(
    "secret", [{}, {"SecretString": "good-key\n"}], ids=["a key", "a broken key"]
)
@pytest.mark.parametrize("sent", [None, b"SSH-2.0-x\r\n\r\n"], ids=["answered", "not HTTP"])
def test_the_handler_in_a_real_process_prints_the_answer_and_never_the_key(
    world: World, secret: dict[str, str], sent: bytes | None
) -> None:
    world.secret = secret
    world.raw = (lambda out: out.write(sent)) if sent else None
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        cwd=HANDLERS / "clash_rankings",
        env=os.environ | world.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["statusCode"] in (200, 502)
    assert world.key not in done.stdout + done.stderr
