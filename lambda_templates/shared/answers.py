"""What is sent to a partner, what comes back, and what a caller gets when nothing good does."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PLAIN = re.compile("[ -~]{1,200}")
"""What may be passed on as a header."""


class Problem(Exception):
    """Why the caller does not get the partner's answer; `upstream_status` if there was one."""

    def __init__(
        self, status: int, code: str, detail: str, *, upstream_status: int | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.upstream_status = upstream_status


@dataclass(frozen=True)
class Request:
    """A call of the partner. `path` begins with `/` and has its query, all of it quoted."""

    path: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True)
class Answer:
    """The partner's response."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    """Found in upper and lower case alike."""

    def header(self, name: str, default: str = "") -> str:
        """A header's value, or `default` if there is none that can be passed on."""
        value = self.headers.get(name, "")
        return value if PLAIN.fullmatch(value) else default


def as_object(value: object) -> dict[str, Any]:
    """`value` if it is an object; people may call a function with any event."""
    return value if isinstance(value, dict) else {}
