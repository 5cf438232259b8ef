"""What a function returned, read as API Gateway reads it.

Anyone with access to the account can edit a function, so nothing that it returns is trusted. Texts
come without what neither a page nor a database can hold: half a surrogate pair, and NUL.
"""

import base64
import json
import re
from dataclasses import dataclass, field
from typing import Any

from webapp.aws.reports import Report

MALFORMED = "The function did not return a response for API Gateway: {} is not valid."
NO_OBJECT = "The function did not return a JSON object."


@dataclass(frozen=True)
class Invocation:
    """What a function returned: an API Gateway proxy response, or `error` when it raised.

    `body` is exactly the bytes that a caller of the endpoint would get.
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    error: str = ""


@dataclass(frozen=True)
class Run:
    """One call of a function, with all that Lambda reports about it.

    `tail` is the end of its log, 4 KiB at most. `returned` is the text of what it returned when
    that is neither a response for API Gateway nor an error; `stack_trace` has an error's lines.
    """

    invocation: Invocation
    request_id: str
    report: Report
    tail: str
    returned: str
    stack_trace: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ProbeResult:
    """What a probe returned: the address that it was seen from, and who saw it.

    `error` when it raised or timed out.
    """

    ip: str | None
    echo: str
    request_id: str
    error: str = ""


def payload_of(raw: bytes, *, raised: bool) -> tuple[dict[str, Any], str]:
    """The object that a function returned, and '' or its error.

    Lambda answers 200 also when the function raised, and tells so with FunctionError.
    """
    try:
        payload = json.loads(raw or b"null")
    except (ValueError, RecursionError):
        return {}, NO_OBJECT
    if raised and isinstance(payload, dict):
        kind, message = payload.get("errorType", "Error"), payload.get("errorMessage", "")
        return {}, text_of(f"{kind}: {message}")
    return (payload, "") if isinstance(payload, dict) else ({}, NO_OBJECT)


def stack_trace_of(raw: bytes) -> list[str]:
    """The lines of the traceback in what a function that raised returned; [] if it has none."""
    try:
        lines = json.loads(raw).get("stackTrace")
    except (ValueError, AttributeError, RecursionError):
        return []
    frames = lines if isinstance(lines, list) else []
    return [line for frame in frames for line in text_of(frame).rstrip().split("\n")]


def invocation_of(payload: dict[str, Any]) -> Invocation:
    """The proxy response in `payload`. A malformed one is 502, as API Gateway answers it."""
    status, headers = str(payload.get("statusCode", 200)), payload.get("headers") or {}
    if not re.fullmatch(r"[1-5][0-9]{2}", status):
        return _malformed("statusCode")
    if not isinstance(headers, dict):
        return _malformed("headers")
    body = _body(payload.get("body"), is_base64=payload.get("isBase64Encoded") is True)
    if body is None:
        return _malformed("body")
    named = {text_of(name).lower(): text_of(value) for name, value in headers.items()}
    return Invocation(int(status), named, body)


def text_of(value: object) -> str:
    return str(value).encode("utf-8", "replace").decode().replace("\0", "?")


def _body(body: object, *, is_base64: bool) -> bytes | None:
    if body is None:
        return b""
    if not isinstance(body, str):
        return None
    try:
        return base64.b64decode(body) if is_base64 else body.encode("utf-8", "replace")
    except ValueError:
        return None


def _malformed(part: str) -> Invocation:
    return Invocation(status=502, error=MALFORMED.format(part))
