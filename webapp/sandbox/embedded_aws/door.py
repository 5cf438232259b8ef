"""The embedded AWS's door: only requests with the sandbox's credentials get in.

They come as AWS's do, in a signature's header or query (which is not checked, only whose it is), or
as user and password for what is no API of AWS. Functions' endpoints are open as on AWS: each has
its own access and its own CORS. No other answer may be read by a web page.
"""

import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from ministack import app as ministack
from ministack.core import router
from ministack.core.iam_evaluator import AuthError, is_root_access_key
from ministack.services import sts

from webapp.sandbox.doors import FOREIGN, basic, is_foreign, is_secret

Scope = MutableMapping[str, Any]
Send = Callable[[Any], Awaitable[None]]
Application = Callable[[Any, Any, Any], Awaitable[None]]

MISSING = AuthError("MissingAuthenticationToken", "Missing Authentication Token")
UNKNOWN = AuthError(
    "InvalidClientTokenId",
    "The security token included in the request is invalid. "
    "The sandbox's credentials: egret sandbox info",
)
CORS = b"access-control-"
INTERNAL = "/_"
"""What is behind such a path is no API of AWS, and no role may ask for it."""
ENDPOINTS = "/_aws/execute-api/"


class Door:
    """In front of `inside`; `access_key_id` and `secret` are the sandbox's credentials."""

    def __init__(self, inside: Application, *, access_key_id: str, secret: str) -> None:
        self._inside, self._access_key_id, self._secret = inside, access_key_id, secret

    async def __call__(self, scope: Any, receive: Any, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            await self._inside(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Any, send: Send) -> None:
        headers = _headers(scope)
        is_endpoint = _is_endpoint(scope["path"])
        refusal = self._refusal(scope, headers, is_endpoint=is_endpoint)
        if refusal:
            status, answered, body = refusal
            lines = [(name.lower().encode(), value.encode()) for name, value in answered.items()]
            await send({"type": "http.response.start", "status": status, "headers": lines})
            await send({"type": "http.response.body", "body": body})
        else:
            await self._inside(scope, receive, send if is_endpoint else _without_cors(send))

    def _refusal(
        self, scope: Scope, headers: dict[str, str], *, is_endpoint: bool
    ) -> tuple[int, dict[str, str], bytes] | None:
        """The answer to a request that does not get in; None for one that does."""
        query = parse_qs(scope.get("query_string", b"").decode("utf-8", "replace"))
        own = {"host": headers.get("host", "")} if is_endpoint else headers
        if is_foreign(own):
            return 403, {"Content-Type": "text/plain"}, f"{FOREIGN}\n".encode()
        presented = router.extract_access_key_id(headers, query)
        has_secret = is_secret(presented, self._access_key_id) or self._is_user(headers)
        has_secret |= presented in sts._sessions and not scope["path"].startswith(INTERNAL)
        if has_secret or (is_endpoint and not (presented and is_root_access_key(presented))):
            return None
        service = router.detect_service(scope["method"], scope["path"], headers, query)
        failure = UNKNOWN if presented else MISSING
        refused: tuple[int, dict[str, str], bytes] = ministack._credential_failure(
            service, "", str(uuid.uuid4()), failure, headers
        )
        return refused

    def _is_user(self, headers: dict[str, str]) -> bool:
        user, password = basic(headers.get("authorization", ""))
        return user == self._access_key_id and is_secret(password, self._secret)


def _headers(scope: Scope) -> dict[str, str]:
    """With names in lower case. A repeated header is joined, so it is none that we accept."""
    found: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _is_endpoint(path: str) -> bool:
    """Whether it is the path of a function's endpoint, which ministack handles as that alone."""
    is_called = ministack._parse_execute_api_url("", path) is not None
    return is_called and path.startswith(ENDPOINTS)


def _without_cors(send: Send) -> Send:
    async def sending(message: Any) -> None:
        if message["type"] == "http.response.start":
            kept = [(n, v) for n, v in message["headers"] if not n.lower().startswith(CORS)]
            message = {**message, "headers": kept}
        await send(message)

    return sending
