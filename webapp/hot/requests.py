"""What a hot answer depends on in a request. Whatever is unusual is left to the router."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

from starlette.types import Scope

Headers = Sequence[tuple[bytes, bytes]]

HEADERS_MAX: Final = 60
HEADERS_MAX_BYTES: Final = 6 * 1024
"""Of all values; less than what `webapp.edge.limits` refuses."""
_PLACES: Final = {
    b"host": 0,
    b"accept-encoding": 1,
    b"if-none-match": 2,
    b"authorization": 3,
    b"cookie": 4,
    b"sec-fetch-dest": 5,
    b"x-forwarded-for": 6,
    b"if-modified-since": 7,
}
_UNUSUAL: Final = dict.fromkeys(
    (
        b"range",
        b"if-range",
        b"if-match",
        b"if-unmodified-since",
        b"content-length",
        b"transfer-encoding",
        b"expect",
        b"upgrade",
    ),
    -1,
)
_PLACE_OF: Final = _PLACES | _UNUSUAL
_NONE: Final = len(_PLACES)


class Asked(NamedTuple):
    """The headers that matter; b'' for one that was not sent."""

    host: bytes
    accept_encoding: bytes
    if_none_match: bytes
    authorization: bytes
    cookie: bytes
    destination: bytes
    forwarded_for: bytes

    def who(self, operation: str) -> Hashable:
        """What decides whether somebody may ask for it, and whether a session is used by that."""
        is_used = self.destination in (b"", b"document")  # see `webapp.browsers.is_used`
        return operation, self.authorization, self.cookie, is_used


@dataclass(frozen=True)
class Head:
    """A request without a body. `address` is path and query, as they were sent."""

    method: bytes
    address: bytes
    headers: Headers

    @cached_property
    def asked(self) -> Asked | None:
        """None for a request that only the router may answer."""
        return read(self.headers)


def address_of(scope: Scope) -> bytes:
    """Path and query, as they were sent."""
    path, query = bytes(scope.get("raw_path") or b""), bytes(scope["query_string"])
    return path + b"?" + query if query else path


def read(headers: Headers) -> Asked | None:
    """None for a request that only the router may answer.

    That is one with a body, for a part, with a condition on a time, with a header of ours twice,
    or with large headers.
    """
    if len(headers) > HEADERS_MAX:
        return None
    found: list[bytes | None] = [None] * _NONE
    size = 0
    for name, value in headers:
        size += len(value)
        place = _PLACE_OF.get(name, _NONE)
        if place < _NONE:
            if place < 0 or found[place] is not None:
                return None
            found[place] = value
    since = found.pop()
    if size > HEADERS_MAX_BYTES or (since and not found[2]):
        return None
    return Asked(*[each or b"" for each in found])
