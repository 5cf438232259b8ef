"""Prepared answers: a body in its codings, with its headers, of which each answer is made.

The routes answer with them as well, so what is sent early is what the router would have sent.
"""

import hashlib
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from webapp.hot.encodings import IDENTITY, Encoded

NOT_MODIFIED: Final = 304
ETAG_CHARACTERS: Final = 32
_ETAG: Final = re.compile(r'(?:W/)?("[^"]*")')


@dataclass(frozen=True)
class Answer:
    """As it is sent, but for the headers of each request. `head` is its status and headers."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    head: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        lines = [b"%s: %s\r\n" % header for header in self.headers]
        object.__setattr__(self, "head", STATUS_LINE[self.status] + b"".join(lines))


class Sent(NamedTuple):
    """An answer, and the headers that are of this request alone."""

    answer: Answer
    own: list[tuple[bytes, bytes]]
    pause_s: float = 0
    """For so long, nothing more is read of the connection."""


@dataclass(frozen=True)
class Prepared:
    """What is answered with 200, or with 304 to who has it already.

    `headers` belong to both; `media_type` and `of_body` only to one with a body. `since` is when
    `Age` began to count.
    """

    encoded: Encoded
    etag: str
    media_type: str
    headers: Mapping[str, str]
    of_body: Mapping[str, str] = field(default_factory=dict)
    since: datetime | None = None
    made: dict[tuple[str, bool], "Answer"] = field(default_factory=dict, compare=False, repr=False)
    """By coding, and whether it is a 304."""

    def response(self, accepted: str, known: str) -> Response:
        """The answer to these values of `Accept-Encoding` and `If-None-Match`; '' for none."""
        made = self.constant(self.coding(accepted), not_modified=self.is_known(known))
        if self.since:
            made.headers["Age"] = str(self.age_s())
        return made

    def constant(self, coding: str, *, not_modified: bool) -> Response:
        """All of the answer but `Age`."""
        etag = f'W/"{self.etag}"' if coding else f'"{self.etag}"'
        headers = {**self.headers, "ETag": etag}
        if not_modified:
            made = Response(status_code=NOT_MODIFIED, headers=headers)
        else:
            headers |= dict(self.of_body) | ({"Content-Encoding": coding} if coding else {})
            body = self.encoded.bodies[coding]
            made = Response(body, headers=headers, media_type=self.media_type)
        MutableHeaders(raw=made.raw_headers).add_vary_header("Accept-Encoding")
        return made

    def coding(self, accepted: str) -> str:
        """An `ETag` of other bytes than the plain ones is a weak one (RFC 9110, 8.8.1)."""
        return self.encoded.best(accepted) if accepted else IDENTITY

    def is_known(self, known: str) -> bool:
        """Whether `If-None-Match` names it (RFC 9110, 13.1.2: weak ones are the same)."""
        if not known:
            return False
        quoted = f'"{self.etag}"'
        return known.strip() == "*" or quoted in _ETAG.findall(known)

    def age_s(self) -> int:
        """Whole seconds; 0 of what has no age."""
        return max(0, int(time.time() - self.since.timestamp())) if self.since else 0


def etag_of(body: bytes) -> str:
    """For what has none of its own."""
    return hashlib.sha256(body).hexdigest()[:ETAG_CHARACTERS]
