"""The surroundings of a function: partner, echo service and Secrets Manager, over real HTTP."""

import importlib.util
import json
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from pathlib import Path
from types import ModuleType
from typing import Any

HANDLERS = Path(__file__).parents[2] / "lambda_templates"
BODY = b'{"items":[{"name":"caf\xc3\xa9","rank":1}]}'
ARN = "arn:aws:secretsmanager:eu-central-1:210987654321:secret:egret/key/k"

Respond = tuple[int, dict[str, str], bytes]


@dataclass
class World:
    """All three are one local server; it counts what is asked. `raw` writes the partner's bytes."""

    url: str = ""
    key: str = "good-key"
    version: str = "v1"
    secret: dict[str, str] = field(default_factory=dict)
    secret_reads: int = 0
    secret_takes_s: float = 0
    partner_calls: list[str] = field(default_factory=list)
    partner: Callable[[str], Respond] = lambda _: (200, {"Cache-Control": "max-age=60"}, BODY)
    raw: Callable[[BufferedIOBase], object] | None = None
    echo: bytes = b"203.0.113.7\n"
    over: threading.Event = field(default_factory=threading.Event)

    def environment(self, **changes: str) -> dict[str, str]:
        """What the stack gives to the function."""
        return {
            "KEY_SECRET_ARN": ARN,
            "PARTNER_URL": self.url,
            "ECHO_URL": f"{self.url}/echo",
            "SETTINGS": '{"location": "32000006", "limit": 10}',
            "CORS_ORIGINS": "https://example.com",
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
        if "secretsmanager" in request.headers.get("X-Amz-Target", ""):
            self.secret_reads += 1
            self.over.wait(self.secret_takes_s)
            _answer(request, (200, {}, json.dumps(self._secret_value()).encode()))
        elif request.path == "/echo":
            _answer(request, (200, {}, self.echo))
        else:
            self.partner_calls.append(request.path)
            if self.raw:
                self.raw(request.wfile)
            else:
                _answer(request, self.partner(request.headers.get("Authorization", "")))

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

    rankings: Any
    clock: Clock

    def call(self, event: dict[str, Any] | None = None) -> dict[str, Any]:
        answer: dict[str, Any] = self.rankings.answer(event or {})
        return answer

    def close(self) -> None:
        self.rankings._background.shutdown()
        self.rankings._secrets.close()


def load(template: str) -> ModuleType:
    """The handler of that template, as the runtime imports it."""
    file = HANDLERS / template / "handler.py"
    spec = importlib.util.spec_from_file_location(f"{template}_handler", file)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = loaded
    spec.loader.exec_module(loaded)
    return loaded


class Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Callers give up on a slow partner and hang up: that is what is tested."""


def server(world: World) -> Server:
    """`world` on a free port; the caller serves it and shuts it down."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            world.serve(self)

        def do_GET(self) -> None:
            world.serve(self)

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
