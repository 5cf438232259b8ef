"""The Clash of Clans API: its keys, its errors, its rankings.

Sources: the API's own description at developer.clashofclans.com, and recorded answers. A key is a
JWT (RFC 7519) whose signature only the partner can check.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from webapp.partners.answers import Explanation
from webapp.partners.base import KeyClaims, RefusedKey

KEY_MAX_BYTES = 16 * 1024
OWN_SCOPE = "clash"
GAMES = {"royale": "Clash Royale", "brawlstars": "Brawl Stars"}
UNRANKED = -1
THROTTLE_WAIT_S = 60
PORTAL = "https://developer.clashofclans.com"
MAKE_ANOTHER = f"Make a key at {PORTAL} under My Account, and paste the whole token."


@dataclass(frozen=True)
class RankingRow:
    """`movement` is up, down, same or new; `places` how far. `image` is a path on our origin."""

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


class ClashOfClans:
    def normalise(self, secret: str) -> str:
        text = secret.strip().strip("\"'").strip()
        return text[7:].strip() if text[:7].lower() == "bearer " else text

    def claims(self, secret: str) -> KeyClaims:
        payload = _payload(secret)
        scopes = tuple(str(scope) for scope in payload.get("scopes") or ())
        _check_scope(scopes)
        limits = [limit for limit in payload.get("limits") or () if isinstance(limit, dict)]
        if "exp" in payload or any(limit.get("type") == "cors" for limit in limits):
            raise RefusedKey(
                "This is the portal's own one-hour token, not a key.",
                MAKE_ANOTHER,
                code="temporary_token",
            )
        cidrs = next((limit["cidrs"] for limit in limits if "cidrs" in limit), None)
        if not cidrs:
            raise RefusedKey("This key allows no address at all.", MAKE_ANOTHER, code="no_cidrs")
        return KeyClaims(
            kind="Clash of Clans API key",
            scopes=scopes,
            cidrs=tuple(str(cidr) for cidr in cidrs),
            tier=next((str(limit["tier"]) for limit in limits if "tier" in limit), ""),
            issued_at=_time(payload.get("iat")),
        )

    def explain(self, status: int, headers: Mapping[str, str], body: bytes) -> Explanation:
        said = _json_object(body)
        reason = str(said.get("reason") or said.get("code") or "")
        message = str(said.get("message") or said.get("detail") or "")
        if reason == "accessDenied.invalidIp":
            return _wrong_address(message)
        if reason in _MEANINGS:
            title, what_to_do = _MEANINGS[reason]
        else:
            title, what_to_do = _by_status(status)
        return Explanation(
            code=reason or f"http_{status}",
            title=title,
            detail=message,
            what_to_do=what_to_do,
            retry_after_s=_wait_s(status, headers),
        )

    def rows(self, body: bytes) -> Sequence[RankingRow]:
        items = _json_object(body).get("items")
        if not isinstance(items, list):
            return ()
        return tuple(_row(item) for item in items if isinstance(item, dict))


_MEANINGS = {
    "accessDenied": (
        "The partner does not accept the key",
        "A new key may need a minute until it works. If it stays so, the key was revoked: make "
        "another one in the partner's portal and upload it as a new version.",
    ),
    "badRequest": (
        "The partner does not understand the request",
        "Check the function's settings, the location above all.",
    ),
    "notFound": ("The partner has no such thing", "Check the function's settings."),
    "requestThrottled": (
        "The partner limits how often it may be asked",
        f"Wait {THROTTLE_WAIT_S} seconds; if it happens again, wait twice as long.",
    ),
    "inMaintenance": ("The partner is in maintenance", "Wait; the last good answer stays here."),
    "unknownException": ("The partner had an error of its own", "Try again in a minute."),
    "partner_timeout": (
        "The partner did not answer in time",
        "Try again. If it stays so, the network has no way out: look at its page.",
    ),
    "partner_unreachable": (
        "The partner could not be reached",
        "Try again. If it stays so, the network has no way out: look at its page.",
    ),
    "partner_too_large": ("The partner's answer is too large", "Ask for fewer rows."),
    "partner_not_json": ("The partner did not answer with JSON", "Try again in a minute."),
    "key_unreadable": (
        "The function could not read its key",
        "Look at the function's log; if the key was deleted, deploy with another one.",
    ),
}


def _by_status(status: int) -> tuple[str, str]:
    if status == 429:
        return _MEANINGS["requestThrottled"]
    if status == 403:
        return _MEANINGS["accessDenied"]
    if status >= 500:
        return f"The partner has a problem of its own ({status})", "Try again in a minute."
    return f"The partner answered {status}", "Check the function's settings."


def _wrong_address(message: str) -> Explanation:
    found = re.search(r"from IP (\d{1,3}(?:\.\d{1,3}){3})", message)
    seen = found[1] if found else None
    return Explanation(
        code="accessDenied.invalidIp",
        title="The partner does not allow this address",
        detail=f"It saw the call come from {seen or 'another address'}, which the key does not "
        "allow.",
        what_to_do="The addresses of a key cannot be edited: make a new key in the partner's "
        "portal that allows the addresses of the network, and upload it as a new version.",
        source_address=seen,
    )


def _wait_s(status: int, headers: Mapping[str, str]) -> int | None:
    told = headers.get("retry-after", "")
    if told.isdigit():
        return int(told)
    return THROTTLE_WAIT_S if status == 429 else None


def _payload(secret: str) -> dict[str, Any]:
    if len(secret.encode()) > KEY_MAX_BYTES:
        limit = KEY_MAX_BYTES // 1024
        raise RefusedKey(f"A key has at most {limit} KiB.", MAKE_ANOTHER, code="key_too_large")
    parts = secret.split(".")
    if len(parts) != 3 or not re.fullmatch(r"[A-Za-z0-9_.-]+", secret):
        raise _no_jwt()
    header, payload = _decoded(parts[0]), _decoded(parts[1])
    if "alg" not in header:
        raise _no_jwt()
    return payload


def _decoded(part: str) -> dict[str, Any]:
    try:
        decoded = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        raise _no_jwt() from None
    if not isinstance(decoded, dict):
        raise _no_jwt()
    return decoded


def _no_jwt() -> RefusedKey:
    return RefusedKey(
        "This is no API key: a key is a JWT, three parts with a dot between them.",
        MAKE_ANOTHER,
        code="not_a_jwt",
    )


def _check_scope(scopes: Sequence[str]) -> None:
    if OWN_SCOPE in scopes:
        return
    game = next((GAMES[scope] for scope in scopes if scope in GAMES), None)
    raise RefusedKey(
        f"This is a key for {game}." if game else "This is no key for Clash of Clans.",
        MAKE_ANOTHER,
        code="other_game",
    )


def _time(seconds: object) -> str:
    if not isinstance(seconds, int | float):
        return ""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _row(item: dict[str, Any]) -> RankingRow:
    rank, previous = item.get("rank") or 0, item.get("previousRank", UNRANKED)
    return RankingRow(
        rank=rank,
        movement=_movement(rank, previous),
        places=0 if previous == UNRANKED else abs(previous - rank),
        image=_image(item.get("badgeUrls") or {}),
        name=str(item.get("name", "")),
        tag=str(item.get("tag", "")),
        level=item.get("clanLevel"),
        members=item.get("members"),
        points=item.get("clanPoints"),
        location=str((item.get("location") or {}).get("name", "")),
    )


def _movement(rank: int, previous: int) -> str:
    if previous == UNRANKED:
        return "new"
    if previous == rank:
        return "same"
    return "up" if previous > rank else "down"


def _image(urls: dict[str, Any]) -> str | None:
    """The small badge's path on our own origin."""
    parts = urlsplit(str(urls.get("small") or urls.get("medium") or ""))
    return f"/images/{parts.hostname}{parts.path}" if parts.hostname else None
