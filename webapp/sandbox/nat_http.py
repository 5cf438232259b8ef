"""HTTP/1.1 as much as the NAT needs: one request with its body in memory, one answer, then the end.

No chunked requests: what Python's own clients send to a proxy has a length.
"""

import asyncio
from dataclasses import dataclass

import httpx

HEAD_MAX_BYTES = 32 * 1024
BODY_MAX_BYTES = 1024 * 1024


class Malformed(ValueError):
    """What came is no request that the proxy takes; the message says why."""


@dataclass(frozen=True)
class Request:
    method: str
    url: str
    headers: dict[str, str]
    body: bytes


async def read(reader: asyncio.StreamReader) -> Request:
    """One request in absolute form (RFC 9112, 3.2.2). Raises Malformed, IncompleteReadError."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        raise Malformed("the request's head is too large") from None
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3:
        raise Malformed("this is no request")
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    headers = {name.strip().lower(): value.strip() for name, value in pairs}
    length = _length(headers)
    return Request(words[0], words[1], headers, await reader.readexactly(length))


def _length(headers: dict[str, str]) -> int:
    given = headers.get("content-length", "0")
    if "transfer-encoding" in headers or not (given.isascii() and given.isdigit()):
        raise Malformed("the request's body must have a length")
    if int(given) > BODY_MAX_BYTES:
        raise Malformed("the request's body is too large")
    return int(given)


def response(status: int, text: str, *, reason: str = "") -> bytes:
    """An answer of the proxy's own; a client shows the `reason` when it asked for a tunnel."""
    return message(status, f"{text}\n".encode(), {"content-type": "text/plain"}, reason)


def message(status: int, body: bytes, headers: dict[str, str], reason: str = "") -> bytes:
    kept = {
        name: value
        for name, value in headers.items()
        if name not in ("content-encoding", "transfer-encoding", "connection")
    }
    kept |= {"content-length": str(len(body)), "connection": "close"}
    first = f"HTTP/1.1 {status} {reason or httpx.codes.get_reason_phrase(status)}"
    lines = [first, *(f"{name}: {value}" for name, value in kept.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + body
