"""The handler, against a partner, an echo service and a Secrets Manager that speak HTTP."""

import ast
import importlib.util
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from webapp.services.templates import get_template

HANDLERS = Path(__file__).parents[2] / "lambda_templates"
RANKINGS = HANDLERS / "clash_rankings" / "handler.py"
SIZE_MAX_BYTES = 15 * 1024
SHIPPED_BY_LAMBDA = {"boto3", "botocore"}
BODY = b'{"items":[{"name":"caf\xc3\xa9","rank":1}]}'
ARN = "arn:aws:secretsmanager:eu-central-1:210987654321:secret:egret/key/k"

Respond = tuple[int, dict[str, str], bytes]


@dataclass
class World:
    """A partner, an echo service and Secrets Manager, one local server; it counts what is asked."""

    url: str = ""
    key: str = "good-key"
    version: str = "v1"
    secret_reads: int = 0
    partner_calls: list[str] = field(default_factory=list)
    partner: Callable[[str], Respond] = lambda _: (200, {"Cache-Control": "max-age=60"}, BODY)
    slow_s: float = 0

    def answer(self, path: str, headers: Any) -> Respond:
        if "secretsmanager" in headers.get("X-Amz-Target", ""):
            self.secret_reads += 1
            found = {"ARN": ARN, "Name": "k", "SecretString": self.key, "VersionId": self.version}
            return 200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(found).encode()
        if path == "/echo":
            return 200, {}, b"203.0.113.7\n"
        self.partner_calls.append(path)
        time.sleep(self.slow_s)
        return self.partner(headers.get("Authorization", ""))


@pytest.fixture
def world() -> Iterator[World]:
    made = World()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def do_GET(self) -> None:
            status, headers, content = made.answer(self.path, self.headers)
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(content))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_port}"
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("clash_rankings_handler", RANKINGS)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = loaded
    spec.loader.exec_module(loaded)
    return loaded


class Clock:
    """Time that passes when it is told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Environment:
    """One execution environment of the function."""

    rankings: Any
    clock: Clock

    def call(self, event: dict[str, Any] | None = None) -> dict[str, Any]:
        answer: dict[str, Any] = self.rankings.answer(event or {})
        return answer


@pytest.fixture
def environment(
    world: World, module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Environment]:
    monkeypatch.setenv("AWS_ENDPOINT_URL", world.url)
    env = {
        "KEY_SECRET_ARN": ARN,
        "PARTNER_URL": world.url,
        "ECHO_URL": f"{world.url}/echo",
        "SETTINGS": '{"location": "32000006", "limit": 10}',
        "CORS_ORIGINS": "https://example.com",
    }
    clock = Clock()
    rankings = module.Rankings(env, clock)
    yield Environment(rankings, clock)
    rankings._background.shutdown()
    rankings._secrets.close()


def test_the_partners_body_comes_through_untouched(environment: Environment, world: World) -> None:
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


@pytest.mark.parametrize(
    ("partner", "status", "code"),
    [
        ((200, {}, b'{"items": ['), 502, "partner_not_json"),
        ((200, {}, b"x" * 3 * 1024 * 1024), 502, "partner_too_large"),
    ],
)
def test_what_is_no_answer_of_the_partner_is_a_problem(
    environment: Environment, world: World, partner: Respond, status: int, code: str
) -> None:
    world.partner = lambda _: partner
    answer = environment.call()
    assert answer["statusCode"] == status
    assert json.loads(answer["body"])["code"] == code


def test_a_partner_that_cannot_be_reached_is_a_problem(environment: Environment) -> None:
    environment.rankings._env["PARTNER_URL"] = "http://127.0.0.1:9"
    assert json.loads(environment.call()["body"])["code"] == "partner_unreachable"


def test_a_partner_that_takes_too_long_is_a_problem(
    environment: Environment, world: World, module: ModuleType
) -> None:
    world.slow_s = module.PARTNER_TIMEOUT_S + 1
    answer = environment.call()
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (504, "partner_timeout")


def test_every_wait_together_is_shorter_than_the_functions_time(module: ModuleType) -> None:
    attempts, connect_and_read = 2, 2
    secret_s = attempts * connect_and_read * module.SECRET_TIMEOUT_S
    asked_twice_s = 2 * (secret_s + module.PARTNER_TOTAL_S)
    assert asked_twice_s < get_template("clash_rankings").timeout_s


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


def test_only_the_named_origin_may_read_the_answer(environment: Environment) -> None:
    ours = environment.call({"headers": {"origin": "https://example.com"}})["headers"]
    assert ours["Access-Control-Allow-Origin"] == "https://example.com"
    other = environment.call({"headers": {"origin": "https://evil.example"}})["headers"]
    assert "Access-Control-Allow-Origin" not in other
    assert other["Vary"] == "Origin"


def test_without_an_echo_service_the_address_is_unknown_not_guessed(
    environment: Environment,
) -> None:
    environment.rankings._env["ECHO_URL"] = "http://127.0.0.1:9"
    answer = environment.call()
    assert answer["statusCode"] == 200
    assert "X-Egress-Ip" not in answer["headers"]


@pytest.mark.parametrize(
    "handler", sorted(HANDLERS.glob("*/handler.py")), ids=lambda p: p.parent.name
)
def test_a_handler_is_small_and_imports_only_what_lambda_ships(handler: Path) -> None:
    assert handler.stat().st_size <= SIZE_MAX_BYTES
    modules = set()
    for node in ast.walk(ast.parse(handler.read_text())):
        if isinstance(node, ast.Import):
            modules |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add(str(node.module).split(".")[0])
    assert modules <= set(sys.stdlib_module_names) | SHIPPED_BY_LAMBDA
