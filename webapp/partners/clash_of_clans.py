"""The Clash of Clans API: its keys, its errors, its rankings.

Sources: the API's documentation at developer.clashofclans.com, and recorded responses. A key is a
JWT (RFC 7519) whose signature only the partner can check.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from ipaddress import IPv4Address
from typing import Any

from webapp.partners.base import REFUSED_BEFORE_KEY, Explanation, KeyClaims, RefusedKey
from webapp.partners.clash_of_clans_rankings import RankingRow, rows_of
from webapp.partners.untrusted_json import (
    as_list,
    as_object,
    as_text,
    as_texts,
    parse_object,
)

KEY_MAX_BYTES = 16 * 1024
OWN_SCOPE = "clash"
OTHER_GAMES = {"royale": "Clash Royale", "brawlstars": "Brawl Stars"}
PASTED_AROUND_A_KEY = " \t\r\n\"'"
BEARER_PREFIX = "bearer "
THROTTLE_WAIT_S = 60
REFUSED_IN_FRONT = frozenset({401, 403, 405, 406, 429, 451, 503})
"""With these a firewall or content delivery network refuses. 502 and 504 mean that it asked."""
PORTAL_URL = "https://developer.clashofclans.com"
CHECK_THE_PATH = "Try again. If it happens again, open the diagnosis of the function's egress path."
MAKE_A_KEY = f"Make a key at {PORTAL_URL} under My Account, and paste all of it."


class ClashOfClans:
    portal_url = PORTAL_URL

    def normalise(self, secret: str) -> str:
        text = secret.strip().strip(PASTED_AROUND_A_KEY)
        if text.lower().startswith(BEARER_PREFIX):
            text = text[len(BEARER_PREFIX) :].strip(PASTED_AROUND_A_KEY)
        return text

    def claims(self, secret: str) -> KeyClaims:
        payload = _payload(secret)
        scopes = as_texts(payload.get("scopes"))
        limits = [as_object(limit) for limit in as_list(payload.get("limits"))]
        _check_scope(scopes)
        _check_permanent(payload, limits)
        cidrs = next(filter(None, (as_texts(limit.get("cidrs")) for limit in limits)), ())
        if not cidrs:
            raise RefusedKey("This key allows no address.", MAKE_A_KEY, code="no_cidrs")
        return KeyClaims(
            kind="Clash of Clans API key",
            scopes=scopes,
            cidrs=cidrs,
            tier=next(filter(None, (as_text(limit.get("tier")) for limit in limits)), ""),
            issued_at=_iso_time(payload.get("iat")),
        )

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
        "another one in the partner's portal and upload it as a new version.",
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
        "portal that allows the addresses of the network, and upload it as a new version.",
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


def _payload(secret: str) -> dict[str, Any]:
    if len(secret) > KEY_MAX_BYTES:
        limit = KEY_MAX_BYTES // 1024
        raise RefusedKey(f"A key has at most {limit} KiB.", MAKE_A_KEY, code="key_too_large")
    if not secret.isascii():
        raise RefusedKey(
            "A key is plain ASCII text. This text has other characters; perhaps something else was "
            "copied with it.",
            MAKE_A_KEY,
            code="not_ascii",
        )
    parts = secret.split(".")
    if len(parts) != 3 or not re.fullmatch(r"[A-Za-z0-9_.-]+", secret):
        raise _not_a_jwt()
    header, payload = _decoded(parts[0]), _decoded(parts[1])
    if "alg" not in header:
        raise _not_a_jwt()
    return payload


def _decoded(part: str) -> dict[str, Any]:
    try:
        decoded = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        raise _not_a_jwt() from None
    if not isinstance(decoded, dict):
        raise _not_a_jwt()
    return decoded


def _not_a_jwt() -> RefusedKey:
    return RefusedKey(
        "This is not an API key: a key is a JWT, three parts separated by dots.",
        MAKE_A_KEY,
        code="not_a_jwt",
    )


def _check_scope(scopes: Sequence[str]) -> None:
    if OWN_SCOPE in scopes:
        return
    game = next((OTHER_GAMES[scope] for scope in scopes if scope in OTHER_GAMES), None)
    raise RefusedKey(
        f"This is a key for {game}." if game else "This key is not for Clash of Clans.",
        MAKE_A_KEY,
        code="other_game",
    )


def _check_permanent(payload: dict[str, Any], limits: Sequence[dict[str, Any]]) -> None:
    if "exp" in payload or any(limit.get("type") == "cors" for limit in limits):
        raise RefusedKey(
            "This is the portal's own one-hour token, not a key.",
            MAKE_A_KEY,
            code="temporary_token",
        )


def _iso_time(seconds: object) -> str:
    """In ISO 8601; empty if it is missing or outside the range of a date."""
    if not isinstance(seconds, int | float):
        return ""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    except (OverflowError, OSError, ValueError):
        return ""
