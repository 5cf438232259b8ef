"""The Clash of Clans API: its keys, its errors, its rankings.

Sources: the API's documentation at developer.clashofclans.com, and recorded responses. A key is a
JWT (RFC 7519) whose signature only the partner can check.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address
from typing import Any
from urllib.parse import urlsplit

from webapp.partners.base import Explanation, KeyClaims, RefusedKey
from webapp.partners.pasted_token import SIGNATURE_CHARS, TOKEN_STARTS, token_in, tokens_in
from webapp.partners.untrusted_json import (
    as_list,
    as_number,
    as_object,
    as_text,
    as_texts,
    parse_object,
)

KEY_MAX_BYTES = 16 * 1024
OWN_SCOPE = "clash"
OTHER_GAMES = {"royale": "Clash Royale", "brawlstars": "Brawl Stars"}
FIRST_RANK = 1
"""A clan that was not ranked before has the previous rank -1."""
THROTTLE_WAIT_S = 60
PORTAL_URL = "https://developer.clashofclans.com"
CHECK_THE_PATH = "Try again. If it happens again, open the diagnosis of the function's egress path."
KEYS_PER_ACCOUNT = 10


@dataclass(frozen=True)
class RankingRow:
    """`movement` is up, down, same or new, by so many `places`. `image` is a path on our origin."""

    rank: int
    movement: str
    places: int
    image: str | None
    name: str
    tag: str
    level: int | None
    members: int | None
    points: int | None
    location: str


@dataclass(frozen=True)
class ClashOfClans:
    """`portal_url` is another one in the sandbox."""

    portal_url: str = PORTAL_URL
    keys_per_account: int = KEYS_PER_ACCOUNT

    def normalise(self, secret: str) -> str:
        return token_in(secret)

    def claims(self, secret: str) -> KeyClaims:
        try:
            return _claims(secret)
        except _NoKey as reason:
            remedy = f"Make a key at {self.portal_url} under My Account, and paste the whole token."
            raise RefusedKey(reason.detail, remedy, code=reason.code) from None

    def explain(self, status: int, headers: Mapping[str, str], body: bytes) -> Explanation:
        error = parse_object(body)
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
        items = as_list(parse_object(body).get("items"))
        return tuple(_row(item) for item in items if isinstance(item, dict))


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
    value = {name.lower(): value for name, value in headers.items()}.get("retry-after", "")
    if re.fullmatch(r"[0-9]{1,6}", value.strip()):
        return int(value)
    return THROTTLE_WAIT_S if status == 429 else None


class _NoKey(ValueError):
    """Why a text cannot be a key."""

    def __init__(self, detail: str, code: str) -> None:
        super().__init__(detail)
        self.detail, self.code = detail, code


def _claims(secret: str) -> KeyClaims:
    payload = _payload(secret)
    scopes = as_texts(payload.get("scopes"))
    limits = [as_object(limit) for limit in as_list(payload.get("limits"))]
    _check_scope(scopes)
    _check_permanent(payload, limits)
    cidrs = next(filter(None, (as_texts(limit.get("cidrs")) for limit in limits)), ())
    if not cidrs:
        raise _NoKey("This key allows no address.", "no_cidrs")
    return KeyClaims(
        kind="Clash of Clans API key",
        scopes=scopes,
        cidrs=cidrs,
        tier=next(filter(None, (as_text(limit.get("tier")) for limit in limits)), ""),
        issued_at=_iso_time(payload.get("iat")),
    )


def _payload(secret: str) -> dict[str, Any]:
    if len(secret) > KEY_MAX_BYTES:
        raise _NoKey(f"A key has at most {KEY_MAX_BYTES // 1024} KiB.", "key_too_large")
    if not secret.isascii():
        raise _NoKey(
            "A key is plain ASCII text. This text has other characters; perhaps something else was "
            "copied with it.",
            "not_ascii",
        )
    parts = secret.split(".")
    begins_well = secret.startswith(TOKEN_STARTS)
    if len(tokens_in(secret)) > 1 or (begins_well and len(parts) > 3):
        raise _NoKey("There is more than one key in this text.", "several_keys")
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", secret):
        raise _not_a_jwt()
    if begins_well and len(parts) < 3:
        raise _cut_off(f"a whole one has three parts separated by dots, this text has {len(parts)}")
    if len(parts) != 3:
        raise _not_a_jwt()
    header, payload = _decoded(parts[0]), _decoded(parts[1])
    if header is None or "alg" not in header:
        raise _not_a_jwt()
    if payload is None:
        raise _cut_off("a piece of its second part is missing")
    _check_signature(as_text(header["alg"]), parts[2])
    return payload


def _check_signature(algorithm: str, signature: str) -> None:
    """Only the partner can check the signature; how long it is follows from the algorithm."""
    whole = SIGNATURE_CHARS.get(algorithm, len(signature) or 1)
    if len(signature) < whole:
        raise _cut_off(f"its last part has {len(signature)} characters, a whole one has {whole}")
    if len(signature) > whole:
        raise _NoKey(
            f"Something else was copied with this key: its last part has {len(signature)} "
            f"characters, not {whole}.",
            "too_long",
        )


def _decoded(part: str) -> dict[str, Any] | None:
    """The JSON object in a part of a JWT; None if there is none."""
    try:
        decoded = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
    return decoded if isinstance(decoded, dict) else None


def _not_a_jwt() -> _NoKey:
    return _NoKey(
        "This is not an API key: a key is a JWT, three parts separated by dots. If you copied one, "
        "its beginning is missing or damaged.",
        "not_a_jwt",
    )


def _cut_off(how: str) -> _NoKey:
    return _NoKey(f"This key was cut off: {how}.", "cut_off")


def _check_scope(scopes: Sequence[str]) -> None:
    if OWN_SCOPE in scopes:
        return
    game = next((OTHER_GAMES[scope] for scope in scopes if scope in OTHER_GAMES), None)
    raise _NoKey(
        f"This is a key for {game}." if game else "This key is not for Clash of Clans.",
        "other_game",
    )


def _check_permanent(payload: dict[str, Any], limits: Sequence[dict[str, Any]]) -> None:
    if "exp" in payload or any(limit.get("type") == "cors" for limit in limits):
        raise _NoKey("This is the portal's own one-hour token, not a key.", "temporary_token")


def _iso_time(seconds: object) -> str:
    """In ISO 8601; empty if it is missing or outside the range of a date."""
    if not isinstance(seconds, int | float):
        return ""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    except (OverflowError, OSError, ValueError):
        return ""


def _row(item: dict[str, Any]) -> RankingRow:
    rank, previous = as_number(item.get("rank")) or 0, as_number(item.get("previousRank"))
    movement, places = _movement(rank, previous)
    return RankingRow(
        rank=rank,
        movement=movement,
        places=places,
        image=_image_path(as_object(item.get("badgeUrls"))),
        name=as_text(item.get("name")),
        tag=as_text(item.get("tag")),
        level=as_number(item.get("clanLevel")),
        members=as_number(item.get("members")),
        points=as_number(item.get("clanPoints")),
        location=as_text(as_object(item.get("location")).get("name")),
    )


def _movement(rank: int, previous: int | None) -> tuple[str, int]:
    if previous is None or previous < FIRST_RANK:
        return "new", 0
    if previous == rank:
        return "same", 0
    return ("up" if previous > rank else "down"), abs(previous - rank)


def _image_path(urls: dict[str, Any]) -> str | None:
    """The path on our own origin that serves the small badge."""
    try:
        parts = urlsplit(as_text(urls.get("small")) or as_text(urls.get("medium")))
    except ValueError:
        return None
    return f"/images/{parts.hostname}{parts.path}" if parts.hostname else None
