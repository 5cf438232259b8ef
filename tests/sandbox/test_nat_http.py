"""Requests that the proxy reads and responses that it writes, byte for byte."""

import asyncio

import pytest

from tests import loops
from webapp.sandbox.nat_http import (
    BODY_MAX_BYTES,
    MalformedRequest,
    Request,
    own_response,
    read_request,
    response,
)

LINE = b"POST http://echo.sandbox:443/x?a=1 HTTP/1.1\r\n"


def read(sent: bytes) -> Request:
    async def reading() -> Request:
        reader = asyncio.StreamReader()
        reader.feed_data(sent)
        reader.feed_eof()
        return await read_request(reader)

    return loops.run(reading())


def test_a_request_has_its_headers_in_lower_case_and_its_whole_body() -> None:
    request = read(LINE + b"Host: echo.sandbox\r\nContent-Length: 3\r\n\r\nabcdef")
    assert (request.method, request.url) == ("POST", "http://echo.sandbox:443/x?a=1")
    assert request.headers == {"host": "echo.sandbox", "content-length": "3"}
    assert request.body == b"abc"


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"hello\r\n\r\n", "not an HTTP request"),
        (LINE + b"Transfer-Encoding: chunked\r\n\r\n", "must have a length"),
        (LINE + b"Content-Length: -1\r\n\r\n", "must have a length"),
        (LINE + f"Content-Length: {BODY_MAX_BYTES + 1}\r\n\r\n".encode(), "too large"),
    ],
)
def test_a_request_that_it_does_not_accept_is_refused_with_the_reason(
    sent: bytes, reason: str
) -> None:
    with pytest.raises(MalformedRequest, match=reason):
        read(sent)


def test_a_request_that_ends_early_is_not_a_request() -> None:
    with pytest.raises(asyncio.IncompleteReadError):
        read(LINE + b"Content-Length: 9\r\n\r\nabc")


def test_a_response_has_a_length_and_none_of_the_partners_connection_headers() -> None:
    headers = {"content-type": "text/plain", "transfer-encoding": "chunked", "connection": "keep"}
    assert response(200, b"abc", headers) == (
        b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 3\r\n"
        b"connection: close\r\n\r\nabc"
    )


def test_the_proxys_own_response_can_say_why_in_its_status_line() -> None:
    assert own_response(501, "no", reason="plain HTTP only").startswith(
        b"HTTP/1.1 501 plain HTTP only\r\n"
    )
