"""How large a request may be, and which hosts it may ask for, checked before anything reads it.

What is over a limit is raised, so that `webapp.edge.problems` answers it like every other error.
The server refuses much larger heads by itself, before they are in memory (`webapp.edge.server`).
"""

import re
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webapp.errors import HeadersTooLarge, Malformed, TooLong

BODY_MAX_BYTES: Final = 128 * 1024
EVENT_BODY_MAX_BYTES: Final = 1024 * 1024
"""Of what may hold an event for a function: 256 KiB, of which a form makes three times as much."""
PATH_MAX_BYTES: Final = 2 * 1024
QUERY_MAX_BYTES: Final = 12 * 1024
"""A filter pattern of CloudWatch has 1,024 characters, of which an address makes nine times as
much."""
HEADERS_MAX: Final = 100
HEADERS_MAX_BYTES: Final = 32 * 1024
"""Of all names and values; without the cookies."""
COOKIES_MAX_BYTES: Final = 8 * 1024
DIGITS_MAX: Final = 20
"""More than any size has that can be sent."""

AT_ANY_HOST: Final = frozenset({"/healthz", "/readyz"})
"""A load balancer that looks after a replica asks for it by its address."""

_EVENT: Final = re.compile(r".*/functions/[^/]+/(?:console|invocations|saved-requests)")
_HOST: Final = re.compile(r"(\[[0-9a-f:.]+\]|[^:/?#@\s]+)(?::\d{1,5})?", re.I)


def body_max_bytes(path: str) -> int:
    """How large the body of a request to that path may be."""
    return EVENT_BODY_MAX_BYTES if _EVENT.fullmatch(path) else BODY_MAX_BYTES


class KnownHosts:
    """Refuses a request for any other host: a page elsewhere may have made its name ours.

    Against DNS rebinding (RFC 9110, 7.2: the host that is asked for is in `Host`, once).
    """

    def __init__(self, app: ASGIApp, *, hosts: frozenset[str]) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in AT_ANY_HOST:
            named = Headers(scope=scope).getlist("host")
            found = _HOST.fullmatch(named[0]) if len(named) == 1 else None
            if not found or found[1].strip("[]").lower() not in self._hosts:
                raise Malformed(
                    "This dashboard is not at that host.",
                    code="unknown_host",
                    remedy="Use the address that Egret printed at its start, or set "
                    "EGRET_PUBLIC_URL to the one that people type.",
                )
        await self._app(scope, receive, send)


class HeadLimits:
    """Refuses a request whose address or headers are over a limit (RFC 6585, 5; RFC 9110, 15.5)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            _check_head(scope)
        await self._app(scope, receive, send)


def _check_head(scope: Scope) -> None:
    if len(scope.get("raw_path") or scope["path"].encode()) > PATH_MAX_BYTES:
        raise TooLong("The path of the address is too long.", remedy=_at_most(PATH_MAX_BYTES))
    if len(scope["query_string"]) > QUERY_MAX_BYTES:
        raise TooLong("The query of the address is too long.", remedy=_at_most(QUERY_MAX_BYTES))
    sizes = [(name == b"cookie", len(name) + len(value)) for name, value in scope["headers"]]
    if sum(size for is_cookie, size in sizes if is_cookie) > COOKIES_MAX_BYTES:
        raise HeadersTooLarge(
            "The cookies are too large.",
            remedy=f"{_at_most(COOKIES_MAX_BYTES)} Delete this site's cookies, then sign in again.",
        )
    if sum(size for is_cookie, size in sizes if not is_cookie) > HEADERS_MAX_BYTES:
        raise HeadersTooLarge("The headers are too large.", remedy=_at_most(HEADERS_MAX_BYTES))
    if len(sizes) > HEADERS_MAX:
        remedy = f"At most {HEADERS_MAX}."
        raise HeadersTooLarge("The request has too many headers.", remedy=remedy)


def _at_most(size: int) -> str:
    return f"At most {size // 1024} KiB."


class BodyLimit:
    """Refuses a body over the limit of its path: before it is read, if it says how large it is,
    and while it is read, whatever Content-Length says.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        received, limit = 0, body_max_bytes(scope.get("path", ""))
        is_too_large = scope["type"] == "http" and _declared(scope) > limit

        async def receive_limited() -> Message:
            nonlocal received
            if is_too_large:
                raise HTTPException(413)
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise HTTPException(413)
            return message

        await self._app(scope, receive_limited, send)


def _declared(scope: Scope) -> int:
    """The size of the body as its head has it, or 0. The server refuses what is no number."""
    declared = Headers(scope=scope).get("content-length", "")
    return int(declared[:DIGITS_MAX]) if declared.isdecimal() else 0
