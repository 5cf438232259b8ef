"""The Clash of Clans API: its keys, its errors, its rankings.

Sources: the API's documentation at developer.clashofclans.com, and recorded responses. What its
keys say is in `clash_of_clans_keys`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any
from urllib.parse import urlsplit

from webapp.partners.base import Explanation, KeyClaims, RefusedKey
from webapp.partners.clash_of_clans_keys import NoKey, claims_of
from webapp.partners.pasted_token import token_in
from webapp.partners.untrusted_json import (
    as_list,
    as_number,
    as_object,
    as_text,
    parse_object,
)

FIRST_RANK = 1
"""A clan that was not ranked before has the previous rank -1."""
THROTTLE_WAIT_S = 60
PORTAL_URL = "https://developer.clashofclans.com"
CHECK_THE_PATH = "Try again. If it happens again, open the diagnosis of the function's egress path."
KEYS_PER_ACCOUNT = 10
ALL_ADDRESSES = (
    "It must allow the addresses of every network whose functions use the key, which its page "
    f"lists. Then upload it as a new version. An account has at most {KEYS_PER_ACCOUNT} keys."
)


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
            return claims_of(secret)
        except NoKey as reason:
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
    value = {name.lower(): value for name, value in headers.items()}.get("retry-after", "")
    if re.fullmatch(r"[0-9]{1,6}", value.strip()):
        return int(value)
    return THROTTLE_WAIT_S if status == 429 else None


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
