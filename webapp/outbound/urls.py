"""What a URL of an outbound call may look like: plain, so that all programs read it alike.

Parsers disagree about backslashes, user names, tabs, letters of other scripts and numbers as hosts
(OWASP, "Server Side Request Forgery Prevention"). None of these is accepted, and none is repaired.
"""

import re
from dataclasses import dataclass

from webapp.errors import Invalid
from webapp.outbound.hosts import is_public_host

URL_MAX_CHARS = 2000
HTTPS_PORT = 443
_CHARACTER = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})"
_TARGET = rf"(?P<path>(?:/{_CHARACTER}*)*)(?P<query>\?(?:{_CHARACTER}|[/?])*)?"
_URL = re.compile(rf"https://(?P<host>[A-Za-z0-9.-]+)(?::{HTTPS_PORT})?{_TARGET}")
_DOTS = re.compile(r"(?:\.|%2e){1,2}", re.IGNORECASE)
_SEPARATOR = re.compile("%(?:2f|5c)", re.IGNORECASE)


@dataclass(frozen=True)
class Url:
    """`target` is the path with its query, as it is sent."""

    host: str
    target: str

    @property
    def origin(self) -> str:
        return f"https://{self.host}"


def read_url(text: str) -> Url:
    """The parts of an https URL at a public name. Raises Invalid, without the URL in its words."""
    found = _URL.fullmatch(text) if len(text) <= URL_MAX_CHARS else None
    if not found or not is_public_host(found["host"]) or _leads_away(found["path"]):
        raise _not_called()
    return Url(found["host"].lower(), f"{found['path'] or '/'}{found['query'] or ''}")


def check_target(text: str) -> None:
    """Path and query of a URL, at whatever host. Raises Invalid."""
    found = re.fullmatch(_TARGET, text) if len(text) <= URL_MAX_CHARS else None
    if not found or _leads_away(found["path"]):
        raise _not_called()


def _not_called() -> Invalid:
    return Invalid(
        "This URL is not called.",
        code="url_not_allowed",
        remedy="It has to begin with https:// and a public host name, without user name, port, "
        "fragment, parts of dots or characters that are not ASCII.",
    )


def _leads_away(path: str) -> bool:
    """Whether servers may read it as another path: it has dots as a part, or a hidden slash."""
    return bool(_SEPARATOR.search(path)) or any(_DOTS.fullmatch(part) for part in path.split("/"))
