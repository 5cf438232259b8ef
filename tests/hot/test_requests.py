"""What of a request's headers decides about a hot answer."""

import pytest

from webapp.hot.requests import HEADERS_MAX, HEADERS_MAX_BYTES, Asked, read

USUAL = [(b"host", b"a"), (b"cookie", b"b"), (b"user-agent", b"c"), (b"if-none-match", b'"d"')]


def test_usual_headers_are_read() -> None:
    assert read(USUAL) == Asked(b"a", b"", b'"d"', b"", b"b", b"", b"")
    assert read([*USUAL, (b"if-modified-since", b"what is left out beside an etag")])


@pytest.mark.parametrize(
    "unusual",
    [
        [(b"range", b"bytes=0-1")],
        [(b"content-length", b"0")],
        [(b"transfer-encoding", b"chunked")],
        [(b"expect", b"100-continue")],
        [(b"host", b"another")],
        [(b"cookie", b"another")],
        [(b"authorization", b""), (b"authorization", b"Bearer x")],
        [(b"x", b"y")] * HEADERS_MAX,
        [(b"x", b"y" * HEADERS_MAX_BYTES)],
    ],
)
def test_a_request_with_anything_else_is_the_routers(unusual: list[tuple[bytes, bytes]]) -> None:
    assert read([*USUAL, *unusual]) is None


def test_a_condition_on_a_time_alone_is_the_routers() -> None:
    assert read([(b"if-modified-since", b"Thu, 26 Nov 2026 07:00:00 GMT")]) is None


def test_a_session_is_used_by_who_opens_a_page_and_not_by_what_loads_itself() -> None:
    asked = [read([*USUAL, (b"sec-fetch-dest", each)]) for each in (b"document", b"empty")]
    used, unused = (each.who("x") for each in asked if each)
    plain = read(USUAL)
    assert plain
    assert plain.who("x") == used != unused
