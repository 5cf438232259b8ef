"""As much of HTTP/1.1 as the NAT needs: one request and one response per connection, in memory.

Chunked requests are refused: Python's own clients send a length to a proxy.
"""

import asyncio
import ssl
from dataclasses import dataclass
from http.client import responses
from urllib.parse import urlsplit

from webapp.sandbox.tls_partners import TLS_PORT

WITHOUT_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Of clients that speak plain HTTP on this machine: it trusts nobody. The usual one is read from
all certificate authorities, which takes 20 ms."""
HEAD_MAX_BYTES = 32 * 1024
BODY_MAX_BYTES = 4 * 1024 * 1024
"""More than a relay passes on (`request_kib`), so that the limit that counts is its own."""


class MalformedRequest(ValueError):
    """The proxy does not accept this as a request; the message says why."""


@dataclass(frozen=True)
class Request:
    """`size` is all of it, in bytes."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes
    size: int = 0


async def read_request(reader: asyncio.StreamReader) -> Request:
    """One request in absolute form (RFC 9112, 3.2.2).

    Raises MalformedRequest, IncompleteReadError.
    """
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        raise MalformedRequest("the request's head is too large") from None
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3:
        raise MalformedRequest("this is not an HTTP request")
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    headers = {name.strip().lower(): value.strip() for name, value in pairs}
    length = _content_length(headers)
    body = await reader.readexactly(length)
    return Request(words[0], words[1], headers, body, size=len(head) + length)


def _content_length(headers: dict[str, str]) -> int:
    given = headers.get("content-length", "0")
    if "transfer-encoding" in headers or not (given.isascii() and given.isdigit()):
        raise MalformedRequest("the request's body must have a length")
    if int(given) > BODY_MAX_BYTES:
        raise MalformedRequest("the request's body is too large")
    return int(given)


def own_response(status: int, text: str, *, reason: str = "") -> bytes:
    """A response of the proxy itself. Clients show only its `reason` when CONNECT is refused."""
    return response(status, f"{text}\n".encode(), {"content-type": "text/plain"}, reason)


def response(status: int, body: bytes, headers: dict[str, str], reason: str = "") -> bytes:
    """The whole response, with a length and without the headers of the partner's connection."""
    kept = {
        name: value
        for name, value in headers.items()
        if name not in ("content-encoding", "transfer-encoding", "connection")
    }
    kept |= {"content-length": str(len(body)), "connection": "close"}
    first = f"HTTP/1.1 {status} {reason or responses.get(status, '')}"
    lines = [first, *(f"{name}: {value}" for name, value in kept.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + body


def target_of(request: Request) -> tuple[str, int]:
    """Host and port in the request's URL; '' if it asks the proxy itself for something."""
    try:
        is_tls = request.method == "CONNECT"
        parts = urlsplit(f"//{request.url}" if is_tls else request.url)
        return parts.hostname or "", parts.port or (TLS_PORT if is_tls else 80)
    except ValueError:
        raise MalformedRequest("this is not a URL") from None
