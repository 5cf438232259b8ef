"""A partner that is a server of the test: over TLS, it checks key and source address.

It reads the line of the PROXY protocol that the sandbox's NAT sends first, as a server behind a
load balancer does. Its certificate is its own authority, made by openssl for the run of the tests.
"""

import json
import re
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.answering import answering
from webapp.sandbox.tls_partners import TlsPartners

HOST = "api.partner.test"
KEY = "partner-key-4f9Abcd"
HUGE_BYTES = 10 * 1024 * 1024
PROXY_LINE = re.compile(rb"PROXY TCP4 ([0-9.]+) [0-9.]+ \d+ \d+\r\n")
ROWS = [{"id": number, "name": f"Item {number}", "price": number / 4} for number in range(1, 4)]


@dataclass
class Call:
    method: str
    path: str
    source: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = b""


@dataclass
class TlsPartner:
    """`calls` are all that arrived, `allowed` the addresses that it has on its list."""

    port: int
    certificate: Path
    allowed: set[str] = field(default_factory=set)
    calls: list[Call] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def of_sandbox(self) -> TlsPartners:
        return TlsPartners({HOST: f"127.0.0.1:{self.port}"}, str(self.certificate))


@contextmanager
def running(folder: Path) -> Iterator[TlsPartner]:
    certificate, key = make_certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = Server(context)
    server.partner = TlsPartner(server.server_port, certificate)
    with answering(server):
        yield server.partner
        server.partner.over.set()


@contextmanager
def allowing(partner: TlsPartner, *addresses: str) -> Iterator[None]:
    """The partner has the addresses on its list, inside."""
    partner.allowed |= set(addresses)
    yield
    partner.allowed -= set(addresses)


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """For HOST, and its private key."""
    certificate, key = folder / "partner.pem", folder / "partner.key"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", f"/CN={HOST}", "-keyout", str(key)),
            *("-addext", f"subjectAltName=DNS:{HOST}", "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key


class Server(ThreadingHTTPServer):
    partner: TlsPartner

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.context = context

    def handle_error(self, request: object, client_address: object) -> None:
        """Callers hang up: that is what is tested."""


class Handler(BaseHTTPRequestHandler):
    server: Server
    source = ""

    def setup(self) -> None:
        """The line before TLS tells the source address, byte by byte so that no more is read."""
        line = b""
        while not line.endswith(b"\n") and len(line) < 108:
            line += self.request.recv(1)
        found = PROXY_LINE.fullmatch(line)
        self.source = found[1].decode() if found else ""
        self.request = self.server.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        with self.request, suppress(OSError):
            super().finish()
            self.request.unwrap()

    def serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        call = Call(self.command, self.path, self.source, dict(self.headers.items()))
        call.body = self.rfile.read(length)
        self.server.partner.calls.append(call)
        if self.source not in self.server.partner.allowed:
            self.answer(403, {"message": f"IP {self.source} is not on the whitelist"})
        elif self.headers.get("X-Api-Key") != KEY:
            self.answer(401, {"message": "wrong key"})
        else:
            first = self.path.strip("/").partition("?")[0].partition("/")[0]
            ANSWERS.get(first, items)(self)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve

    def answer(self, status: int, body: Any, **headers: str) -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in ({"Content-Type": "application/json"} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: Any) -> None:
        pass


def items(to: Handler) -> None:
    if to.command == "GET":
        to.answer(200, {"items": ROWS}, Cache_Control="max-age=77")
    else:
        to.answer(201, {"id": "p1", "method": to.command})


def elsewhere(to: Handler) -> None:
    to.answer(302, b"", Location="https://other.example/login?token=secret")


def huge(to: Handler) -> None:
    to.answer(200, b'["' + b"x" * HUGE_BYTES + b'"]')


def page(to: Handler) -> None:
    to.answer(200, b"<!doctype html><h1>Sign in</h1>", Content_Type="text/html")


def cut(to: Handler) -> None:
    to.answer(200, b'{"items": [{"id": 1')


def drip(to: Handler) -> None:
    """A byte every fifth of a second, for longer than anyone waits."""
    to.send_response(200)
    to.send_header("Content-Length", "1000")
    to.end_headers()
    while not to.server.partner.over.wait(0.2):
        to.wfile.write(b" ")
        to.wfile.flush()


ANSWERS = {"elsewhere": elsewhere, "huge": huge, "page": page, "cut": cut, "drip": drip}
"""By the first part of the path; to any other one, `items`."""
