"""The one client for calls to partners and others: what a purpose allows, and nothing else.

No redirect is followed, no proxy of the environment is used, no cookie is kept, nothing compressed
is accepted, so that a small answer cannot become a large one. Its rules follow OWASP's "Server Side
Request Forgery Prevention". The exceptions are the operator's: an origin that `EGRET_ENDPOINTS`
maps to another one is called there, wherever that is, and so is the origin of a setting that a
purpose is about.
"""

import http.client
import ssl
from base64 import b64encode
from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from webapp.capacity.outside import outside
from webapp.errors import Invalid, Upstream
from webapp.outbound.urls import HTTPS_PORT, Url, check_target, read_url
from webapp.outbound.wire import (
    Deadline,
    Dialer,
    Resolver,
    Unacceptable,
    Wire,
    connect,
    dial,
    look_up,
    public_addresses,
    secured,
)
from webapp.telemetry import spans

FAILED_FROM = 400
"""The status of an answer for which its span is an error."""
CHUNK_BYTES = 64 * 1024
HEADERS_MAX = 60
HEADERS_MAX_BYTES = 32 * 1024
PORTS = {"http": 80, "https": HTTPS_PORT}
SENT = {
    "Accept-Encoding": "identity",
    "Connection": "close",
    "User-Agent": "Egret",
}


@dataclass(frozen=True)
class Purpose:
    """What calls of one kind may do. `hosts` are asked for before each call.

    `origin` is one that the operator has set: it is called wherever it is, also inside a network,
    or by http.
    """

    name: str
    hosts: Callable[[], Collection[str]]
    methods: frozenset[str] = frozenset({"GET"})
    total_s: float = 5.0
    body_max_bytes: int = 64 * 1024
    origin: str = ""


@dataclass(frozen=True)
class Answer:
    """Whatever status it has. The names of the headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class _Place:
    """Where a URL is called; `is_exception` if the operator says so."""

    scheme: str
    host: str
    port: int
    target: str
    is_exception: bool = False
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class Outbound:
    """`endpoints` are the operator's exceptions; the rest is for tests."""

    def __init__(
        self,
        endpoints: Mapping[str, str] | None = None,
        *,
        resolve: Resolver = look_up,
        dialer: Dialer = dial,
        make_context: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        self._endpoints = endpoints or {}
        self._resolve, self._dial, self._make_context = resolve, dialer, make_context

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Made for the first call: it reads every certificate authority."""
        return self._make_context()

    def check(self, purpose: Purpose, url: str) -> Url:
        """The URL's parts, if the purpose allows to call it. Raises Invalid. Nothing is looked up.

        Only the address that is found when it is called decides whether it is called.
        """
        read = read_url(url)
        if read.host not in purpose.hosts():
            raise Invalid(f"{read.host} is not called for {purpose.name}.", code="host_not_allowed")
        return read

    def fetch(
        self,
        purpose: Purpose,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """The answer, errors and redirects included. Raises Invalid before anything is sent.

        Raises Upstream if there is no answer within the limits, and Unavailable when too many
        requests wait already.
        """
        place = _set_by_operator(purpose, url) or self._place(self.check(purpose, url))
        if method not in purpose.methods:
            raise Invalid(f"{method} is not used for {purpose.name}.", code="method_not_allowed")
        outside.enter()
        try:
            return self._traced(purpose, place, (method, {**(headers or {}), **SENT}, body))
        except (OSError, ValueError, http.client.HTTPException) as error:
            why = _why(error, purpose)
            raise Upstream(f"{urlsplit(url).hostname} gave no answer: {why}.") from error

    def _place(self, url: Url) -> _Place:
        other = self._endpoints.get(url.origin)
        if other is None:
            return _Place("https", url.host, HTTPS_PORT, url.target)
        parts = urlsplit(other)
        port = parts.port or PORTS[parts.scheme]
        target = parts.path.rstrip("/") + url.target
        host, headers = parts.hostname or "", _credentials(parts)
        return _Place(parts.scheme, host, port, target, is_exception=True, headers=headers)

    def _traced(self, purpose: Purpose, place: _Place, request: Any) -> Answer:
        """With a span that names the host alone: a path or query may be a secret."""
        if (tracing := spans.active) is None:
            return self._call(purpose, place, request)
        method, found, error = request[0], {}, ""
        about = {"http.request.method": method, "server.address": place.host}
        span = tracing.call(method, about | {"server.port": place.port, "egret.for": purpose.name})
        try:
            answer = self._call(purpose, place, request)
            found = {"http.response.status_code": answer.status}
            error = str(answer.status) if answer.status >= FAILED_FROM else ""
            return answer
        except Exception as raised:
            error = type(raised).__name__
            raise
        finally:
            span.end(found, error=error)

    def _call(self, purpose: Purpose, place: _Place, request: Any) -> Answer:
        deadline = Deadline(purpose.total_s)
        if place.is_exception:
            addresses = [place.host]
        else:
            addresses = public_addresses(place.host, self._resolve, deadline)
        with closing(connect(addresses, place.port, self._dial, deadline)) as plain:
            if place.scheme != "https":
                return _exchange(plain, place, request, deadline, purpose)
            with closing(secured(plain, self._tls, place.host, deadline)) as safe:
                return _exchange(safe, place, request, deadline, purpose)


def _set_by_operator(purpose: Purpose, url: str) -> _Place | None:
    """Where the URL leads, if it is at the purpose's own origin. Raises Invalid."""
    if not purpose.origin or not url.startswith(f"{purpose.origin}/"):
        return None
    target, parts = url.removeprefix(purpose.origin), urlsplit(purpose.origin)
    check_target(target)
    port = parts.port or PORTS[parts.scheme]
    return _Place(parts.scheme, parts.hostname or "", port, target, is_exception=True)


def _credentials(parts: SplitResult) -> dict[str, str]:
    """Of an operator's URL that has some, as the sandbox's partner wants them (RFC 7617)."""
    if parts.username is None:
        return {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


def _exchange(
    opened: Any, place: _Place, request: Any, deadline: Deadline, purpose: Purpose
) -> Answer:
    method, headers, body = request
    wire: Any = Wire(opened, deadline, HEADERS_MAX_BYTES + 2 * purpose.body_max_bytes)
    connection = http.client.HTTPConnection(place.host, place.port)
    connection.sock = wire
    default = PORTS[place.scheme] == place.port
    host = place.host if default else f"{place.host}:{place.port}"
    connection.request(method, place.target, body, {**headers, **place.headers, "Host": host})
    with connection.getresponse() as response:
        received = response.getheaders()
        if len(received) > HEADERS_MAX:
            raise Unacceptable("the answer has too many headers")
        if response.getheader("Content-Encoding", "identity").lower() != "identity":
            raise Unacceptable("the answer is compressed, which was not asked for")
        data = _read(response, purpose.body_max_bytes)
        return Answer(response.status, {n.lower(): v for n, v in received}, data)


def _read(response: http.client.HTTPResponse, size_max_bytes: int) -> bytes:
    """The whole body. Raises Unacceptable, or HTTPException if it broke off."""
    body = b""
    while chunk := response.read1(CHUNK_BYTES):
        body += chunk
        if len(body) > size_max_bytes:
            raise Unacceptable(f"the answer is larger than {size_max_bytes // 1024} KiB")
    if response.length:
        raise http.client.IncompleteRead(body)
    return body


def _why(error: Exception, purpose: Purpose) -> str:
    """In a few words of our own: others might quote a header, which may be secret."""
    if isinstance(error, TimeoutError):
        return f"the {purpose.total_s:g} s for it are over"
    return str(error) if isinstance(error, Unacceptable) else type(error).__name__
