"""Answers of a connection that is refused before the application: a line of text, and its end."""

import secrets
from http import HTTPStatus
from typing import Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from webapp.edge.middleware import NO_STORE, security_headers

RETRY_AFTER_S: Final = 5


def plain_answer(status: int, text: str, *, https: bool) -> bytes:
    """As it is sent (RFC 9112). `text` is ASCII."""
    headers = security_headers(https=https) | {
        "X-Request-ID": secrets.token_hex(8),
        "Cache-Control": NO_STORE,
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Length": str(len(text)),
        "Connection": "close",
    }
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(RETRY_AFTER_S)
    lines = "".join(f"{name.lower()}: {value}\r\n" for name, value in headers.items())
    return STATUS_LINE[status] + f"{lines}\r\n{text}".encode("ascii")
