"""The surroundings of a function: partner, echo service and Secrets Manager, over real HTTP."""

import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.answering import answering
from webapp.services.functions.catalogue.code import assemble

HANDLERS = Path(__file__).parents[2] / "lambda_templates"
BODY = b'{"items":[{"name":"caf\xc3\xa9","rank":1}]}'
ARN = "arn:aws:secretsmanager:eu-central-1:210987654321:secret:egret/key/k"

Respond = tuple[int, dict[str, str], bytes]
Raw = Callable[[BufferedIOBase], object]
NOBODY = "http://127.0.0.1:9"
"""Where nothing listens."""


@dataclass(frozen=True)
class Received:
    """A request as the server got it; names of headers are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class World:
    """All three are one local server; it counts what is asked. `raw` writes the partner's bytes."""

    url: str = ""
    key: str = "good-key"
    version: str = "v1"
    secret: dict[str, str] = field(default_factory=dict)
    secret_requests: list[Received] = field(default_factory=list)
    secret_failures: list[Respond] = field(default_factory=list)
    secret_takes_s: float = 0
    partner_requests: list[Received] = field(default_factory=list)
    partner: Callable[[str], Respond] = lambda _: (200, {"Cache-Control": "max-age=60"}, BODY)
    raw: Raw | None = None
    echo: bytes = b"203.0.113.7\n"
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def secret_reads(self) -> int:
        return len(self.secret_requests)

    @property
    def partner_calls(self) -> list[str]:
        return [request.path for request in self.partner_requests]

    def environment(self, **changes: str) -> dict[str, str]:
        """What the stack gives to the function."""
        return {
            "KEY_SECRET_ARN": ARN,
            "PARTNER_URL": self.url,
            "ECHO_URL": f"{self.url}/echo",
            "SETTINGS": '{"location": "32000006", "limit": 10}',
            "CORS_ORIGINS": "https://example.com",
            "ACCESS": "api_key",
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret-of-the-role",
            "AWS_SESSION_TOKEN": "token-of-the-role",
        } | changes

    def drip(self, out: BufferedIOBase, part: bytes, times: int) -> None:
        """Write `part` many times, too slowly for any time limit."""
        for _ in range(times):
            if self.over.wait(0.2):
                return
            out.write(part)
            out.flush()

    def silence(self, out: BufferedIOBase) -> None:
        """Accept, and never answer."""
        out.flush()
        self.over.wait(30)

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = request.rfile.read(int(headers.get("content-length", 0)))
        received = Received(request.command, request.path, headers, body)
        if "secretsmanager" in headers.get("x-amz-target", ""):
            self.secret_requests.append(received)
            self.over.wait(self.secret_takes_s)
            good: Respond = (200, {}, json.dumps(self._secret_value()).encode())
            _answer(request, self.secret_failures.pop(0) if self.secret_failures else good)
        elif request.path == "/echo":
            _answer(request, (200, {}, self.echo))
        else:
            self.partner_requests.append(received)
            if self.raw:
                self.raw(request.wfile)
            else:
                _answer(request, self.partner(headers.get("authorization", "")))

    def _secret_value(self) -> dict[str, str]:
        held = self.secret or {"SecretString": self.key}
        return {"ARN": ARN, "Name": "k", "VersionId": self.version} | held


class Clock:
    """A clock that stands still until a test moves it."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Environment:
    """One execution environment of the function."""

    egress: Any
    clock: Clock

    def call(self, event: dict[str, Any] | None = None) -> dict[str, Any]:
        answer: dict[str, Any] = self.egress.answer(event or {})
        return answer

    def close(self) -> None:
        self.egress._background.shutdown()


Start = Callable[..., Environment]


def load(template: str) -> ModuleType:
    """The handler of that template, as it is deployed and as the runtime imports it."""
    name = f"{template}_index"
    loaded = ModuleType(name)
    sys.modules[name] = loaded
    code = assemble(HANDLERS / template / "handler.py")
    exec(compile(code, f"{name}.py", "exec"), loaded.__dict__)
    return loaded


class Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Callers give up on a slow partner and hang up: that is what is tested."""


@contextmanager
def serving() -> Iterator[World]:
    """A world on a free port."""
    made = World()
    with answering(_server(made)):
        yield made
        made.over.set()


def _server(world: World) -> Server:

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            world.serve(self)

        do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    made = Server(("127.0.0.1", 0), Handler)
    world.url = f"http://127.0.0.1:{made.server_port}"
    return made


def _answer(request: BaseHTTPRequestHandler, answer: Respond) -> None:
    status, headers, content = answer
    request.send_response(status)
    for name, value in ({"Content-Length": str(len(content))} | headers).items():
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(content)
