"""A proxy between boto3 and the embedded AWS that loses answers, throttles, and refuses.

It listens on 127.0.0.1 alone. A rule is for one action (`AllocateAddress`, or `*` for all), and
for so many calls.
"""

import http.client
import socket
import struct
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock
from urllib.parse import parse_qs, urlsplit

from tests.answering import answering

UPSTREAM_TIMEOUT_S = 60
DELAY_S = 0.5
HOP_BY_HOP = frozenset({"connection", "content-length", "transfer-encoding"})


@dataclass
class Rule:
    """`kind`: lose_answer, lose_request, delay, or refuse with `code` and `message`; `times` times.

    `seen` is set when the call comes; `at` says when each came, in seconds.
    """

    action: str
    kind: str
    times: int = 1
    code: str = ""
    message: str = ""
    status: int = 400
    headers: dict[str, str] = field(default_factory=dict)
    seen: Event = field(default_factory=Event)
    at: list[float] = field(default_factory=list)


class Proxy(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        parts = urlsplit(upstream)
        self.upstream = (parts.hostname or "", parts.port or 80)
        self.rules: list[Rule] = []
        self.calls: Counter[str] = Counter()
        self._lock = Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def add(self, rule: Rule) -> Rule:
        self.rules.append(rule)
        return rule

    def match(self, action: str) -> Rule | None:
        """The rule for this call, used up by one."""
        with self._lock:
            self.calls[action] += 1
            for rule in self.rules:
                if rule.action in (action, "*") and rule.times > 0:
                    rule.times -= 1
                    rule.at.append(time.monotonic())
                    rule.seen.set()
                    return rule
        return None


@contextmanager
def proxied(upstream: str) -> Iterator[Proxy]:
    with answering(Proxy(upstream)) as proxy:
        yield proxy


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Proxy

    def log_message(self, *_: object) -> None:
        """Nothing: a test's output is for the test."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        action = self._action(body)
        rule = self.server.match(action)
        if rule and rule.kind == "delay":
            time.sleep(DELAY_S)
        if rule is None or rule.kind == "delay":
            self._answer(*self._forward(body))
        elif rule.kind == "refuse":
            self._answer(rule.status, *_refusal(rule, "X-Amz-Target" in self.headers, action))
        else:
            if rule.kind == "lose_answer":
                self._forward(body)
            self._reset()

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _serve

    def _action(self, body: bytes) -> str:
        """Of the query protocol, the JSON protocol, or the method and path of a REST one."""
        if target := self.headers.get("X-Amz-Target"):
            return target.rpartition(".")[2]
        found = parse_qs(body.decode("latin1")).get("Action")
        return found[0] if found else f"{self.command} {self.path}"

    def _forward(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        there = http.client.HTTPConnection(*self.server.upstream, timeout=UPSTREAM_TIMEOUT_S)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP}
        there.request(self.command, self.path, body, headers)
        answer = there.getresponse()
        content = answer.read()
        there.close()
        kept = {k: v for k, v in answer.getheaders() if k.lower() not in HOP_BY_HOP}
        return answer.status, kept, content

    def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _reset(self) -> None:
        """The connection breaks without a word."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True


EC2_ERROR = (
    "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
    "<RequestID>r</RequestID></Response>"
)
QUERY_ERROR = (
    "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message>"
    "</Error><RequestId>r</RequestId></ErrorResponse>"
)
CLOUDFORMATION = ("Stack", "ChangeSet", "ContinueUpdateRollback")


def _refusal(rule: Rule, is_json: bool, action: str) -> tuple[dict[str, str], bytes]:
    """In the form of the protocol that the call came in."""
    if is_json or " " in action:
        content = f'{{"__type": "{rule.code}", "message": "{rule.message}"}}'
        kind = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": rule.code}
    else:
        form = QUERY_ERROR if any(word in action for word in CLOUDFORMATION) else EC2_ERROR
        content = form.format(code=rule.code, message=rule.message)
        kind = {"Content-Type": "text/xml"}
    return kind | rule.headers, content.encode()
