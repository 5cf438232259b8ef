"""What every request passes through: request id, access log, security headers, limit on the body.

Written as plain ASGI: nothing is buffered, so a streamed response passes through as it is written.
"""

import logging
import re
import secrets
import time
from typing import Final
from urllib.parse import quote

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_MAX_BYTES: Final = 128 * 1024
EVENT_BODY_MAX_BYTES: Final = 1024 * 1024
"""Of what may hold an event for a function: 256 KiB, of which a form makes three times as much."""
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
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
PATH_CHARACTERS: Final = "/:@!$&'()*+,;=~-._"
HSTS: Final = "max-age=31536000; includeSubDomains"

NO_STORE: Final = "no-store"
"""Unless a route says otherwise: what only signed-in people see stays on no disk."""
_LINK: Final = re.compile(
    r"((?:^|/)whitelist/+)(?!(?:link|partners)(?:/|$)).*?(\.txt)?$", re.I | re.S
)

_EVENT: Final = re.compile(r".*/functions/[^/]+/(?:console|invocations|saved-requests)")

log = logging.getLogger("egret.access")


def body_max_bytes(path: str) -> int:
    """How large the body of a request to that path may be."""
    return EVENT_BODY_MAX_BYTES if _EVENT.fullmatch(path) else BODY_MAX_BYTES


def loggable(path: str) -> str:
    """The path in one line of ASCII, without the secret link of a whitelist."""
    return quote(_LINK.sub(r"\1-\2", path), safe=PATH_CHARACTERS)


class AccessLogAndHeaders:
    """Gives each request an id, adds the response headers, and logs the request.

    The log leaves out what may hold a secret: the query, and the link to a published whitelist.
    """

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        self._headers = SECURITY_HEADERS | ({"Strict-Transport-Security": HSTS} if https else {})

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
                self._add_headers(MutableHeaders(scope=message), scope["path"], status, request_id)
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        finally:
            took_ms = (time.perf_counter() - started_s) * 1000
            log.info(
                "%s %s %s %.0f ms %s",
                scope["method"],
                loggable(scope["path"]),
                status or 500,
                took_ms,
                request_id,
            )

    def _add_headers(
        self, headers: MutableHeaders, path: str, status: int, request_id: str
    ) -> None:
        for name, value in self._headers.items():
            headers.setdefault(name, value)
        headers["X-Request-ID"] = request_id
        is_immutable = path.startswith("/static/") and status == 200
        headers.setdefault("Cache-Control", IMMUTABLE if is_immutable else NO_STORE)
        if headers["Cache-Control"] == "no-cache":  # FastAPI's, of a stream
            headers["Cache-Control"] = NO_STORE


class BodyLimit:
    """Refuses a body over the limit of its path while it is read, whatever Content-Length says.

    It raises instead of answering, so that `webapp.problems` answers it like every other error.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        received, limit = 0, body_max_bytes(scope.get("path", ""))

        async def receive_limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise HTTPException(413)
            return message

        await self._app(scope, receive_limited, send)
