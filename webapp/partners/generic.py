"""Any partner: opaque keys, what HTTP's statuses mean, and JSON as a table.

Egret knows nothing of such a partner but HTTP (RFC 9110), so what it says is about the call: which
address it came from, what the partner answered, and what to check.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any

from webapp.partners import opaque_key, parameter_rules
from webapp.partners.answers import (
    CHECK_THE_PATH,
    HANDLER_CODES,
    HANDLER_STATUS,
    THROTTLE_WAIT_S,
    header,
    refused_in_front,
    retry_after_s,
)
from webapp.partners.base import NO_SETTINGS, Explanation, KeyClaims, RefusedKey
from webapp.partners.generic_table import Row, table_of
from webapp.partners.key_kinds import BEARER
from webapp.partners.untrusted_json import as_object, as_text, as_words, parse_object

MESSAGE_MAX_CHARS = 300
MESSAGE_FIELDS = ("message", "detail", "error_description", "error", "title", "reason")
PASTE_ALONE = "Paste the key alone, as the partner gave it."
OWN_CODES = HANDLER_CODES | {
    "partner_not_json": (
        "The partner's answer is not valid JSON",
        "If it is a web page or empty, the function's URL is wrong: correct it in the "
        "settings. If it is JSON that breaks off, try again in a minute.",
    ),
    "partner_unreachable": (
        "The partner could not be reached",
        f"Check the host in the function's settings. {CHECK_THE_PATH}",
    ),
    "partner_too_large": (
        "The partner's answer is too large",
        "Ask the partner for less, or let the function take larger responses, in its settings.",
    ),
    "partner_not_text": (
        "The partner answered with something that is not text",
        "Check the function's URL: files cannot be passed on.",
    ),
    "partner_redirect": (
        "The partner answered with a redirect",
        "The function does not follow redirects, because they could send the key to another host. "
        "If the new URL is the partner's, enter it in the function's settings.",
    ),
}
NOT_SHOWN = (
    "The partner's answer cannot be shown",
    "Callers get it as it is. Only an answer with 200 and JSON makes a table: if the function's "
    "settings have a path that Egret itself calls, enter one with such an answer.",
)
"""Title and what to do about a success that is no failure of the partner's."""
FRONT_STATUS = (403, 429, 503)
"""With these a page is from a firewall; a partner's own server answers 401 or 404 with one, too."""
BAD_PARAMETER = "bad_parameter"
_ABOUT_ADDRESS = re.compile(
    r"\b(?:ip|whitelist\w*|white-list\w*|allowlist\w*|allow-list\w*)\b|source address",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
_PAGE = re.compile(rb"\s*(?:<!doctype html|<html|<head|<body)", re.IGNORECASE)
_MEANINGS = {
    400: ("The partner does not understand the request", "Check the function's settings."),
    401: (
        "The partner does not accept the key",
        "Check that the key is the current one, and that it is sent as the partner's documentation "
        "says: its page shows how. Also make sure that the partner allows the address {address}.",
    ),
    402: ("The partner asks for a payment", "Check the account that you have with the partner."),
    403: (
        "The partner refuses the call",
        "Make sure that the partner allows the address {address}, which the call came from, and "
        "that the key may do what is asked for.",
    ),
    404: ("The partner found nothing at this URL", "Check the function's URL and its parameters."),
    405: ("The partner does not accept this method here", "Check the function's settings."),
    408: ("The partner waited too long for the request", "Try again."),
    410: ("The partner no longer has what was asked for", "Check the function's URL."),
    413: ("The request is too large for the partner", "Send less."),
    415: ("The partner does not accept this type of content", "Check the header Content-Type."),
    422: ("The partner refuses what was sent", "Check the parameters and the body of the call."),
    429: (
        "The partner limits how often it can be called",
        "Wait {wait} seconds. If it happens again, wait twice as long.",
    ),
    503: (
        "The partner is not available just now",
        "Wait. The last good answer stays on this page.",
    ),
}
"""Title and what to do, by status (RFC 9110, 15)."""


@dataclass(frozen=True)
class Generic:
    """`sent_by` and `sent_as` are those of the key that is read."""

    portal_url: str = ""
    keys_per_account: int = 0
    keys_name_addresses: bool = False
    tables: tuple[str, ...] = ("http_json",)
    sent_by: str = BEARER
    sent_as: str = ""

    def normalise(self, secret: str) -> str:
        return opaque_key.unwrapped(secret, sent_by=self.sent_by, sent_as=self.sent_as)

    def claims(self, secret: str) -> KeyClaims:
        """Nothing: such a key says nothing about itself. Raises RefusedKey."""
        try:
            opaque_key.check(secret, sent_by=self.sent_by)
        except opaque_key.NoKey as reason:
            raise RefusedKey(reason.detail, PASTE_ALONE, code=reason.code) from None
        return KeyClaims(kind="API key", scopes=(), cidrs=(), tier="", issued_at="")

    def explain(self, status: int, headers: Mapping[str, str], body: bytes) -> Explanation:
        """By the handler's code or the status, with the partner's own words, if there are any."""
        error = parse_object(body)
        code, message = as_text(error.get("code")), _message(error)
        if status == 422 and code == BAD_PARAMETER:
            return _bad_parameter(message)
        if status in HANDLER_STATUS and code in OWN_CODES:
            title, what_to_do = OWN_CODES[code]
            return Explanation(code, title, message, what_to_do)
        if status in FRONT_STATUS and _PAGE.match(body):
            return refused_in_front(status, headers)
        return _of_status(status, headers, message)

    def problems_of(self, settings: Mapping[str, Any]) -> dict[str, str]:
        return parameter_rules.problems(settings)

    def rows(self, body: bytes, settings: Mapping[str, Any] = NO_SETTINGS) -> Sequence[Row]:
        """The objects of the list at the setting `rows`, or of the first list."""
        return table_of(body, as_text(settings.get("rows")))


def _of_status(status: int, headers: Mapping[str, str], message: str) -> Explanation:
    address, wait = header(headers, "x-egress-ip"), retry_after_s(status, headers)
    about_address = status in (401, 403) and _ABOUT_ADDRESS.search(message) is not None
    title, what_to_do = _MEANINGS.get(status) or _other(status)
    if about_address:
        title, what_to_do = "The partner does not allow this address", _MEANINGS[403][1]
    return Explanation(
        code="address_refused" if about_address else f"http_{status}",
        title=title,
        detail=f"It answered {status}" + (f": {message}" if message else "."),
        what_to_do=what_to_do.format(
            address=address or "of the network", wait=wait or THROTTLE_WAIT_S
        ),
        source_address=_address_in(message) if about_address else None,
        retry_after_s=wait,
        about_key=status == 401 and not about_address,
    )


def _other(status: int) -> tuple[str, str]:
    if 200 <= status < 300:
        return NOT_SHOWN
    if status >= 500:
        return "The partner had an internal error", "Try again in a minute."
    if 300 <= status < 400:
        return OWN_CODES["partner_redirect"]
    return "The partner refuses the call", "Check the function's settings."


def _bad_parameter(message: str) -> Explanation:
    return Explanation(
        code=BAD_PARAMETER,
        title="The function refused the call's parameters",
        detail=message,
        what_to_do="Egret calls without parameters. Give required parameters a default in the "
        "function's settings.",
    )


def _message(error: dict[str, Any]) -> str:
    """The partner's own words; nested ones as in `{"error": {"message": ...}}`."""
    for field in MESSAGE_FIELDS:
        value = error.get(field)
        text = as_words(value) or as_words(as_object(value).get("message"))
        if text:
            return " ".join(text.split())[:MESSAGE_MAX_CHARS]
    return ""


def _address_in(message: str) -> str | None:
    """The one address that the partner names, if it is one."""
    found = _ADDRESS.findall(message)
    try:
        return str(IPv4Address(found[0])) if len(found) == 1 else None
    except ValueError:
        return None
