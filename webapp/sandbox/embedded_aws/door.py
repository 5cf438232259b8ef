"""The embedded AWS's door: no page of another site gets in, and nobody without credentials.

What is an API of AWS is signed as AWS's is, and then goes through IAM's gate. What is not
(ministack's own pages, the switches) is for the sandbox's administrator: signed for the service
`sandbox`, or with the access key as user and password. One of them is for the NAT too, which says
there what it has forwarded. Functions' endpoints are open as on AWS:
each has its own access and its own CORS. No other answer may be read by a web page.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from ministack import app as ministack
from ministack.core.iam_evaluator import AuthError

from webapp.sandbox.doors import ADMINISTRATOR, FLOWS, FOREIGN, NAT, basic, is_foreign, is_secret
from webapp.sandbox.embedded_aws.iam.gate import Gate
from webapp.sandbox.embedded_aws.iam.requests import Request

Scope = MutableMapping[str, Any]
Send = Callable[[Any], Awaitable[None]]
Application = Callable[[Any, Any, Any], Awaitable[None]]
Answer = tuple[int, dict[str, str], bytes]

FORBIDDEN = "This is for the sandbox's administrator. The credentials: egret sandbox info"
BODY_MAX_BYTES = 70 * 1024 * 1024
"""Of a request to AWS: the code of a function is up to 50 MB, and a third more in base64."""
ENDPOINT_BODY_MAX_BYTES = 10 * 1024 * 1024
"""Of a call of an endpoint; the quota of API Gateway."""
UNSIGNED_BODY_MAX_BYTES = 64 * 1024
"""Of a request that will be refused anyway."""
TOO_LARGE = 413, {"Content-Type": "application/json"}, b'{"message": "Request Too Long"}'
CORS = b"access-control-"
ENDPOINTS = "/_aws/execute-api/"
OWN_PATHS = "/_"
"""No API of AWS begins so."""


class Door:
    """In front of `inside`; `access_key_id` and `secret` are the administrator's credentials."""

    def __init__(self, inside: Application, gate: Gate, *, access_key_id: str, secret: str) -> None:
        self._inside, self._gate = inside, gate
        self._access_key_id, self._secret = access_key_id, secret

    async def __call__(self, scope: Any, receive: Any, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            await self._inside(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Any, send: Send) -> None:
        headers, is_endpoint = _headers(scope), _is_endpoint(scope["path"])
        if is_foreign({"host": headers.get("host", "")} if is_endpoint else headers):
            await _refuse(send, _plain(FOREIGN))
            return
        body = await _read(receive, _body_max(scope, headers, is_endpoint=is_endpoint))
        if body is None:
            await _refuse(send, TOO_LARGE)
        elif is_endpoint:
            await self._inside(scope, _again(body, receive), send)
        else:
            refusal = self._refusal(scope, headers, body)
            if refusal:
                await _refuse(send, refusal)
            else:
                await self._inside(scope, _again(body, receive), _without_cors(send))

    def _refusal(self, scope: Scope, headers: dict[str, str], body: bytes) -> Answer | None:
        """The answer to a request that does not get in; None for one that does."""
        query = parse_qs(
            scope.get("query_string", b"").decode("utf-8", "replace"), keep_blank_values=True
        )
        request = Request(scope["method"], scope["path"], headers, query, body)
        if not scope["path"].startswith(OWN_PATHS):
            return self._gate.refusal(scope, request)
        if self._is_administrator(headers):
            return None
        who = self._gate.authenticated(scope, request)
        if isinstance(who, AuthError):
            return _plain(f"{who.code}: {who.message} {FORBIDDEN}")
        admitted = {ADMINISTRATOR, NAT} if scope["path"] == FLOWS else {ADMINISTRATOR}
        return None if who.arn.rpartition(":user/")[2] in admitted else _plain(FORBIDDEN)

    def _is_administrator(self, headers: dict[str, str]) -> bool:
        user, password = basic(headers.get("authorization", ""))
        return user == self._access_key_id and is_secret(password, self._secret)


def _body_max(scope: Scope, headers: dict[str, str], *, is_endpoint: bool) -> int:
    if is_endpoint:
        return ENDPOINT_BODY_MAX_BYTES
    is_signed = "authorization" in headers or b"X-Amz-Signature" in scope.get("query_string", b"")
    return BODY_MAX_BYTES if is_signed else UNSIGNED_BODY_MAX_BYTES


async def _read(receive: Any, limit: int) -> bytes | None:
    """The body; None as soon as it is longer than `limit`, so that it never fills the memory."""
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limit:
            return None
        more = message.get("more_body", False)
    return b"".join(parts)


def _again(body: bytes, receive: Any) -> Callable[[], Awaitable[Any]]:
    """Gives the body that was read already, and then what comes after it."""
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receiving() -> Any:
        return next(messages, None) or await receive()

    return receiving


async def _refuse(send: Send, refusal: Answer) -> None:
    status, answered, body = refusal
    lines = [(name.lower().encode(), value.encode()) for name, value in answered.items()]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})


def _plain(text: str) -> Answer:
    return 403, {"Content-Type": "text/plain"}, f"{text}\n".encode()


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
