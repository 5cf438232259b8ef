"""What every request passes through: request id, log, security headers, HEAD.

Written as plain ASGI: nothing is buffered, so a streamed response passes through as it is written.
"""

import re
import secrets
import time
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webapp import logs
from webapp.edge.lines import AccessLines, Line
from webapp.telemetry import spans
from webapp.telemetry.counts import count_request, operation_of

if TYPE_CHECKING:
    from webapp.telemetry.tracing import Tracing

IMMUTABLE: Final = "public, max-age=31536000, immutable"
CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types app",
    )
)
SECURITY_HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
HSTS: Final = "max-age=31536000; includeSubDomains"
NO_STORE: Final = "no-store"
"""Unless a route says otherwise: what only signed-in people see stays on no disk."""
IMMUTABLE_STATUS: Final = (200, 206, 304)
BY_HEAD: Final = "egret.by_head"
"""In the scope of a request that was made with HEAD."""
ROUTED: Final = ("endpoint", spans.TEMPLATE)
"""What the router puts into the scope for the log, the counters and the spans."""
PATHS_REMEMBERED: Final = 1024
PATH_CHARACTERS: Final = "/:@!$&'()*+,;=~-._"
_LINK: Final = re.compile(
    r"((?:^|/)whitelist/+)(?!(?:link|partners)(?:/|$)).*?(\.txt)?$", re.I | re.S
)


@cache
def security_headers(*, https: bool) -> dict[str, str]:
    """Those of every answer, also of what the server itself answers."""
    return SECURITY_HEADERS | ({"Strict-Transport-Security": HSTS} if https else {})


@lru_cache(PATHS_REMEMBERED)
def loggable(path: str) -> str:
    """The path in one line of ASCII, without the secret link of a whitelist."""
    return quote(_LINK.sub(r"\1-\2", path), safe=PATH_CHARACTERS, errors="backslashreplace")


class AccessLogAndHeaders:
    """Gives each request an id, adds the response headers, and logs the request.

    The log leaves out what may hold a secret: the query, and the link to a published whitelist.
    """

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app, self._https = app, https
        self._lines = AccessLines()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["request_id"] = request_id = secrets.token_hex(8)
        started_s, status = time.perf_counter(), 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                complete(headers, scope["path"], status, https=self._https)
                headers["X-Request-ID"] = request_id
            await send(message)

        client = scope["client"][0] if scope.get("client") else ""
        with logs.about(request_id=request_id, client=client):
            try:
                if spans.active:
                    await self._traced(spans.active, scope, receive, send_with_headers)
                else:
                    await self._app(scope, receive, send_with_headers)
            finally:
                took_s = time.perf_counter() - started_s
                count_request(scope, status or 500, took_s)
                line, trace_id = _line(scope, status or 500, logs.known())
                self._lines.write(line, request_id, trace_id, round(took_s * 1000))

    async def _traced(self, tracing: "Tracing", scope: Scope, receive: Receive, send: Send) -> None:
        """The same as a span; lines of the log say which trace it is in, if that is recorded."""
        by_proxy = scope.get(spans.BY_PROXY, False)
        span, status = tracing.request(scope["method"], scope["headers"], by_proxy=by_proxy), 0
        if span.trace_id:
            logs.note(trace_id=span.trace_id)

        async def send_noting(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            with span.current():
                await self._app(scope, receive, send_noting)
        finally:
            template, operation = scope.get(spans.TEMPLATE, ""), operation_of(scope)
            span.end(template, operation, status or 500, scope["request_id"])


def _line(scope: Scope, status: int, known: dict[str, str]) -> tuple[Line, str]:
    """What the log says of a request, and the trace that it is in; '' for none."""
    of_request = (known.get(name, "") for name in ("client", "operation", "user", "role"))
    line = Line(scope["method"], loggable(scope["path"]), status, *of_request)
    return line, known.get("trace_id", "")


def complete(headers: MutableHeaders, path: str, status: int, *, https: bool) -> None:
    """Add what every answer has, as far as it is not there; but for its request id."""
    for name, value in security_headers(https=https).items():
        headers.setdefault(name, value)
    if https:
        _make_cookies_secure(headers)
    is_immutable = path.startswith("/static/") and status in IMMUTABLE_STATUS
    headers.setdefault("Cache-Control", IMMUTABLE if is_immutable else NO_STORE)
    if headers["Cache-Control"] == "no-cache":  # FastAPI's, of a stream
        headers["Cache-Control"] = NO_STORE


def _make_cookies_secure(headers: MutableHeaders) -> None:
    """Also of those that hold no secret: browsers send them by https alone (RFC 6265, 4.1.2.5)."""
    cookies = headers.getlist("set-cookie")
    del headers["set-cookie"]
    for cookie in cookies:
        is_secure = "; secure" in cookie.lower()
        headers.append("set-cookie", cookie if is_secure else f"{cookie}; Secure")


class HeadAsGet:
    """HEAD wherever GET is: the same answer, without its body (RFC 9110, 9.3.2).

    Inside, it is a GET with a mark, for what must not begin without a reader: see `webapp.deps`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            await send({**message, "body": b""} if "body" in message else message)

        inner = {**scope, "method": "GET", BY_HEAD: True}
        try:
            await self._app(inner, receive, send_head)
        finally:
            scope.update((name, inner[name]) for name in ROUTED if name in inner)
