"""The Clash of Clans API: its keys, its errors, its rankings.

Sources: the API's documentation at developer.clashofclans.com, and recorded responses. What its
keys say is in `clash_of_clans_keys`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any

from webapp.partners.base import REFUSED_BEFORE_KEY, Explanation, KeyClaims, RefusedKey
from webapp.partners.clash_of_clans_keys import NoKey, claims_of
from webapp.partners.clash_of_clans_rankings import RankingRow, rows_of
from webapp.partners.pasted_token import token_in
from webapp.partners.untrusted_json import (
    as_text,
    parse_object,
)

THROTTLE_WAIT_S = 60
REFUSED_IN_FRONT = frozenset({401, 403, 405, 406, 429, 451, 503})
"""With these a firewall or content delivery network refuses. 502 and 504 mean that it asked."""
PORTAL_URL = "https://developer.clashofclans.com"
CHECK_THE_PATH = "Try again. If it happens again, open the diagnosis of the function's egress path."
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

    def normalise(self, secret: str) -> str:
        return token_in(secret)

    def claims(self, secret: str) -> KeyClaims:
        try:
            return claims_of(secret)
        except NoKey as reason:
            remedy = (
                f"Make a key at {self.portal_url} under My Account, and paste the whole token. An "
                f"account has at most {self.keys_per_account} keys."
            )
            raise RefusedKey(reason.detail, remedy, code=reason.code) from None

    def explain(self, status: int, headers: Mapping[str, str], body: bytes) -> Explanation:
        """An answer that is not the API's JSON comes from what is in front of it."""
        error = parse_object(body)
        if _is_refused_in_front(status, error, body):
            return _refused_in_front(status, headers)
        reason = as_text(error.get("reason")) or as_text(error.get("code"))
        message = as_text(error.get("message")) or as_text(error.get("detail"))
        if reason == "accessDenied.invalidIp":
            return _wrong_address(message)
        title, what_to_do = _meaning(status, reason, message)
        return Explanation(
            code=reason or f"http_{status}",
            title=title,
            detail=message,
            what_to_do=what_to_do,
            retry_after_s=_retry_after_s(status, headers),
        )

    def rows(self, body: bytes) -> Sequence[RankingRow]:
        """The rows of a ranking; none if the body is something else."""
        return rows_of(body)


_MEANINGS = {
    "accessDenied": (
        "The partner does not accept the key",
        "A new key may take a minute to work. If it is still refused then, it was revoked: make "
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
    "inMaintenance": ("The partner is in maintenance", "Wait. The last good answer stays here."),
    "unknownException": ("The partner had an internal error", "Try again in a minute."),
    "partner_timeout": ("The partner did not answer in time", CHECK_THE_PATH),
    "partner_unreachable": ("The partner could not be reached", CHECK_THE_PATH),
    "partner_too_large": ("The partner's answer is too large", "Ask for fewer rows."),
    "partner_not_json": ("The partner did not answer with JSON", "Try again in a minute."),
    "key_unreadable": (
        "The function could not read its key",
        "Read the function's log. If the key was deleted, deploy the function with another one.",
    ),
}
"""Title and what to do, by the partner's reason or by the handler's code."""

_REASON_OF_STATUS = {
    401: "accessDenied",
    403: "accessDenied",
    429: "requestThrottled",
    503: "inMaintenance",
}


def _meaning(status: int, reason: str, message: str) -> tuple[str, str]:
    """Title and what to do: by the partner's reason if it is known, otherwise by the status."""
    for known in (f"{reason}: {message}", reason, _REASON_OF_STATUS.get(status, "")):
        if known in _MEANINGS:
            return _MEANINGS[known]
    if status >= 500:
        return f"The partner failed with status {status}", "Try again in a minute."
    return f"The partner answered {status}", "Check the function's settings."


def _is_refused_in_front(status: int, error: dict[str, Any], body: bytes) -> bool:
    """Every error of the API has a reason, and every one of the handler a code."""
    from_the_api = bool(error.get("reason") or error.get("code"))
    maintenance = status == 503 and b"maintenance" in body.lower()
    return status in REFUSED_IN_FRONT and bool(body.strip()) and not (from_the_api or maintenance)


def _refused_in_front(status: int, headers: Mapping[str, str]) -> Explanation:
    address = _header(headers, "x-egress-ip") or "of the network"
    return Explanation(
        code=REFUSED_BEFORE_KEY,
        title="The call was refused before the key was read",
        detail=f"A firewall or content delivery network in front of the partner answered {status} "
        "with a page of its own, so the key is not the cause.",
        what_to_do=f"Give the partner the address {address} and the time of the call, and ask them "
        "to let it through their firewall. It may also pass by itself in a few minutes.",
        retry_after_s=_retry_after_s(status, headers),
    )


def _header(headers: Mapping[str, str], wanted: str) -> str:
    return {name.lower(): value for name, value in headers.items()}.get(wanted, "").strip()


def _wrong_address(message: str) -> Explanation:
    seen = _address_in(message)
    return Explanation(
        code="accessDenied.invalidIp",
        title="The partner does not allow this address",
        detail=f"It saw the call come from {seen or 'another address'}, which the key does not "
        "allow.",
        what_to_do="The addresses of a key cannot be edited: make a new key in the partner's "
        f"portal. {ALL_ADDRESSES}",
        source_address=seen,
    )


def _address_in(message: str) -> str | None:
    found = re.search(r"from IP ([0-9.]{7,15})", message)
    try:
        return str(IPv4Address(found[1].rstrip("."))) if found else None
    except ValueError:
        return None


def _retry_after_s(status: int, headers: Mapping[str, str]) -> int | None:
    """Seconds of Retry-After; its other form, a date, is ignored."""
    value = _header(headers, "retry-after")
    if re.fullmatch(r"[0-9]{1,6}", value):
        return int(value)
    return THROTTLE_WAIT_S if status == 429 else None
