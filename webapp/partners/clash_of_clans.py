"""The Clash of Clans API: its keys, its errors, its rankings.

Sources: the API's documentation at developer.clashofclans.com, and recorded responses. What its
keys say is in `clash_of_clans_keys`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any

from webapp.partners.answers import (
    HANDLER_CODES,
    HANDLER_STATUS,
    THROTTLE_WAIT_S,
    refused_in_front,
    retry_after_s,
)
from webapp.partners.base import NO_SETTINGS, Explanation, KeyClaims, RefusedKey
from webapp.partners.clash_of_clans_keys import NoKey, claims_of
from webapp.partners.clash_of_clans_rankings import RankingRow, rows_of
from webapp.partners.pasted_token import token_in
from webapp.partners.untrusted_json import (
    as_text,
    parse_object,
)

MAINTENANCE_PAGE = re.compile(rb"<(title|h1|h2)\b[^>]*>[^<]*maintenance", re.IGNORECASE)
"""What the partner sends in place of its JSON: the page is about that, not just mentions it."""
NOT_JSON = "partner_not_json"
ANNOUNCED_AS_JSON = re.compile(r" with [a-z]+/([a-z0-9.-]+\+)?json, ")
"""In the handler's detail: the answer's type says JSON, so it is the partner's own."""
PORTAL_URL = "https://developer.clashofclans.com"
KEYS_PER_ACCOUNT = 10
ALL_ADDRESSES = (
    "It must allow the addresses of every network whose functions use the key, which its page "
    f"lists. Then upload it as a new version. An account has at most {KEYS_PER_ACCOUNT} keys."
)


@dataclass(frozen=True)
class ClashOfClans:
    """`portal_url` is another one in the sandbox."""

    portal_url: str = PORTAL_URL
    keys_per_account: int = KEYS_PER_ACCOUNT
    keys_name_addresses: bool = True
    tables: tuple[str, ...] = ("clash_rankings",)

    def normalise(self, secret: str) -> str:
        return token_in(secret)

    def claims(self, secret: str) -> KeyClaims:
        try:
            return claims_of(secret)
        except NoKey as reason:
            remedy = (
                f"Create a key at {self.portal_url} under My Account, and paste the whole token. "
                f"An account has at most {self.keys_per_account} keys. Another partner's key "
                "is uploaded as a key of another kind."
            )
            raise RefusedKey(reason.detail, remedy, code=reason.code) from None

    def explain(self, status: int, headers: Mapping[str, str], body: bytes) -> Explanation:
        """By the API's reason or the handler's code; anything else is from what is in front."""
        error = parse_object(body)
        reason = _reason(status, error, body)
        message = as_text(error.get("message")) or as_text(error.get("detail"))
        if not reason:
            return refused_in_front(200 if _is_page(error) else status, headers)
        if reason == "accessDenied.invalidIp":
            return _wrong_address(message)
        title, what_to_do = _meaning(status, reason, message)
        return Explanation(
            code=reason,
            title=title,
            detail=message,
            what_to_do=what_to_do,
            about_key=status < 500 and _is_about_key(reason),
            retry_after_s=retry_after_s(status, headers),
        )

    def problems_of(self, _settings: Mapping[str, Any]) -> dict[str, str]:
        return {}

    def rows(self, body: bytes, _settings: Mapping[str, Any] = NO_SETTINGS) -> Sequence[RankingRow]:
        """The rows of a ranking; none if the body is something else."""
        return rows_of(body)


_REASONS = {
    "accessDenied": (
        "The partner does not accept the key",
        "A new key may take a minute to work. If it is still refused then, it was revoked: create "
        f"another one in the partner's portal. {ALL_ADDRESSES}",
    ),
    "accessDenied: Missing authorization": (
        "The partner found no key in the request",
        "Upload the key again as a new version.",
    ),
    "badRequest": (
        "The partner does not understand the request",
        "Check the function's settings, especially the location.",
    ),
    "notFound": ("The partner found nothing there", "Check the function's settings."),
    "requestThrottled": (
        "The partner limits how often it can be called",
        f"Wait {THROTTLE_WAIT_S} seconds. If it happens again, wait twice as long.",
    ),
    "inMaintenance": ("The partner is under maintenance", "Wait. The last good answer stays here."),
    "unknownException": ("The partner had an internal error", "Try again in a minute."),
    "partner_not_json": (
        "The partner's answer is not valid JSON",
        "Try again in a minute. If it happens again, tell the partner.",
    ),
}
"""Title and what to do, by the API's reason."""


def _reason(status: int, error: dict[str, Any], body: bytes) -> str:
    """The reason of the API, the code of the handler, `http_<status>`; '' for a refusal in front.

    Firewalls answer with JSON as well, so a reason that the API does not have says nothing. They
    refuse with any status below 500, and with 503; the others mean that the partner was asked.
    """
    reason, code = as_text(error.get("reason")), as_text(error.get("code"))
    if reason in _REASONS or _is_about_key(reason):
        return reason
    if status in HANDLER_STATUS and code in HANDLER_CODES:
        return code
    if status == 503 and MAINTENANCE_PAGE.search(body):
        return "inMaintenance"
    if status == 429 and not body.strip():
        return "requestThrottled"
    if code == NOT_JSON and not _is_page(error):
        return NOT_JSON
    asked = status >= 500 and status != 503 and not _is_page(error)
    return f"http_{status}" if asked else ""


def _is_about_key(reason: str) -> bool:
    return reason.partition(".")[0] == "accessDenied"


def _is_page(error: dict[str, Any]) -> bool:
    """Whether the handler says that it got a 200 with something that was not meant to be JSON."""
    detail = as_text(error.get("detail"))
    return error.get("code") == NOT_JSON and not ANNOUNCED_AS_JSON.search(detail)


def _meaning(status: int, reason: str, message: str) -> tuple[str, str]:
    for known in (f"{reason}: {message}", reason, reason.partition(".")[0]):
        if found := (_REASONS | HANDLER_CODES).get(known):
            return found
    return f"The partner failed with status {status}", "Try again in a minute."


def _wrong_address(message: str) -> Explanation:
    seen = _address_in(message)
    return Explanation(
        code="accessDenied.invalidIp",
        title="The partner does not allow this address",
        detail=f"It saw the call come from {seen or 'another address'}, which the key does not "
        "allow.",
        what_to_do="The addresses of a key cannot be edited: create a new key in the partner's "
        f"portal. {ALL_ADDRESSES}",
        source_address=seen,
        about_key=True,
    )


def _address_in(message: str) -> str | None:
    found = re.search(r"from IP ([0-9.]{7,15})", message)
    try:
        return str(IPv4Address(found[1].rstrip("."))) if found else None
    except ValueError:
        return None
