"""Passes calls on to any partner, with their bodies: the methods and paths that the settings allow.

Scheme and host are those of the settings. A path is passed on only if all servers read
it in the same way: no percent signs, no empty parts, no `.` or `..` as a part. Of the caller's
headers only those on a list are passed on, never its credentials. Nothing is cached.
"""

import base64
import re
import time
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from lambda_templates.shared.answers import Answer, Problem, Request, as_object
from lambda_templates.shared.caching import Clock
from lambda_templates.shared.egress import Egress, Event, entry_point, settings_of
from lambda_templates.shared.parameters import BAD_PARAMETER, Parameters
from lambda_templates.shared.partner import Limits

KIB = 1024
PATH_MAX_CHARS = 500
SEGMENTS = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@-]+)+")
NEVER_PASSED = frozenset(
    {
        *("authorization", "x-api-key", "cookie", "host", "content-length", "connection", "te"),
        *("transfer-encoding", "upgrade", "keep-alive", "trailer", "expect", "accept-encoding"),
        *("forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "x-method-override"),
    }
)
SENT = re.compile(r"[ -~\t]{0,8000}")
"""A caller's header; signatures and certificates of banks take thousands of characters."""
UNTYPED = "application/octet-stream"
"""What a body without a Content-Type may be (RFC 9110, 8.3); urllib would call it a form."""
NEVER_BEGINNINGS = (
    *("proxy-", "x-amz", "x-forwarded-", "sec-"),
    *("x-original-", "x-rewrite-", "x-http-method"),
)
"""Neither credentials, nor what tells some servers another source, path or method than it has."""


class Relay(Egress):
    def __init__(
        self, env: Mapping[str, str], clock: Clock = time.monotonic, limits: Limits | None = None
    ) -> None:
        settings = settings_of(env)
        own = Limits(body_max_bytes=settings["max_kib"] * KIB, json_only=False)
        super().__init__(env, clock, limits or own)
        self._base = urlsplit(settings["url"]).path.rstrip("/")
        self._paths = [re.compile(path, re.ASCII) for path in settings["paths"]]
        self._parameters = Parameters(
            row for row in settings.get("parameters", ()) if f"query {row['name']}" != self._sent_as
        )
        key_header = self._sent_as.removeprefix("header ").lower()
        self._passed = [
            name for name in settings.get("headers", ()) if _may_pass(name.lower(), key_header)
        ]

    def request(self, event: Event) -> Request:
        if not event.get("requestContext"):
            return Request(self._base + self.settings["check_path"])
        method = str(event.get("httpMethod", ""))
        if method not in self.settings["methods"]:
            raise Problem(405, "method_not_allowed", f"{method} is not allowed here.")
        path = self._path(event)
        pairs = [
            f"{quote(name, safe='')}={quote(value, safe='')}"
            for name, value in self._parameters.values(event).items()
        ]
        whole = "?".join(filter(None, (self._base + path, "&".join(pairs))))
        body = self._body(event)
        untyped = {} if body is None else {"Content-Type": UNTYPED}
        return Request(whole, method, {**untyped, **self._headers(event)}, body)

    def cache_control(self, _answer: Answer) -> str:
        return "no-store"

    def _path(self, event: Event) -> str:
        """What the caller added to the endpoint's own path."""
        added = str(as_object(event.get("pathParameters")).get("proxy") or "").strip("/")
        path = f"/{added}" if added else ""
        plain = not path or (len(path) <= PATH_MAX_CHARS and SEGMENTS.fullmatch(path))
        if not plain or {".", ".."} & {*path.split("/")}:
            raise Problem(422, BAD_PARAMETER, "The path has characters that are not passed on.")
        if not any(allowed.fullmatch(path or "/") for allowed in self._paths):
            raise Problem(404, "path_not_allowed", "This function does not pass on that path.")
        return path

    def _headers(self, event: Event) -> dict[str, str]:
        given = {name.lower(): value for name, value in as_object(event.get("headers")).items()}
        passed = {name.title(): name.lower() for name in self._passed}
        headers = {name: str(given[low]) for name, low in passed.items() if low in given}
        for name, value in headers.items():
            if not SENT.fullmatch(value):
                raise Problem(422, "bad_header", f"The header {name} cannot be passed on.")
        return {name: value for name, value in headers.items() if value}

    def _body(self, event: Event) -> bytes | None:
        text = event.get("body")
        if text is None:
            return None
        try:
            encoded = event.get("isBase64Encoded")
            body = base64.b64decode(text, validate=True) if encoded else text.encode()
        except (AttributeError, TypeError, ValueError) as error:
            raise Problem(422, "bad_body", "The body is not text in UTF-8.") from error
        if len(body) > self.settings["request_kib"] * KIB:
            detail = f"The body is over {self.settings['request_kib']} KiB."
            raise Problem(413, "request_too_large", detail)
        return body


def _may_pass(name: str, key_header: str) -> bool:
    return name not in NEVER_PASSED and name != key_header and not name.startswith(NEVER_BEGINNINGS)


handler = entry_point(Relay)
